"""The fencing hook: the operator's command that confirms that a silent host is switched off.

Its exit code 0 counts as a person's word that the host is lost; everything else counts as nothing.
"""

import contextlib
import logging
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from claude_agent.core.foundation import Foundation
from claude_agent.core.hosts import STREAM
from claude_agent.core.message_bus import UnifiedMessageBus
from claude_agent.errors import ClaudeAgentError, Conflict, NotFound
from claude_agent.hook_environment import HookEnvironment
from claude_agent.storage.database import Row, Tx
from claude_agent.storage.duty import Duty

_LOG = logging.getLogger(__name__)
ACTOR = "fencing"
FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 60_000, 3_600_000
"""After a try that confirmed nothing; each one doubles it."""
_SAID = 300
_NOT_STARTED = -256
"""Stands for an exit code: no program ends with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """What is run, and when."""

    command: str = ""
    """Shell text; empty: there is no hook."""
    after_s: float = 60.0
    """How long a host must have been unreachable."""
    timeout_s: float = 60.0
    environment: HookEnvironment = field(default_factory=HookEnvironment)


class Fencing:
    """Asks the hook about hosts that nobody hears of; one host at a time, in a thread."""

    def __init__(
        self,
        foundation: Foundation,
        bus: UnifiedMessageBus,
        hook: Hook,
        *,
        confirm: Callable[[str, str], object],
    ) -> None:
        """Take what declares a host lost in somebody's name: `confirm(host, actor)`."""
        self._database = foundation.database
        self._clock = foundation.clock
        self._bus = bus
        self._hook = hook
        self._confirm = confirm
        self._since: dict[str, float] = {}
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def tick(self) -> None:
        """Look whether a host is to be asked about; called every few seconds, never waits."""
        if not self._hook.command or (self._thread is not None and self._thread.is_alive()):
            return
        if not self._database.leads(Duty.FENCING):
            self._since.clear()
            return
        self._forget_who_is_back()
        rows = self._database.read(lambda r: r.rows("many_hosts.unreachable"))
        seconds, now = self._clock.monotonic(), self._clock.now()
        self._since = {row["id"]: self._since.get(row["id"], seconds) for row in rows}
        for row in rows:
            silent = seconds - self._since[row["id"]]
            if silent >= self._hook.after_s and now >= row["next_at"]:
                self._thread = threading.Thread(
                    target=self._ask_safely, args=(row,), name="fencing", daemon=True
                )
                self._thread.start()
                return

    def stop(self) -> None:
        """End a hook that runs; it is asked again by whoever has the duty next."""
        process, thread = self._process, self._thread
        if process is not None:
            _kill(process)
        if thread is not None:
            thread.join(5.0)

    def _forget_who_is_back(self) -> None:
        if back := self._database.read(lambda r: r.rows("many_hosts.back")):
            self._database.write(lambda tx: tx.execute_many("many_hosts.drop_fencing", back))

    def _ask_safely(self, row: Row) -> None:
        try:
            self.ask(row["id"], row["tries"] + 1)
        except (ClaudeAgentError, OSError) as error:
            _LOG.warning("the fencing of host %s came to nothing: %s", row["id"], error)

    def ask(self, host: str, number: int) -> bool:
        """Run the hook about a host, for the `number`th time; True: it is lost from now on."""
        self._note(host, "asked", number, "", event="host.fencing_asked")
        _LOG.warning("host %s is unreachable: the fencing hook is asked (try %d)", host, number)
        code, said = self._run(host)
        if code != 0:
            how = "took too long" if code is None else f"exited with {code}"
            how = "was not started" if code == _NOT_STARTED else how
            said = f"It {how}.{f' It said: {said}' if said else ''}"
            self._note(host, "failed", number, said, event="host.fencing_failed")
            return False
        try:
            self._confirm(host, ACTOR)
        except (Conflict, NotFound) as error:  # it is back, or was declared lost meanwhile
            self._note(host, "refused", number, error.detail, event="host.fencing_failed")
            return False
        self._note(host, "confirmed", number, said, event="host.fencing_confirmed")
        return True

    def _run(self, host: str) -> tuple[int | None, str]:
        """Return the exit code (None: it took too long) and the last line that it wrote."""
        try:
            environment = self._hook.environment.made({"CLAUDE_AGENT_HOST": host})
        except ClaudeAgentError as error:
            return _NOT_STARTED, error.detail
        self._process = process = subprocess.Popen(  # noqa: S603 - the operator's own command
            ["/bin/sh", "-c", self._hook.command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        code: int | None
        try:
            output, _ = process.communicate(timeout=self._hook.timeout_s)
            code = process.returncode
        except subprocess.TimeoutExpired:
            _kill(process)
            output, _ = process.communicate()
            code = None
        finally:
            self._process = None
        told = self._hook.environment.clean(output).decode("utf-8", "replace")
        lines = [x.strip() for x in told.splitlines() if x.strip()]
        text = "".join(c if c.isprintable() else " " for c in lines[-1]) if lines else ""
        return code, text[:_SAID]

    def _note(self, host: str, state: str, number: int, said: str, *, event: str) -> None:
        pause = min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** min(number - 1, 10))
        running = int(self._hook.timeout_s * 1000) if state == "asked" else 0

        def work(tx: Tx) -> None:
            at = self._clock.now()
            values = {"state": state, "tries": number, "at": at, "said": said}
            next_at = at + running + pause
            tx.execute("many_hosts.put_fencing", host=host, next_at=next_at, **values)
            data = {"host": host, "try": number, "said": said}
            self._bus.record(tx, STREAM, event, data, actor=ACTOR)

        self._database.write(work)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
