"""The journal: one thread that follows every run folder of this process.

Shims ring a datagram socket; the journal reads on from where it stood, moves its position in the
same transaction as what the lines yielded, and hands runs that ended, or whose shim is gone, to
the fleet. A lost ring costs at most one look of the timer.
"""

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from claude_agent.agents import journal_reader
from claude_agent.agents.adapter import Adapter, EventKind
from claude_agent.agents.run_folder import RunFolder
from claude_agent.agents.seen import Seen
from claude_agent.clock import Clock
from claude_agent.core.late_reports import LateReports
from claude_agent.core.run_journal import Position, RunJournal
from claude_agent.domain.question import Question
from claude_agent.domain.question_events import Plain
from claude_agent.domain.task import Task
from claude_agent.errors import ClaudeAgentError, Conflict, FencedOut

_LOG = logging.getLogger(__name__)
LOOK_S = 1.0
MAX_NOTES = 200
"""Notes kept of one run; the rest stays in its output.log."""
NOTE_LENGTH = 500
HEARD_EVERY_MS = 10_000
SILENT_MS = 2_000
BEGIN_WITHIN_MS = 60_000
"""A window that was opened must have begun by then."""
_ASKS = ("asked", "answered")
_NOTED = frozenset({EventKind.TEXT, EventKind.TOOL_START, EventKind.ERROR, EventKind.FINAL})


@dataclass(slots=True, kw_only=True)
class Followed:
    """One run folder that is being followed."""

    task: Task
    folder: RunFolder
    run_id: str
    purpose: str
    """`run`, `gates` or `verify`."""
    adapter: Adapter
    since: int
    """When it was opened, epoch milliseconds."""
    pane: str = ""
    position: Position = field(default_factory=lambda: Position(segment=1, byte=0, line=0))
    stored: Position = field(default_factory=lambda: Position(segment=1, byte=0, line=0))
    """The position that the database knows."""
    seen: Seen = field(default_factory=Seen)
    told: list[tuple[str, str]] = field(default_factory=list)
    """Notes that are not stored yet: (kind, text)."""
    acks: list[int] = field(default_factory=list)
    """Commands whose acknowledgement is not stored yet."""
    asks: list[Plain] = field(default_factory=list)
    """Lines about questions that are not stored yet."""
    waits_for: set[str] = field(default_factory=set)
    """The questions that its agent waits for, as its shim calls them."""
    heard_at: int = 0
    """When it was last told something, epoch milliseconds."""
    notes: int = 0
    printed_at: int = 0
    """When it printed last, as the database knows it, epoch milliseconds."""
    begun: bool = False
    ended: bool = False
    """Its last line was read."""


OnEnd = Callable[[Followed], None]


