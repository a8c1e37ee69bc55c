"""Every pair of commands at the same time on PostgreSQL: no deadlock, and the rows stay true.

Each pair runs on a scene of its own kind: an execution with running and waiting steps, single
tasks in several states, two worker processes on one database.
"""

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claude_agent.core.claims import Slot
from claude_agent.core.letters import Criteria
from claude_agent.core.queue_desk import QueueDesk
from claude_agent.core.run_journal import Position
from claude_agent.domain.events import Context
from claude_agent.domain.retry import Failure
from claude_agent.domain.states import TASK_HOLDS_SLOT, TaskState
from claude_agent.domain.task import Task
from claude_agent.errors import ClaudeAgentError, Conflict, Invalid, NotFound
from claude_agent.storage import task_rows
from claude_agent.storage.database import Duplicate, Reader, Tx
from claude_agent.storage.databases.postgresql import PostgresqlDatabase
from tests.unit.core.stand import Stand, compare_with_the_log
from tests.unit.core.test_execution_desk import step, workflow

EXPECTED = (Conflict, Invalid, NotFound, LookupError)
"""What a command may answer when another one was first."""
SLOTS = [Slot(n=n, queue="", least=0) for n in range(1, 13)]
FLOW = workflow(
    step("a", compensate={"run": "undo a"}),
    step("b", compensate={"run": "undo b"}),
    step("c", "a", "b"),
    on_failure="compensate",
)


class Scene:
    """Two worker processes, an execution whose steps run, and tasks in several states."""

    def __init__(self, folder: Path, url: str) -> None:
        self.one = Stand(folder, url=url, slots=SLOTS, seed=1, worker="one-")
        self.two = Stand(folder, url=url, slots=SLOTS, seed=2, worker="two-")
        self._join(self.one)
        self.queues = QueueDesk(
            self.one.database, self.one.desk, self.one.catalogue, self.one.notifier
        )

    @staticmethod
    def _join(stand: Stand) -> None:
        """Be a worker again: the other one registered later."""

        def work(tx: Tx) -> None:
            tx.execute("work.drop_slots", id="two-1")
            me = stand.claims.worker
            for slot in SLOTS:
                tx.execute("work.put_slot", worker=me, n=slot.n, queue="", least=0)

        stand.database.write(work)

    def set(self) -> None:
        """Make the objects that the next pair works on."""
        self.execution = self.one.engine.execute(FLOW)
        self.single = self.one.submit("testing", title="single")
        for stand, title in ((self.one, "running"), (self.two, "lost")):
            stand.submit("database", title=title, lock=title)
        self.waiting = self.two.submit("master", title="waiting", lock="ready")
        self.late = self.one.submit("master", title="late", delay="1s")
        claimed = {each.id: self.one.start(each) for each in self.one.claims.claim()}
        self.running = list(claimed.values())
        self.two.submit("testing", title="ready", lock="ready")
        self.two.submit("deployment", title="ready too", lock="ready")
        for stand in (self.one, self.two):
            stand.clock.advance(1_500)

    def own(self, task: Task) -> Task:
        """Return a task as it is now."""
        return self.one.task(task.id)

    def close(self) -> None:
        self.two.close()
        self.one.close()


def each(scene: Scene, do: Callable[[Task], object]) -> None:
    for task in scene.running:
        with contextlib.suppress(*EXPECTED):
            do(scene.own(task))


def end_all(scene: Scene) -> None:
    each(scene, lambda task: scene.one.end(task, x=1))


def fail_all(scene: Scene) -> None:
    each(
        scene,
        lambda task: scene.two.end(task, Failure(kind="exit", message="no", exit_code=1)),
    )


def lose_all(scene: Scene) -> None:
    def lose(task: Task) -> None:
        lost = scene.one.control.lost(task.id, task.fence, "gone")
        reaped = scene.one.control.reaped(lost.id, lost.fence, 1)
        scene.one.control.resolve(reaped, "retry", how="probe")

    each(scene, lose)


def adopt_all(scene: Scene) -> None:
    each(scene, lambda task: scene.two.control.adopt(task, alive=True))


def claim_and_start(scene: Scene) -> None:
    for task in scene.two.claims.claim():
        with contextlib.suppress(*EXPECTED):
            scene.two.start(task)


def follow(scene: Scene) -> None:
    def move(task: Task) -> None:
        was, now = (Position(segment=1, byte=at, line=at) for at in (0, 9))
        scene.one.records.move(task, was, now, notes=[("note", "hello")], acks=[1])

    each(scene, move)


def cancel_all(scene: Scene) -> None:
    for task in (*scene.running, scene.single, scene.waiting, scene.late):
        with contextlib.suppress(*EXPECTED):
            scene.two.orders.cancel(task.id, reason="no", actor="me")


def tick(scene: Scene) -> None:
    scene.two.scheduler._aged_at -= 100
    scene.two.scheduler.tick()


def purge(scene: Scene) -> None:
    for name in ("master", "testing", "deployment"):
        scene.queues.purge(name, reason="", actor="me")


def pause(scene: Scene) -> None:
    for name in ("testing", "database"):
        scene.queues.pause(name, reason="", actor="me")
        scene.queues.resume(name, actor="me")


def handle_letters(scene: Scene) -> None:
    """Re-drive one dead letter and discard the next; the scenes before have left some."""
    stand = scene.two
    found = stand.database.read(lambda r: stand.letters.page(r, Criteria(kind="task"), 2))
    context = stand.desk.context("me")
    for letter, do in zip(found, (redrive_one, discard_one), strict=False):
        with contextlib.suppress(*EXPECTED):
            do(stand, ("task", letter["id"]), context)


