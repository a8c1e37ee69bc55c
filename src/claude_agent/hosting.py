"""A process as a member of its host: its name, its file lock, its beats, what it takes over."""

import fcntl
import json
import logging
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from claude_agent.agents.fleet import Fleet
from claude_agent.core.catalogue import Catalogue
from claude_agent.core.claims import Claims, Slot, WorkerIdentity, layout
from claude_agent.core.foundation import Foundation
from claude_agent.core.host_watch import HostWatch
from claude_agent.core.hosts import STREAM, Hosts
from claude_agent.core.liveness import Lock
from claude_agent.core.message_bus import UnifiedMessageBus
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.duration import parse_duration
from claude_agent.domain.task import Task
from claude_agent.errors import Invalid, SetupError
from claude_agent.far_logs import FarLogs
from claude_agent.fencing import Fencing, Hook
from claude_agent.hook_environment import HookEnvironment
from claude_agent.settings import Settings
from claude_agent.storage.secrets import SecretStore

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a process is for."""

    name: str = "server"
    """`server` has the gateway; `worker` only claims and follows runs."""
    slots: int = 15
    serves: tuple[str, ...] = ()
    """The queues from which it claims; empty: every queue."""
    url: str = ""
    """The server's address, as commands are told it."""

    def layout(self, catalogue: Catalogue) -> list[Slot]:
        """Return the slots of the process."""
        queues = [agent.queue for agent in catalogue.agents.values()]
        return layout(
            self.slots, [name for name in queues if not self.serves or name in self.serves]
        )


def identity(home: Path, name: str, *, worker: str, role: Role) -> WorkerIdentity:
    """Return who this process is. `name`: the host's id as configured, else the home's own.

    Raises `Invalid` for a name that cannot be one, `SetupError`.
    """
    if name and not _NAME.fullmatch(name):
        message = f"{name[:80]!r} cannot be the id of a host."
        raise Invalid(message, hint="Use 1 to 64 letters, digits, dots, dashes, underscores.")
    own = _own(home)
    return WorkerIdentity(
        id=worker,
        host=name or own["id"],
        boot_id=Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip(),
        pid=os.getpid(),
        mark=own["mark"],
        home=str(home),
        role=role.name,
        serves=role.serves,
    )


def _own(home: Path) -> dict[str, str]:
    """Return the home's host id and mark; make them at the first start on this machine."""
    path = home / "host.json"
    machine = _machine()
    try:
        found = json.loads(path.read_text("utf-8"))
        if found["machine"] == machine:
            return {"id": str(found["id"]), "mark": str(found["mark"])}
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{path} cannot be read: {error}"
        raise SetupError(message, hint=f"Remove it: {path}") from error
    # A home that was copied to another machine is another host.
    mark = secrets.token_hex(8)
    node = re.sub(r"[^A-Za-z0-9.-]", "-", os.uname().nodename).strip("-.") or "host"
    fresh = {"id": f"{node[:40]}-{mark[:6]}", "mark": mark, "machine": machine}
    draft = path.with_name(f".host-{os.getpid()}.json")
    draft.write_text(json.dumps(fresh), encoding="utf-8")
    draft.replace(path)
    found = json.loads(path.read_text("utf-8"))  # of two that begin together one wins
    return {"id": str(found["id"]), "mark": str(found["mark"])}


def _machine() -> str:
    try:
        return Path("/etc/machine-id").read_text("ascii").strip()
    except OSError:
        return ""