class Journal:
    """Follows run folders; `on_end`, `on_gone` and `on_idle` are the fleet's."""

    def __init__(self, *, records: RunJournal, clock: Clock, bell: Path) -> None:
        self._records = records
        self._clock = clock
        self._bell = bell
        self._followed: dict[str, Followed] = {}
        self._ending = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._socket = _bind(bell)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self.on_end: OnEnd = _ignore
        self.on_gone: OnEnd = _ignore
        self.on_idle: OnEnd = _ignore
        self.on_ask: Callable[[Question], None] = _unheard

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; the runs go on without us."""
        self._stop.set()
        with contextlib.suppress(OSError):
            self._ring("")
        if self._thread.is_alive():
            self._thread.join(5.0)
        self._socket.close()
        self._bell.unlink(missing_ok=True)

    def alive(self) -> bool:
        """Say whether the thread follows the runs."""
        return self._thread.is_alive()

    def _ring(self, run_id: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
            bell.settimeout(0.0)
            bell.sendto(run_id.encode(), str(self._bell))

    def follow(self, run: Followed) -> None:
        """Follow one more run folder, from where the database says the journal stands."""
        if run.purpose == "run":
            self._catch_up(run)
        with self._lock:
            self._followed[run.run_id] = run
        with contextlib.suppress(OSError):
            self._ring(run.run_id)  # it may have ended before anybody followed it

    def _catch_up(self, run: Followed) -> None:
        row = self._records.position(run.run_id)
        if row is None or (not row["byte"] and row["segment"] == 1):
            return
        stood = Position(segment=row["segment"], byte=row["byte"], line=row["line"])
        while (run.position.segment, run.position.byte) < (stood.segment, stood.byte):
            lines, position = journal_reader.read(run.folder.path, _reader(run.position))
            if not lines:
                break
            for line in lines:
                if line.get("kind") == "protocol" and isinstance(line.get("line"), dict):
                    run.seen.add(run.adapter.parse(line["line"]))
                elif line.get("kind") in _ASKS:
                    _note_ask(run, line)
            run.position = _position(position)
        run.position = run.stored = stood
        run.notes = run.seen.count

    def forget(self, run_id: str) -> None:
        """Follow a run no longer."""
        with self._lock:
            self._followed.pop(run_id, None)

    def let_go(self, run: Followed) -> None:
        """Follow this very run no longer; one that was adopted again meanwhile stays."""
        with self._lock:
            if self._followed.get(run.run_id) is run:
                del self._followed[run.run_id]

    def wait_idle(self, timeout: float) -> None:
        """Wait until no run is followed any more and the end of each is recorded."""
        until = self._clock.monotonic() + timeout
        while self.open_runs() and self._clock.monotonic() < until:
            self._stop.wait(0.05)

    def late_reports(self) -> LateReports:
        """Return what records the ends of runs that were decided without them."""
        return self._records.late_reports()

    def open_commands(self, run: Followed) -> list[tuple[int, str, dict[str, Any]]]:
        """Return the commands that the run's shim has not acknowledged: (n, kind, data)."""
        return self._records.open_commands(run.task)

    def follows(self, run_id: str) -> bool:
        """Say whether a run is followed."""
        with self._lock:
            return run_id in self._followed

    def open_runs(self) -> int:
        """Return how many runs are followed, or have ended and are being recorded."""
        with self._lock:
            return len(self._followed) + self._ending

    def following(self) -> list[Followed]:
        """Return every run that is followed."""
        with self._lock:
            return list(self._followed.values())

    def _run(self) -> None:
        looked = self._clock.monotonic()
        while not self._stop.is_set():
            rung = self._wait()
            if self._stop.is_set():
                return
            now = self._clock.monotonic()
            everything = now - looked >= LOOK_S
            for run in self.following():
                if everything or run.run_id in rung:
                    self._look_safely(run, thorough=everything)
            if everything:
                looked = now

    def _wait(self) -> set[str]:
        rung: set[str] = set()
        self._socket.settimeout(LOOK_S)
        try:
            rung.add(self._socket.recv(512).decode("utf-8", "replace"))
            self._socket.settimeout(0.0)
            while len(rung) < 1000:  # noqa: PLR2004 - one look's worth of rings
                rung.add(self._socket.recv(512).decode("utf-8", "replace"))
        except (TimeoutError, BlockingIOError):
            pass
        return rung

    def _look_safely(self, run: Followed, *, thorough: bool) -> None:
        try:
            self._look(run, thorough=thorough)
        except FencedOut:
            self.let_go(run)
            _LOG.info("run %s is driven by somebody else now", run.run_id)
        except ClaudeAgentError as error:
            _LOG.warning("run %s could not be followed just now: %s", run.run_id, error.detail)
        except Exception:  # noqa: BLE001 - one bad run folder must not stop the others' journal
            _LOG.exception("following run %s failed; it is tried again", run.run_id)

    def _look(self, run: Followed, *, thorough: bool) -> None:
        self._read(run)
        if run.ended or (thorough and run.folder.verdict() is not None):
            if run.folder.verdict() is None:
                return  # the line comes before the verdict, whose own ring follows
            self._read(run)
            self._end(run)
        elif thorough:
            self._store(run)
            self._listen(run)
            self._check_alive(run)

    def _end(self, run: Followed) -> None:
        """Hand over a run that ended; where its end cannot be recorded now, follow it on."""
        with self._lock:
            self._ending += 1
        self.let_go(run)
        try:
            self.on_end(run)
        except Conflict:
            raise  # it is somebody else's, or it was settled meanwhile
        except BaseException:
            with self._lock:
                self._followed.setdefault(run.run_id, run)
            raise
        finally:
            with self._lock:
                self._ending -= 1

    def _read(self, run: Followed) -> None:
        while True:
            lines, position = journal_reader.read(run.folder.path, _reader(run.position))
            if not lines:
                return
            for line in lines:
                kind = line.get("kind")
                run.begun = True
                if kind == "exit":
                    run.ended = True
                elif kind == "ack" and isinstance(line.get("cmd"), int):
                    run.acks.append(line["cmd"])
                elif kind in _ASKS:
                    _note_ask(run, line)
                    run.asks.append(line)
                elif kind == "protocol" and isinstance(line.get("line"), dict):
                    run.told += self._parse(run, line["line"])
            run.position = _position(position)
            if run.told or run.acks or run.asks:
                self._store(run)

    def _store(self, run: Followed) -> None:
        """Move the stored position with what the lines yielded; what fails is stored later.

        Lines that yield nothing move it once a second: after a crash they are only read again.
        """
        if run.purpose == "run" and run.position != run.stored:
            opened = self._records.move(
                run.task,
                run.stored,
                run.position,
                notes=tuple(run.told),
                acks=tuple(run.acks),
                asks=tuple(run.asks),
            )
            run.stored = run.position
            for question in opened:
                self.on_ask(question)
        run.told.clear()
        run.acks.clear()
        run.asks.clear()

    def _listen(self, run: Followed) -> None:
        """Keep when it printed last: at once when it falls silent, now and then while it prints."""
        now = self._clock.now()
        quiet = run.folder.quiet_ms(now) if run.purpose == "run" else None
        if quiet is None:
            return
        at = now - quiet
        if at - run.printed_at > (SILENT_MS if quiet > SILENT_MS else HEARD_EVERY_MS):
            self._records.heard(run.task, at)
            run.printed_at = at

    def _parse(self, run: Followed, line: dict[str, object]) -> list[tuple[str, str]]:
        events = run.adapter.parse(line)
        run.seen.add(events)
        kept = []
        for event in events:
            if event.data.get("delta"):
                continue  # a piece of a text; the whole is the run's summary
            if event.kind in _NOTED and event.text and run.notes < MAX_NOTES:
                run.notes += 1
                kept.append((event.kind.value, event.text[:NOTE_LENGTH]))
        return kept

    def _check_alive(self, run: Followed) -> None:
        claim = run.folder.claim()
        if claim is None:
            if self._clock.now() - run.since > BEGIN_WITHIN_MS:
                self.let_go(run)
                self.on_gone(run)
            return
        if not run.folder.shim_alive() and run.folder.verdict() is None:
            self.let_go(run)
            self.on_gone(run)
        elif _may_be_stuck(run):
            self.on_idle(run)


def _may_be_stuck(run: Followed) -> bool:
    """Say whether its silence means something: nobody else is to say something to it."""
    timed = run.task.spec.limits.silence_ms is not None
    return timed and run.purpose == "run" and not run.waits_for


def _note_ask(run: Followed, line: Plain) -> None:
    """Keep what its agent waits for, and when it was last told something."""
    if line["kind"] == "asked":
        run.waits_for.add(str(line.get("ask")))
    else:
        run.waits_for.discard(str(line.get("ask")))
        run.heard_at = line["at"] if type(line.get("at")) is int else 0


def _unheard(question: Question) -> None:
    _LOG.debug("nobody is told of question %s", question.ref)


def _ignore(run: Followed) -> None:
    _LOG.debug("nobody handles run %s", run.run_id)


def _position(at: journal_reader.Position) -> Position:
    return Position(segment=at.segment, byte=at.byte, line=at.n)


def _reader(at: Position) -> journal_reader.Position:
    return journal_reader.Position(segment=at.segment, byte=at.byte, n=at.line)


def _bind(path: Path) -> socket.socket:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # only the holder of the home's lock gets here
    bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    bell.bind(str(path))
    os.chmod(path, 0o600)  # noqa: PTH101 - beside the bind
    bell.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    return bell