def redrive_one(stand: Stand, letter: tuple[str, str], context: Context) -> None:
    stand.database.write(lambda tx: stand.letters.redrive(tx, letter, context))


def discard_one(stand: Stand, letter: tuple[str, str], context: Context) -> None:
    stand.database.write(lambda tx: stand.letters.discard(tx, letter, context, reason="no"))


def redrive_some(scene: Scene) -> None:
    """Begin a re-drive of many and take its first turn, one letter, in both processes."""
    one, two = scene.one, scene.two
    context = one.desk.context("me")
    made = one.database.write(lambda tx: one.redrives.begin(tx, Criteria(), 60, context))
    for stand in (two, one):
        stand.redrives.tick(stand.clock.now())
    one.database.write(lambda tx: one.redrives.stop(tx, made, context))


COMMANDS: dict[str, Callable[[Scene], object]] = {
    "submit": lambda s: [s.two.submit("testing", lock="many") for _ in range(3)],
    "execute": lambda s: s.two.engine.execute(FLOW),
    "claim": lambda s: s.one.claims.claim(),
    "claim elsewhere": claim_and_start,
    "end": end_all,
    "fail": fail_all,
    "lose": lose_all,
    "adopt": adopt_all,
    "follow": follow,
    "cancel": cancel_all,
    "cancel execution": lambda s: s.two.engine.cancel(
        s.execution, compensate=True, actor="me", reason=""
    ),
    "tick": tick,
    "purge": purge,
    "pause": pause,
    "handle letters": handle_letters,
    "redrive": redrive_some,
    "record": lambda s: [s.two.bus.broadcast_event("hello", {"n": n}) for n in range(3)],
}


@pytest.fixture
def scene(tmp_path: Path, postgres_url: str) -> Iterator[Scene]:
    made = Scene(tmp_path, postgres_url)
    yield made
    made.close()


def together(scene: Scene, *commands: str) -> list[str]:
    """Run commands at one moment, each in its thread; return what should not have been raised."""
    barrier = threading.Barrier(len(commands))

    def run(name: str) -> None:
        barrier.wait(10)
        COMMANDS[name](scene)

    with ThreadPoolExecutor(len(commands)) as pool:
        errors = [one.exception(60) for one in [pool.submit(run, name) for name in commands]]
    return [
        f"{name}: {error!r}"
        for name, error in zip(commands, errors, strict=True)
        if error is not None and (isinstance(error, Duplicate) or not isinstance(error, EXPECTED))
    ]


def check(scene: Scene) -> None:
    """Assert what must hold whatever happened: places, slots and the log agree with the tasks."""

    def work(reader: Reader) -> tuple[dict[str, int], dict[str, int], set[str], list[str]]:
        tasks = [task_rows.peek(reader, row["id"]) for row in reader.rows("tasks.active")]
        held: dict[str, int] = {}
        for task in tasks:
            assert task is not None
            held[task.spec.queue] = held.get(task.spec.queue, 0) + 1
        taken = {r["name"]: r["running"] for r in reader.rows("work.queues") if r["running"]}
        slots = [row["task_id"] for row in reader.rows("work.slots") if row["task_id"]]
        return held, taken, {task.id for task in tasks if task is not None}, slots

    held, taken, active, slots = scene.one.database.read(work)
    assert held == taken
    for row in scene.one.rows("locks.all"):
        assert not scene.one.task(row["task_id"]).terminal
    assert len(slots) == len(set(slots))
    assert set(slots) <= active
    compare_with_the_log(scene.one)


PAIRS = list(itertools.combinations_with_replacement(COMMANDS, 2))
PARTS = 5


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_pair_of_commands_runs_at_the_same_time(
    scene: Scene, part: int, prove_scale: int
) -> None:
    for pair in PAIRS[part::PARTS] * prove_scale:
        scene.set()
        assert together(scene, *pair) == [], pair
        check_quickly(scene, pair)
    check(scene)
    databases = (scene.one.database, scene.two.database)
    assert [d.repeated for d in databases if isinstance(d, PostgresqlDatabase)] == [0, 0]


def check_quickly(scene: Scene, pair: tuple[str, str]) -> None:
    """Assert that no place is lost or taken twice, and clear the scene."""
    rows = scene.one.rows("work.queues")
    held = [scene.one.task(row["id"]) for row in scene.one.rows("tasks.active")]
    counts = {row["name"]: row["running"] for row in rows}
    for name, count in counts.items():
        assert count == len([t for t in held if t.spec.queue == name]), (pair, name)
    for task in held:
        with contextlib.suppress(ClaudeAgentError):
            scene.one.control.lost(task.id, task.fence, "over")
        mine = scene.own(task)
        assert mine.state in TASK_HOLDS_SLOT or mine.state in TaskState
        with contextlib.suppress(ClaudeAgentError):
            lost = scene.own(task)
            reaped = scene.one.control.reaped(lost.id, lost.fence, 0)
            scene.one.control.resolve(reaped, "failed", how="person")


def test_a_storm_of_all_commands_leaves_a_true_state(scene: Scene, prove_scale: int) -> None:
    for _ in range(2 * prove_scale):
        scene.set()
        assert together(scene, *COMMANDS) == []
        check(scene)
