"""The task scheduler: timers, timeouts, sweeps; the only owner of wall time."""

import logging
import threading
from collections.abc import Sequence

from claude_agent.clock import Clock
from claude_agent.core.claims import Claims
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.timed import Timed
from claude_agent.core.wall_clock import WallClock
from claude_agent.domain.deciding.news import CancelAsked, News, UndoOverdue
from claude_agent.domain.events import Context
from claude_agent.domain.states import TASK_HOLDS_SLOT, ExecutionState
from claude_agent.domain.task_time import Move, Tick
from claude_agent.errors import ClaudeAgentError, Conflict, Invalid
from claude_agent.storage import task_rows
from claude_agent.storage.database import Database, Reader, Tx
from claude_agent.storage.duty import Duty

_LOG = logging.getLogger(__name__)
LOOK_S = 1.0
"""The longest time between two looks at the timers."""
SWEEP_AFTER_MS = 2_000
"""A task that is ready this long beside a free slot gets a ticket."""
BEAT_S = 5.0
"""Where several processes share the database the thread that looks at them beats instead."""
AGING_MS = 600_000
AGING_S = 30.0
_BATCH = 200
_OF_ONE_TASK = (Conflict, Invalid, LookupError, TypeError, ValueError)
"""What is wrong with one task or its definition; a full disk is wrong with all of them."""
_DUE = ("tasks.next_due", "tasks.next_deadline", "executions.next_deadline")


