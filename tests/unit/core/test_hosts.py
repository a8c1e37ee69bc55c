"""What one process does about the others of a shared database; each test plays two hosts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.core.claims import Claims, Slot, WorkerIdentity
from claude_agent.core.foundation import Foundation
from claude_agent.core.hosts import Hosts
from claude_agent.core.liveness import Lock
from claude_agent.core.run_control import RunControl
from claude_agent.core.scheduler import TaskScheduler
from claude_agent.domain.states import TaskState
from claude_agent.errors import Conflict, FencedOut, NotFound
from claude_agent.storage.databases.postgresql import open_postgresql
from claude_agent.storage.duty import Duty
from tests.unit.core.stand import Stand, compare_with_the_log
from tests.waiting import wait_until


class Other:
    """A worker process of another host (or of the same one)."""

    def __init__(self, stand: Stand, name: str, *, host: str = "there", mark: str = "m2") -> None:
        self.locks: dict[str, Lock] = {}
        me = WorkerIdentity(id=name, host=host, boot_id="boot", pid=99, mark=mark, home="/h2")
        self.claims = Claims(
            database=stand.database,
            desk=stand.desk,
            clock=stand.clock,
            notifier=stand.notifier,
            identity=me,
            accounts=stand.accounts,
        )
        foundation = Foundation(
            database=stand.database,
            clock=stand.clock,
            ids=stand.ids,
            notifier=stand.notifier,
            catalogue=stand.catalogue,
        )
        self.hosts = Hosts(
            foundation,
            desk=stand.desk,
            claims=self.claims,
            bus=stand.bus,
            probe=lambda worker: self.locks.get(worker, Lock.UNKNOWN),
        )
        self.control = RunControl(
            database=stand.database,
            desk=stand.desk,
            claims=self.claims,
            ids=stand.ids,
            accounts=stand.accounts,
        )
        self.claims.register([Slot(n=1, queue="", least=0)], stand.catalogue)

    def watch(self, stand: Stand, seconds: int) -> None:
        """Look every 2.5 s for so long."""
        for _ in range(int(seconds / 2.5) + 1):
            self.hosts.look()
            stand.clock.advance(2_500)


@pytest.fixture
def shared(tmp_path: Path, postgres_url: str) -> Iterator[Stand]:
    one = Stand(tmp_path, url=postgres_url)
    yield one
    compare_with_the_log(one)
    one.close()


def test_run_of_a_silent_host_waits_and_is_its_owners_again_when_it_beats(shared: Stand) -> None:
    one = shared.running()
    other = Other(shared, "far")
    other.watch(shared, 12)
    assert shared.task(one.id).state == TaskState.RUNNING
    other.watch(shared, 6)
    waits = shared.task(one.id)
    assert (waits.state, waits.reason) == (TaskState.UNCERTAIN, "host unreachable")
    assert waits.fence == one.fence  # nobody drives it instead
    assert shared.slots_of()  # its slot is not given away
    assert other.control.orphans() == []  # and another host takes nothing
    with pytest.raises(Conflict, match="its host here is unreachable"):
        shared.orders.answer(one.ref, "retry", "", "me")
    assert shared.claims.beat()
    (orphan,) = shared.control.orphans()
    back = shared.control.adopt(orphan, alive=True)
    assert (back.state, back.reason, back.attempt) == (TaskState.RUNNING, "", 1)
    assert shared.control.orphans() == []
    assert len(shared.slots_of()) == 1


def test_host_that_beats_is_never_marked(shared: Stand) -> None:
    one = shared.running()
    other = Other(shared, "far")
    for _ in range(8):
        shared.claims.beat()
        other.watch(shared, 5)
    assert shared.task(one.id).state == TaskState.RUNNING


def test_host_with_one_live_process_is_not_unreachable(shared: Stand) -> None:
    one = shared.running()
    beside = Other(shared, "beside", host="here", mark="")
    other = Other(shared, "far")
    for _ in range(8):
        beside.claims.beat()
        other.watch(shared, 5)
    assert shared.task(one.id).state == TaskState.RUNNING


def test_lost_worker_of_the_same_host_leaves_orphans_that_are_adopted_once(shared: Stand) -> None:
    one = shared.running()
    beside = Other(shared, "beside", host="here", mark="")
    assert beside.hosts.look() == []
    beside.locks[shared.claims.worker] = Lock.FREE
    (dropped,) = beside.hosts.look()
    assert dropped.worker == shared.claims.worker
    (orphan,) = beside.control.orphans()
    adopted = beside.control.adopt(orphan, alive=True)
    assert (adopted.worker, adopted.fence) == ("beside", one.fence + 1)
    assert beside.control.orphans() == []
    assert not shared.claims.beat()  # it wakes, and sees that it was dropped
    with pytest.raises(FencedOut):
        shared.control.lost(one.id, one.fence, "it is not mine any more")
    assert shared.claims.claim() == []  # without slots it takes nothing


def test_claims_take_only_from_the_queues_that_are_served(shared: Stand) -> None:
    other = Other(shared, "far")
    me = WorkerIdentity(id="w9", host="there", boot_id="b", pid=1, mark="m2", serves=("testing",))
    claims = Claims(
        database=shared.database,
        desk=shared.desk,
        clock=shared.clock,
        notifier=shared.notifier,
        identity=me,
        accounts=shared.accounts,
    )
    claims.register([Slot(n=n, queue="", least=0) for n in (1, 2)], shared.catalogue)
    names = sorted({"testing", *shared.catalogue.agents})
    for name in names:
        shared.submit(name)
    assert [task.spec.queue for task in claims.claim()] == ["testing"]
    assert len(other.claims.claim()) == 1


def test_of_several_processes_one_moves_the_delays_when_the_clock_jumps(shared: Stand) -> None:
    one = shared.submit(delay="1h")
    assert shared.url is not None
    database = open_postgresql(shared.url)
    timers = TaskScheduler(
        database=database,
        desk=shared.desk,
        executions=shared.executions,
        claims=Claims(
            database=database,
            desk=shared.desk,
            clock=shared.clock,
            notifier=shared.notifier,
            identity=WorkerIdentity(id="second", host="here", boot_id="boot", pid=2),
            accounts=shared.accounts,
        ),
        clock=shared.clock,
    )
    shared.scheduler.tick()  # the first one leads
    shared.clock.jump(600_000)
    timers.tick()
    assert shared.task(one.id).not_before == one.not_before
    shared.scheduler.tick()
    shared.clock.jump(60_000)
    timers.tick()
    assert shared.task(one.id).not_before == one.not_before + 600_000
    shared.close()  # before it saw the second jump
    wait_until(lambda: database.leads(Duty.TIMERS), what="the duty to be free")
    timers.tick()
    timers.tick()
    database.close()
    shared.open()
    assert shared.task(one.id).not_before == one.not_before + 660_000


def test_second_home_with_the_id_of_a_host_is_refused(shared: Stand) -> None:
    Other(shared, "far")
    with pytest.raises(Conflict, match="another home"):
        Other(shared, "copy", mark="m3")


def test_host_is_declared_lost_only_when_nobody_there_beats(shared: Stand) -> None:
    one = shared.running()
    held = shared.running()
    other = Other(shared, "far")
    with pytest.raises(NotFound):
        other.hosts.declare_lost("nowhere", "me")
    with pytest.raises(Conflict, match="alive"):
        other.hosts.declare_lost("here", "me")
    with pytest.raises(Conflict, match="runs on there"):
        other.hosts.declare_lost("there", "me")
    other.watch(shared, 20)
    taken = {task.id: task for task in other.hosts.declare_lost("here", "me")}
    assert set(taken) == {one.id, held.id}
    for task in taken.values():
        assert (task.state, task.reaped_run) == (TaskState.UNCERTAIN, task.run)
        assert (task.host, task.worker, task.fence) == ("there", "far", one.fence + 1)
    after = other.control.resolve(taken[one.id], "retry", how="idempotent")
    assert after.state == TaskState.SCHEDULED
    with pytest.raises(FencedOut):  # the old owner wakes: it may say nothing any more
        shared.control.lost(held.id, held.fence, "here I am")
    states = {host["name"]: host["state"] for host in other.hosts.listing()}
    assert states == {"here": "lost", "there": "up"}


def test_error_of_the_database_starts_the_count_again(shared: Stand) -> None:
    one = shared.running()
    other = Other(shared, "far")
    other.watch(shared, 12)
    other.hosts.blind()
    other.watch(shared, 12)
    assert shared.task(one.id).state == TaskState.RUNNING
