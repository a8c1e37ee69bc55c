"""Resilience: breakers over agents and what we call, retries with backoff, and what was healed.

Everything here is a state with its reason that people can look at. Restarts of the server are
the keeper's, restarts of sessions the fleet's, rollbacks the workflow engine's: this is the one
place that tells of them all.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from typing_extensions import override

from claude_agent.core.foundation import Foundation
from claude_agent.core.subscriptions import Subscriptions
from claude_agent.core.task_desk import READY
from claude_agent.core.timed import Timed
from claude_agent.core.views import Wire
from claude_agent.domain import breaker as br
from claude_agent.domain import task_events as ev
from claude_agent.domain.breaker import Breaker, BreakerPolicy, BreakerState
from claude_agent.domain.events import Context, Payload, decode
from claude_agent.errors import Conflict, NotFound, Unavailable
from claude_agent.storage import breaker_rows, log
from claude_agent.storage.database import Reader, Tx
from claude_agent.storage.log import Recorded

_LOG = logging.getLogger(__name__)
_TYPES = (
    *("task.attempt_failed", "task.succeeded", "task.cancelled", "task.released"),
    *("task.parked", "task.retry_scheduled", "task.resolved", "task.dead"),
)
_SHOWN = 20
T = TypeVar("T")


TRY_MS = 300_000
"""A call that was the try and has not come back for so long is taken for lost."""
LATER_MS = 5_000


class BreakerOpen(Unavailable):
    """It failed again and again and is left alone for a while."""

    code = "breaker_open"

    def __init__(self, detail: str, *, hint: str = "", wait_ms: int = 0) -> None:
        super().__init__(detail, hint=hint)
        self.wait_ms = wait_ms
        """When it is worth asking again."""


class ResilienceManager(Timed):
    """Keeps the breakers; every method may be called from any thread."""

    def __init__(
        self,
        foundation: Foundation,
        subscriptions: Subscriptions,
        policy: BreakerPolicy | None = None,
    ) -> None:
        self._database = foundation.database
        self._clock = foundation.clock
        self._notifier = foundation.notifier
        self._agents = foundation.catalogue.agents
        self._subscriptions = subscriptions
        self._policy = policy or BreakerPolicy()
        self._end: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin to judge agents by what becomes of their tasks; nothing is missed in between."""
        self._end = self._subscriptions.follow(_TYPES, self._judge, name="resilience")

    def stop(self) -> None:
        """Stop judging."""
        self._end()

    # Reading --------------------------------------------------------------------------------

    def breakers(self) -> list[Breaker]:
        """Return every breaker that was ever needed."""
        rows = self._database.read(lambda r: r.rows("breakers.all"))
        return [breaker_rows.breaker_of(row) for row in rows]

    def healthy(self, agent: str) -> bool:
        """Say whether an agent may be given work: its breaker is not open."""
        one = self._database.read(lambda r: breaker_rows.load(r, f"agent:{agent}"))
        return one.state != BreakerState.OPEN

    def overview(self) -> Wire:
        """Return {"breakers","restarts","rollbacks"}, the newest first."""

        def work(reader: Reader) -> Wire:
            last = reader.row("log.last_of_stream", stream="system/server")
            after = max(0, int((last["seq"] if last else None) or 0) - _SHOWN)
            told = log.of_stream(reader, "system/server", after=after)
            sessions = reader.row("log.last_of_stream", stream="agent/sessions")
            after = max(0, int((sessions["seq"] if sessions else None) or 0) - _SHOWN)
            told += log.of_stream(reader, "agent/sessions", after=after)
            told.sort(key=lambda one: one.pos, reverse=True)
            return {
                "breakers": [view(breaker_rows.breaker_of(r)) for r in reader.rows("breakers.all")],
                "restarts": [_restart(one) for one in told[:_SHOWN]],
                "rollbacks": [dict(row) for row in reader.rows("breakers.rollbacks", limit=_SHOWN)],
            }

        return self._database.read(work)

    # Judging --------------------------------------------------------------------------------

    def _judge(self, one: Recorded) -> None:
        task_id = one.event.stream.removeprefix("task/")
        row = self._database.read(lambda r: r.row("breakers.agent_of", id=task_id))
        if row is None:
            return
        name = f"agent:{row['agent']}"
        said = decode(one.event)
        match said:
            case ev.TaskAttemptFailed() if said.kind in br.AGENT_FAULTS:
                self.failed(name, f"{said.kind}: {said.message}"[:300])
            case ev.TaskAttemptFailed() | ev.TaskSucceeded():
                self.worked(name)
            case _:
                for each in self._tried_by(task_id):
                    self.let_go(each, task_id)

    def _tried_by(self, task_id: str) -> list[str]:
        """Return the breakers that a task is the try of."""
        rows = self._database.read(lambda r: r.rows("breakers.away"))
        return [row["name"] for row in rows if row["probe"] == task_id]

    def failed(self, name: str, reason: str) -> Breaker:
        """Count a failure; from the policy's threshold on it is left alone."""

        def work(tx: Tx) -> Breaker:
            before = self._locked(tx, name)
            counted = replace(before, failures=before.failures + 1)
            at = self._clock.now()
            return self._say(tx, counted, br.failed(counted, reason, at, self._policy), "server")

        return self._database.write(work)

    def change(self, name: str, decide: Callable[[Tx, Breaker, Context], list[Payload]]) -> Breaker:
        """Let `decide` say what follows for a breaker, in one transaction with what it writes."""

        def work(tx: Tx) -> Breaker:
            one = self._locked(tx, name)
            context = Context(at=self._clock.now(), actor="server")
            return self._say(tx, one, decide(tx, one, context), "server")

        return self._database.write(work)

    def worked(self, name: str) -> None:
        """Count a success; it is used again."""
        before = self._database.read(lambda r: breaker_rows.load(r, name))
        if before.state == BreakerState.CLOSED and not before.failures:
            return  # by far the most: nothing to write

        def work(tx: Tx) -> Breaker:
            one = self._locked(tx, name)
            # One that succeeded although it began before: while it is open time decides.
            said = br.worked(one) if one.state != BreakerState.OPEN else []
            return self._say(tx, replace(one, failures=0), said, "server")

        self._database.write(work)

    def let_go(self, name: str, task_id: str) -> None:
        """A try that came to nothing decides nothing: the next task is the try."""

        def work(tx: Tx) -> None:
            one = self._locked(tx, name)
            if one.probe == task_id:
                breaker_rows.save(tx, replace(one, probe=""))
                tx.after_commit(lambda: self._notifier.ring(READY))

        if self._database.read(lambda r: breaker_rows.load(r, name)).probe == task_id:
            self._database.write(work)

    def reset(self, name: str, *, actor: str) -> Breaker:
        """Use it again at once, a person says. Raises `NotFound`, `Conflict` when it is closed."""
        return self._database.write(lambda tx: self.reset_in(tx, name, actor=actor))

    def reset_in(self, tx: Tx, name: str, *, actor: str, anyway: bool = False) -> Breaker:
        """Do so in the caller's transaction; `anyway`: one that is closed is no error."""
        if tx.row("breakers.one", name=name) is None:
            message = f"There is no breaker {name[:80]}."
            raise NotFound(message, hint="List them: claude-agent breaker list")
        one = self._locked(tx, name)
        if one.state == BreakerState.CLOSED:
            if anyway:
                return one
            message = f"The breaker {name} is closed: it is used already."
            raise Conflict(message, hint="List them: claude-agent breaker list")
        return self._say(tx, one, [br.BreakerClosed(why="reset")], actor)

    def guard(
        self, name: str, work: Callable[[], T], *, faults: type[Exception], key: str = ""
    ) -> T:
        """Call something outside under a breaker. Raises `BreakerOpen`, and what `work` raises.

        `key` names the call, the same whenever it is made again: half open, one call is the try.
        """
        one = self._database.read(lambda r: breaker_rows.load(r, name))
        now = self._clock.now()
        if one.state == BreakerState.OPEN:
            message = f"{name} is left alone after {one.failures} failures: {one.reason}"
            raise _left_alone(name, message, max(LATER_MS, one.until - now))
        tried = one.state == BreakerState.HALF_OPEN and bool(key)
        if tried and not self._is_try(name, key, now):
            raise _left_alone(name, f"{name} is being tried by another call.", LATER_MS)
        judged = False
        try:
            done = work()
            judged = True
        except faults as error:
            judged = True
            self.failed(name, f"{type(error).__name__}: {error}"[:300])
            raise
        finally:
            if tried and not judged:  # neither the one nor the other: the next call is the try
                self.let_go(name, key)
        self.worked(name)
        return done

    def _is_try(self, name: str, key: str, now: int) -> bool:
        values = {"name": name, "call": key, "now": now, "before": now - TRY_MS}
        return self._database.write(lambda tx: tx.execute("breakers.try_call", **values)) == 1

    def _locked(self, tx: Tx, name: str) -> Breaker:
        tx.lock("breakers.lock", name=name)
        return breaker_rows.load(tx, name)

    def _say(self, tx: Tx, one: Breaker, said: list[Payload], actor: str) -> Breaker:
        context = Context(at=self._clock.now(), actor=actor)
        after = one
        for each in said:
            after = br.evolve(after, each, context.at)
        breaker_rows.save(tx, after)
        tx.append([context.wrap(one.stream, one.seq + 1 + n, each) for n, each in enumerate(said)])
        if said:
            tx.after_commit(lambda: _tell(after))
            tx.after_commit(lambda: self._notifier.ring(READY))
        return after

    # Time -----------------------------------------------------------------------------------

    @override
    def tick(self, now: int) -> int:
        rows = self._database.read(lambda r: r.rows("breakers.due", now=now))
        return sum(self._half_open(row["name"], now) for row in rows)

    def _half_open(self, name: str, now: int) -> bool:
        def work(tx: Tx) -> bool:
            one = self._locked(tx, name)
            if one.state != BreakerState.OPEN or one.until > now:
                return False
            self._say(tx, one, [br.BreakerHalfOpened()], "scheduler")
            return True

        return self._database.write(work)

    @override
    def next_due(self, reader: Reader) -> int | None:
        row = reader.row("breakers.next_due")
        return None if row is None else row["at"]

    @override
    def move(self, tx: Tx, jump: int, context: Context) -> int:
        names = [
            row["name"]
            for row in tx.rows("breakers.all")
            if row["state"] == BreakerState.OPEN and not row["dated"]
        ]
        for name in names:
            self._say(tx, self._locked(tx, name), [br.BreakerMoved(jump=jump)], context.actor)
        return len(names)


