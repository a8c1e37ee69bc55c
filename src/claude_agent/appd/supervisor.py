"""Switches an application between releases, and keeps the live one alive."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from claude_agent.appd import processes, release, sockets, state
from claude_agent.appd.backoff import Backoff
from claude_agent.appd.errors import Abandoned, AppError, NotHealthy
from claude_agent.appd.history import History
from claude_agent.appd.paths import AppPaths
from claude_agent.appd.running import Running
from claude_agent.appd.sockets import BACKLOG, HOST
from claude_agent.appd.state import AppState, Deployment

GRACE_S = 15.0
LOOK_EVERY_S = 0.05
HEALTHY_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asked: `present()` turns false when it is gone, `tell(line)` shows it progress."""

    present: Callable[[], bool] = lambda: True
    tell: Callable[[str], None] = lambda _: None


class Supervisor:
    """Owns the processes of one application. One change at a time; status never waits."""

    def __init__(self, paths: AppPaths, listener: socket.socket, known: AppState) -> None:
        self._paths = paths
        self._listener = listener
        self._state = known
        self._history = History(paths.history)
        self._orphans = [one for one in known.processes if one.alive()]
        self._current: Running | None = None
        self._doing = ""
        self._change = threading.Lock()
        self._attention = threading.Event()
        self._closing = threading.Event()
        self._backoff = Backoff()
        self._pause_s = 0.0
        self.finished = False

    def status(self) -> dict[str, object]:
        """Return what people see of the application."""
        known, current = self._state, self._current
        up = current is not None and not current.ended.is_set()
        idle = "running" if up else ("restarting" if known.wanted else "stopped")
        return {
            "name": self._paths.name,
            "state": self._doing or idle,
            "release": known.release,
            "previous": known.previous,
            "url": url(known.port),
            "port": known.port,
            "pid": current.identity.pid if current and up else None,
        }

    def deploy(self, wanted: Deployment, timeout_s: float, caller: Caller) -> dict[str, object]:
        """Switch to `wanted.release`, once per key; return {url, release, previous}.

        Raises NotHealthy (the live release is untouched), Abandoned, or AppError.
        """
        with self._changing():
            made = self._state.by_key(wanted.key)
            if made and made.undone:
                message = f"this deployment of {made.release} was rolled back"
                raise AppError(message, hint="Start a new one.")
            if made is None:
                made = replace(wanted, previous=self._state.release)
                after = replace(self._state, release=made.release, wanted=True)
                self._switch(after.with_deployment(made), "switched", timeout_s, caller)
            elif made.release == self._state.release and not self._is_up():
                self._switch(replace(self._state, wanted=True), "restarted", timeout_s, caller)
            return {
                "url": url(self._state.port),
                "release": made.release,
                "previous": made.previous,
            }

    def rollback(self, execution: str, timeout_s: float, caller: Caller) -> dict[str, object]:
        """Undo the last switch of an execution (by hand, '': the live one) if it is still live.

        Returns {release, changed, detail}. Repeating it changes nothing more.
        """
        with self._changing():
            gone = self._state.to_undo(execution)
            if gone is None:
                return self._unchanged("there is no switch of this execution to undo")
            if gone.release != self._state.release:
                return self._unchanged(f"{self._state.release} has replaced {gone.release} since")
            after = replace(self._state, release=gone.previous).with_undone(gone)
            if gone.previous and self._state.wanted:
                self._switch(after, "rolled_back", timeout_s, caller)
            else:
                self._halt(replace(after, wanted=False), "rolled_back", caller)
            detail = f"from {gone.release} to {gone.previous or 'nothing'}"
            return {"release": gone.previous, "changed": True, "detail": detail}

    def start(self, timeout_s: float, caller: Caller) -> dict[str, object]:
        """Start the release that was stopped, if it does not run."""
        with self._changing():
            if not self._state.release:
                message = f"{self._paths.name} has no release to start"
                raise AppError(message, hint="Deploy it first.")
            if self._is_up():
                return self._unchanged("it runs already")
            self._switch(replace(self._state, wanted=True), "restarted", timeout_s, caller)
            return {"release": self._state.release, "changed": True, "detail": "started"}

    def stop(self, caller: Caller) -> dict[str, object]:
        """End the live release and remember that it is meant to be off; the process ends too."""
        with self._changing():
            self._halt(replace(self._state, wanted=False), "stopped", caller)
            return {"release": self._state.release, "changed": True, "detail": "stopped"}

    def mind(self) -> None:
        """Keep the wanted release alive until close(): the body of a thread of its own."""
        self._attention.set()
        while not self._closing.is_set():
            self._attention.wait()
            self._attention.clear()
            with self._change:
                delay = self._note_end()
            if delay is None or self._closing.wait(delay):
                continue
            with self._change:
                self._revive()

    def close(self) -> None:
        """End the processes because we are told to end; what is wanted stays wanted."""
        self._closing.set()
        self._attention.set()
        with self._change:
            if self._is_up():
                self._halt(self._state, "left", Caller())

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._change:
            if self.finished or self._closing.is_set():
                message = f"the process of {self._paths.name} is ending"
                raise Abandoned(message, hint="Ask again.")
            try:
                yield
            finally:
                if not self._state.wanted and not self._is_up():
                    # Nothing is left to listen for; whoever asked may rely on a closed port.
                    self.finished = True
                    self._listener.close()

    def _note_end(self) -> float | None:
        """Return how long to wait before a start, or None where nothing is to be started."""
        if self._closing.is_set() or not self._state.wanted or self._is_up():
            return None
        if self._current is None:
            return self._pause_s
        ended, self._current = self._current, None
        self._history.append(
            "crashed", release=ended.release.id, pid=ended.identity.pid, code=ended.code,
            detail=ended.last_words(),
        )  # fmt: skip
        return self._backoff.after(time.monotonic() - ended.started)

    def _revive(self) -> None:
        if self._closing.is_set() or not self._state.wanted or self._is_up():
            return
        event = "taken_over" if self._orphans else "restarted"
        try:
            self._switch(self._state, event, HEALTHY_S, Caller())
            self._pause_s = 0.0
        except (AppError, OSError) as error:
            self._history.append("failed", release=self._state.release, detail=str(error))
            self._pause_s = self._backoff.after(0.0)
            self._attention.set()

    def _switch(self, after: AppState, event: str, timeout_s: float, caller: Caller) -> None:
        """Start `after.release`, wait until it is healthy, let it take over, end the others."""
        before = self._state.release
        self._doing = "deploying" if event == "switched" else "starting"
        try:
            candidate = self._start(after.release, timeout_s, caller)
            try:
                self._save(replace(after, processes=(*self._everyone(), candidate.identity)))
                self._listener.listen(BACKLOG)
            except OSError:
                candidate.end(GRACE_S)
                raise
            candidate.go()
            old, self._current = self._current, candidate
        finally:
            self._doing = ""
        self._history.append(
            event, release=after.release, previous=before, pid=candidate.identity.pid
        )
        caller.tell(f"{after.release} answers at {url(after.port)}")
        self._end_others(old, caller)

    def _start(self, name: str, timeout_s: float, caller: Caller) -> Running:
        candidate = Running(
            release.load(self._paths, name),
            paths=self._paths,
            listener=self._listener,
            on_end=self._attention.set,
        )
        pid = candidate.identity.pid
        self._history.append("started", release=name, pid=pid)
        caller.tell(f"{name} started (pid {pid})")
        try:
            self._await_health(candidate, timeout_s, caller)
        except AppError as error:
            candidate.end(GRACE_S)
            event = "abandoned" if isinstance(error, Abandoned) else "failed"
            self._history.append(event, release=name, pid=pid, detail=error.message)
            raise
        self._history.append("healthy", release=name, pid=pid)
        caller.tell(f"{name} is healthy")
        return candidate

    def _await_health(self, candidate: Running, timeout_s: float, caller: Caller) -> None:
        name, deadline = candidate.release.id, time.monotonic() + timeout_s
        while not candidate.healthy():
            if candidate.ended.wait(LOOK_EVERY_S):
                words = candidate.last_words() or "it printed nothing"
                message = f"release {name} ended with {candidate.code} at its start: {words}"
                raise NotHealthy(message)
            if time.monotonic() > deadline:
                path = candidate.release.health
                message = f"release {name} did not answer {path} with 200 in {timeout_s:g} s"
                raise NotHealthy(message, hint=candidate.last_words())
            self._check_wanted(name, caller)
        self._check_wanted(name, caller)

    def _check_wanted(self, name: str, caller: Caller) -> None:
        """Nobody may learn of a switch that was made after its asker was gone."""
        if self._closing.is_set() or not caller.present():
            message = f"nobody waits for release {name} any more"
            raise Abandoned(message)

    def _halt(self, after: AppState, event: str, caller: Caller) -> None:
        """Leave no release running."""
        old, self._current = self._current, None
        self._doing = "stopping"
        try:
            self._save(replace(after, processes=tuple(self._everyone(old))))
            self._end_others(old, caller)
        finally:
            self._doing = ""
        self._history.append(event, release=after.release, previous=old.release.id if old else "")

    def _end_others(self, old: Running | None, caller: Caller) -> None:
        if old:
            killed = old.end(GRACE_S)
            caller.tell(f"{old.release.id} {'was killed' if killed else 'has ended'}")
            self._history.append(
                "ended", release=old.release.id, pid=old.identity.pid, killed=killed
            )
        if self._orphans and self._state.release:
            sockets.take_new_connections(self._listener)
        for orphan in self._orphans:
            killed = processes.end(orphan, grace_s=GRACE_S)
            self._history.append("ended", pid=orphan.pid, killed=killed, detail="left alone before")
        self._orphans = []
        self._save(replace(self._state, processes=tuple(self._everyone())))

    def _everyone(self, more: Running | None = None) -> list[processes.Identity]:
        known = [*self._orphans]
        known += [one.identity for one in (self._current, more) if one and not one.ended.is_set()]
        return known

    def _is_up(self) -> bool:
        return self._current is not None and not self._current.ended.is_set()

    def _unchanged(self, detail: str) -> dict[str, object]:
        return {"release": self._state.release, "changed": False, "detail": detail}

    def _save(self, known: AppState) -> None:
        state.save(self._paths.folder, known)
        self._state = known


def url(port: int) -> str:
    """Return the address of an application on its port."""
    return f"http://{HOST}:{port}"