class Seat:
    """Which sockets of the home are this process's: its bell's and its tmux server's.

    The server has the home's own. A worker takes the lowest number that no other one holds, so
    that one which is started again finds the sessions and the bell of the last one.
    """

    def __init__(self, home: Path, role: Role) -> None:
        self.role = role
        self.bell, self.tmux = "journal.sock", "tmux.sock"
        self._handle: int | None = None
        if role.name == "worker":
            number = self._take(home / "workers")
            self.bell, self.tmux = f"w{number}.sock", f"tmux-{number}.sock"

    def _take(self, folder: Path) -> int:
        folder.mkdir(mode=0o700, exist_ok=True)
        for number in count(1):
            handle = os.open(
                folder / f"seat-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
            else:
                self._handle = handle
                return number
        raise AssertionError  # the numbers do not end

    def leave(self) -> None:
        """Let the next worker have it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class WorkerLocks:
    """One locked file for each worker process of a home; the lock ends with the process."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "workers"
        self._held: int | None = None

    def _path(self, worker: str) -> Path:
        return self._folder / f"{worker}.lock"

    def take(self, worker: str) -> None:
        """Lock our own file; before our row is inserted, so that a row without a lock is lost."""
        if self._held is not None:
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(self._path(worker), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        self._held = handle

    def probe(self, worker: str) -> Lock:
        """Say whether a worker process of this home holds its lock."""
        try:
            handle = os.open(self._path(worker), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return Lock.UNKNOWN
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return Lock.HELD
        finally:
            os.close(handle)
        return Lock.FREE

    def forget(self, worker: str) -> None:
        """Remove the file of a worker process that is gone; a frozen one keeps its own."""
        if self.probe(worker) == Lock.FREE:
            self._path(worker).unlink(missing_ok=True)

    def release(self) -> None:
        """Let go of our own lock: from now on others may take our runs over."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostParts:
    """What this process has on its host, and what it does there beside its work."""

    seat: Seat
    folder: Callable[[str, int], Path]
    """The folder of a task's run."""
    hook: Hook


def host_parts(seat: Seat, folder: Callable[[str, int], Path], settings: Settings) -> HostParts:
    """Return the parts with the hook as it is configured."""
    said = settings.hosts
    hook = Hook(
        command=said.fencing,
        after_s=parse_duration(said.fencing_after) / 1000,
        timeout_s=parse_duration(said.fencing_timeout) / 1000,
        environment=HookEnvironment(SecretStore(settings.home, os.environ), said.fencing_secrets),
    )
    return HostParts(seat=seat, folder=folder, hook=hook)


class Hosting:
    """Joins this process to its host and keeps it there."""

    def __init__(
        self,
        foundation: Foundation,
        *,
        desk: TaskDesk,
        claims: Claims,
        bus: UnifiedMessageBus,
        fleet: Fleet,
        parts: HostParts,
    ) -> None:
        self._seat = seat = parts.seat
        self._database = foundation.database
        self._catalogue = foundation.catalogue
        self._claims = claims
        self._bus = bus
        self._fleet = fleet
        self._slots = seat.role.layout(foundation.catalogue)
        self._locks = WorkerLocks(Path(claims.identity.home))
        self.hosts = Hosts(foundation, desk=desk, claims=claims, bus=bus, probe=self._locks.probe)
        self._watch = HostWatch(
            self.hosts,
            claims,
            foundation.clock,
            adopt=fleet.adopt_orphans,
            rejoin=self._rejoin,
            gone=self._locks.forget,
        )
        self.logs = FarLogs(foundation, here=self.hosts.here, folder=parts.folder)
        self._fencing = Fencing(foundation, bus, parts.hook, confirm=self.declare_lost)
        self._watch.then = self._fencing.tick

    @property
    def owners(self) -> Path | None:
        """The folder for the broker's files of this host; None: beside the database file.

        Its name is this home's alone, so that no host takes another one's path for its own.
        """
        me = self._claims.identity
        return Path(me.home) / f"owners-{me.mark}" if self._database.shared else None

    def join(self) -> None:
        """Become known: lock, row, slots. Raises `Conflict` for another home's host id."""
        self._locks.take(self._claims.worker)
        self._claims.register(self._slots, self._catalogue)

    def adopt(self) -> int:
        """Take over what lost processes of this host left; return how many runs go on."""
        return self._watch.tick() if self._database.shared else self._fleet.adopt_all()

    def start(self) -> None:
        """Beat and look, where there may be others."""
        if self._database.shared:
            self._watch.start()
            self.logs.start()

    def stop(self) -> None:
        """End the beats. Our row stays: others see by our lock that we are gone."""
        self._watch.stop()
        self._fencing.stop()
        self.logs.stop()

    def leave(self) -> None:
        """Let go of the lock, once nothing of this process works any more."""
        self._locks.release()
        self._seat.leave()

    def _rejoin(self) -> None:
        """We were taken for lost (frozen, asleep): drop what others drive by now, stop nothing."""
        dropped = self._fleet.drop_fenced()
        self._claims.register(self._slots, self._catalogue)
        _LOG.warning("this process was taken for lost; %d runs are driven by others", len(dropped))
        data = {"worker": self._claims.worker, "host": self.hosts.here, "runs": dropped}
        self._database.write(lambda tx: self._bus.record(tx, STREAM, "worker.fenced_out", data))

    def declare_lost(self, name: str, actor: str) -> list[Task]:
        """Record that a host is lost for good and decide its tasks. Raises NotFound, Conflict."""
        tasks = self.hosts.declare_lost(name, actor)
        self._fleet.settle(tasks)
        return tasks

    def listing(self) -> list[dict[str, Any]]:
        """Return every host with its worker processes."""
        return self.hosts.listing()