def try_task(tx: Tx, agent: str, task_id: str) -> bool:
    """Make a claimed task the try of its agent's half-open breaker; False: there is one already."""
    name = f"agent:{agent}"
    row = tx.row("breakers.one", name=name)
    if row is None or row["state"] != BreakerState.HALF_OPEN:
        return True
    return tx.execute("breakers.try_task", name=name, task=task_id) == 1


def not_tried(tx: Tx, agent: str, task_id: str) -> None:
    """Take back `try_task` of a task that was not claimed after all."""
    tx.execute("breakers.not_tried", name=f"agent:{agent}", task=task_id)


def view(one: Breaker) -> Wire:
    """Return the wire form of a breaker."""
    return {
        "name": one.name,
        "state": one.state.value,
        "failures": one.failures,
        "trips": one.trips,
        "until": one.until or None,
        "reason": one.reason,
        "kind": one.kind,
        "trying": one.probe or None,
        "changed_at": one.changed_at or None,
    }


def _left_alone(name: str, message: str, wait_ms: int) -> BreakerOpen:
    hint = f"Try it now: claude-agent breaker reset {name}"
    return BreakerOpen(message, hint=hint, wait_ms=wait_ms)


def _restart(one: Recorded) -> Wire:
    event = one.event
    return {"what": event.type, "at": event.at, "data": dict(event.data)}


def _tell(one: Breaker) -> None:
    if one.state == BreakerState.OPEN and one.kind:
        hint = f"claude-agent breaker reset {one.name}"
        _LOG.warning("%s is left alone (%s); to use it at once: %s", one.name, one.reason, hint)
    elif one.state == BreakerState.OPEN:
        _LOG.warning(
            "%s is left alone after %d failures in a row: %s", one.name, one.failures, one.reason
        )
    else:
        _LOG.info("the breaker %s is %s", one.name, one.state.value)