class TaskScheduler:
    """One thread that makes due what is due. `tick` is the whole work, for tests."""

    def __init__(
        self,
        *,
        database: Database,
        desk: TaskDesk,
        executions: ExecutionDesk,
        claims: Claims,
        clock: Clock,
        timed: Sequence[Timed] = (),
    ) -> None:
        self._database = database
        self._desk = desk
        self._executions = executions
        self._claims = claims
        self._clock = clock
        self._timed = tuple(timed)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._leads = True
        self._beat_at = self._aged_at = clock.monotonic() - AGING_S
        self._looked_at = clock.monotonic()
        self._wall = WallClock(clock, claims.identity)

    def start(self) -> None:
        """Begin to look at the timers, after a jump of the clock that nobody saw was made good."""
        try:
            self.catch_up()
        except ClaudeAgentError as error:
            _LOG.warning("the scheduler could not look at the clock yet: %s", error.detail)
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)
        self._thread.start()

    def catch_up(self) -> None:
        """Move the delays if the clock jumped while no server was up. Raises as the database."""
        self._leads = self._database.leads(Duty.TIMERS)
        self._follow_the_clock()

    def looked_ago(self) -> float:
        """Return how many seconds ago the timers were looked at."""
        return self._clock.monotonic() - self._looked_at

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.tick()
            except ClaudeAgentError as error:
                # The disk may be full or the database busy: the timers wait, nothing is lost.
                _LOG.warning("the scheduler could not look at the timers: %s", error.detail)
            except Exception:  # noqa: BLE001 - the one thread that makes things due must go on
                _LOG.exception("the scheduler failed; it tries again")
            self._stop.wait(self._next_look())

    def tick(self) -> int:
        """Make everything due that is due now; return how many things changed."""
        now = self._clock.now()
        self._looked_at = self._clock.monotonic()
        self._leads = self._database.leads(Duty.TIMERS)
        self._follow_the_clock()
        changed = self._tick_for_all(now) if self._leads else 0
        seconds = self._clock.monotonic()
        if seconds - self._beat_at >= BEAT_S:
            self._beat_at = seconds
            self._beat()
        oldest = self._claims.waiting_since()  # for slots of this process: each looks for its own
        if oldest is not None and now - oldest >= SWEEP_AFTER_MS:
            self._claims.ring()
        return changed

    def _tick_for_all(self, now: int) -> int:
        """Do what one of several processes does for all of them."""
        changed = self._tick_tasks(now) + self._tick_executions(now)
        changed += sum(self._tick_part(part, now) for part in self._timed)
        seconds = self._clock.monotonic()
        if seconds - self._aged_at >= AGING_S:
            self._aged_at = seconds
            self._database.write(
                lambda tx: tx.execute("tasks.aging", now=now, aging=AGING_MS), durable=False
            )
        return changed

    def _tick_part(self, part: Timed, now: int) -> int:
        try:
            return part.tick(now)
        except _OF_ONE_TASK:
            _LOG.exception("the timers of %s failed", type(part).__name__)
            return 0

    def _beat(self) -> None:
        if not self._database.shared:  # there the watch over the hosts beats
            self._claims.beat()
        for part in self._timed if self._leads else ():
            part.beat()

    def _next_look(self) -> float:
        if not self._leads:
            return LOOK_S  # what is due is another process's to do
        now = self._clock.now()
        due = self._database.read(self._next_due)
        if due is None:
            return LOOK_S
        return min(LOOK_S, max(0.005, (due - now) / 1000))

    def _next_due(self, reader: Reader) -> int | None:
        marks = [row["at"] for name in _DUE if (row := reader.row(name)) is not None]
        marks += [part.next_due(reader) for part in self._timed]
        return min((mark for mark in marks if mark is not None), default=None)

    def _follow_the_clock(self) -> None:
        """Move pending delays when wall time jumped: a delay is a duration, not a date."""
        if not self._leads:
            self._wall.leave()  # of several processes one moves them, or they move twice
            return
        if not self._wall.sure:
            self._database.read(self._wall.look)
        jump = self._wall.jump()
        if self._wall.sure and not jump:
            return
        moved = self._database.write(lambda tx: self._jumped(tx, jump))
        self._wall.followed(jump)
        if jump:
            _LOG.warning("the wall clock jumped by %d ms; %d delays were moved", jump, moved)

    def _jumped(self, tx: Tx, jump: int) -> int:
        moved = self._move(tx, jump) if jump else 0
        self._wall.keep(tx, jump)
        return moved

    def _move(self, tx: Tx, jump: int) -> int:
        context = self._desk.context("scheduler")
        ids = [row["id"] for row in tx.rows("tasks.timed")]
        task_rows.lock(tx, ids)
        for task_id in ids:
            task = task_rows.load(tx, task_id)
            if task is not None:
                self._desk.apply(tx, task, Move(jump=jump), context)
        return len(ids) + sum(part.move(tx, jump, context) for part in self._timed)

    def _tick_tasks(self, now: int) -> int:
        def find(reader: Reader) -> list[str]:
            rows = reader.rows("tasks.due", now=now, limit=_BATCH)
            rows += reader.rows("tasks.over_deadline", now=now, limit=_BATCH)
            return [row["id"] for row in rows]

        found = list(dict.fromkeys(self._database.read(find)))
        if not found:
            return 0
        context = self._desk.context("scheduler")
        try:
            return self._database.write(lambda tx: self._tick_batch(tx, found, context))
        except _OF_ONE_TASK:
            _LOG.exception("the timers are looked at one by one")
        # One task that cannot be decided must not hold up the timers of all others.
        return sum(self._tick_alone(task_id, context) for task_id in found)

    def _tick_alone(self, task_id: str, context: Context) -> int:
        try:
            return self._database.write(lambda tx: self._tick_batch(tx, [task_id], context))
        except _OF_ONE_TASK:
            _LOG.exception("the timer of task %s failed", task_id)
            return 0

    def _tick_batch(self, tx: Tx, ids: list[str], context: Context) -> int:
        changed = 0
        task_rows.lock(tx, ids)
        for task_id in ids:
            task = task_rows.load(tx, task_id)
            if task is None:
                continue
            after = self._desk.apply(tx, task, Tick(at=context.at), context)
            changed += after.seq != task.seq
            if after.stop_requested and not task.stop_requested and after.state in TASK_HOLDS_SLOT:
                self._desk.command_run(tx, after, "stop", {"stage": "ladder"})
        return changed

    def _tick_executions(self, now: int) -> int:
        rows = self._database.read(lambda r: r.rows("executions.over_deadline", now=now))
        context = self._desk.context("scheduler")
        for row in rows:
            try:
                self._time_out(row["id"], context)
            except _OF_ONE_TASK:
                _LOG.exception("the timeout of execution %s failed", row["id"])
        return len(rows)

    def _time_out(self, execution_id: str, context: Context) -> None:
        self._database.write(lambda tx: self._time_out_in(tx, execution_id, context))

    def _time_out_in(self, tx: Tx, execution_id: str, context: Context) -> None:
        run = self._executions.load(tx, execution_id)
        definition = self._executions.definition(tx, run.definition)
        asked: News = CancelAsked(
            reason="timeout.total", compensate=definition.on_failure == "compensate"
        )
        if run.state == ExecutionState.COMPENSATING:
            asked = UndoOverdue()
        self._executions.advance(tx, execution_id, [asked], context)
        tx.execute("executions.clear_deadline", id=execution_id)
