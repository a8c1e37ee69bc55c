"""The n-th storage call fails, for each n until none is left: the state is before or after.

The same loop that SQLite uses to prove itself, here around our transactions.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claude_agent.core.claims import Claims, WorkerIdentity, layout
from claude_agent.domain.task_commands import Cancel
from claude_agent.errors import Unavailable
from tests.unit.core.stand import NO, Stand, compare_with_the_log
from tests.unit.storage.tools import flaky

CHAIN: dict[str, Any] = {
    "name": "w",
    "on_failure": "compensate",
    "steps": [
        {"id": "a", "agent": "testing", "run": "x", "compensate": {"run": "undo"}},
        {"id": "b", "agent": "testing", "run": "x", "depends_on": ["a"]},
        {"id": "c", "agent": "testing", "run": "x", "depends_on": ["a"]},
    ],
}
Act = Callable[[Stand], object]


def started_step(stand: Stand, name: str) -> None:
    """Run a workflow until a step has started."""
    execution = stand.engine.execute(CHAIN)
    if name != "a":
        stand.do(execution, "a")
    stand.claims.claim()
    stand.start(stand.step_task(execution, name))


def current(stand: Stand, state: str = "running") -> Any:
    return next(one for one in stand.control.active() if one.state == state)


def nothing(stand: Stand) -> None:
    pass


def again(stand: Stand) -> None:
    """Register the slots of a new worker of this process."""
    identity = WorkerIdentity(id="next", host="here", boot_id="b", pid=1)
    claims = Claims(
        database=stand.database,
        desk=stand.desk,
        clock=stand.clock,
        notifier=stand.notifier,
        identity=identity,
        accounts=stand.accounts,
    )
    claims.register(layout(4, []), stand.catalogue)


ACTS: dict[str, tuple[Act, Act]] = {
    "submit": (nothing, lambda s: s.submit()),
    "apply": (
        lambda s: s.submit(),
        lambda s: s.database.write(
            lambda tx: s.desk.apply(
                tx,
                s.desk.find(tx, s.history()[0].event.data["ref"]),
                Cancel(reason="no"),
                s.desk.context("me"),
            )
        ),
    ),
    "claim": (lambda s: [s.submit() for _ in range(2)], lambda s: s.claims.claim()),
    "started": (
        lambda s: (s.submit(), s.claims.claim()),
        lambda s: s.start(current(s)),
    ),
    "ended": (lambda s: s.running(), lambda s: s.end(current(s), x=1)),
    "retried": (
        lambda s: s.running(retry={"max_attempts": 2}),
        lambda s: s.end(current(s), NO),
    ),
    "lost": (lambda s: s.running(), lambda s: s.control.lost(current(s).id, 1, "gone")),
    "adopted": (
        lambda s: (s.running(), s.restart()),
        lambda s: s.control.adopt(current(s), alive=True),
    ),
    "cancel sent": (
        lambda s: s.running(),
        lambda s: s.orders.cancel(current(s).ref, reason="no", actor="me"),
    ),
    "define": (nothing, lambda s: s.engine.define_workflow(CHAIN)),
    "start": (
        lambda s: s.engine.define_workflow(CHAIN),
        lambda s: s.engine.execute("w"),
    ),
    "step done": (lambda s: started_step(s, "a"), lambda s: s.end(current(s))),
    "step failed": (lambda s: started_step(s, "b"), lambda s: s.end(current(s), NO)),
    "execution cancelled": (
        lambda s: started_step(s, "b"),
        lambda s: s.engine.cancel(
            s.control.active()[0].spec.execution_id, compensate=True, actor="me", reason="no"
        ),
    ),
    "timers": (
        lambda s: (s.submit(delay="1s"), s.running(timeout="1s"), s.clock.advance(1_000)),
        lambda s: s.scheduler._tick_tasks(s.clock.now()),
    ),
    "register": (lambda s: s.running(), again),
}


@pytest.mark.parametrize("name", ACTS)
def test_call_that_fails_leaves_everything_before_or_after(tmp_path: Path, name: str) -> None:
    prepare, act = ACTS[name]
    stand = Stand(tmp_path)
    prepare(stand)
    broken = flaky(stand.database, sqlite3.OperationalError("disk I/O error"))
    before = stand.everything()
    tried = 0
    while True:
        broken.left = tried
        try:
            act(stand)
        except Unavailable:
            assert stand.everything() == before, f"call {tried} of {name} left something"
        if broken.left != -1:
            break
        tried += 1
        assert tried < 500
    assert tried >= 3
    assert stand.everything() != before
    compare_with_the_log(stand)
    stand.close()
