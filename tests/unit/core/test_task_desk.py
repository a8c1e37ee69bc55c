from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from claude_agent.core.task_desk import COMMANDS, READY, fact_of
from claude_agent.domain import task_events as ev
from claude_agent.domain.events import Payload
from claude_agent.domain.execution_decide import Fact
from claude_agent.domain.ids import ref_of
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.domain.task_commands import Cancel, Stop
from claude_agent.domain.task_report import Note
from claude_agent.errors import Conflict, FencedOut, NotFound
from claude_agent.ids_source import IdSource
from claude_agent.storage.database import Tx
from tests.unit.core.stand import NO, Stand
from tests.unit.domain.making import fold, running, submitted


def rang(stand: Stand, topic: str) -> bool:
    return stand.notifier.wait({topic}, 0.0)


# Submit and find ----------------------------------------------------------------------------


def test_submit_stores_the_task_its_specification_and_its_event(stand: Stand) -> None:
    one = stand.submit(title="hello")
    assert (one.state, one.spec.title, one.spec.agent) == ("ready", "hello", "testing")
    assert stand.types(one.stream) == ["task.submitted"]
    assert rang(stand, READY)
    (said,) = stand.history()
    assert (said.event.actor, said.event.data["ref"]) == ("operator", one.ref)


def test_submit_with_a_delay_schedules(stand: Stand) -> None:
    one = stand.submit(delay="10s")
    assert (one.state, one.not_before) == ("scheduled", stand.clock.now() + 10_000)


def test_tasks_are_ordered_by_the_position_of_their_submit(stand: Stand) -> None:
    stand.submit()
    stand.submit()
    rows = stand.rows("tasks.pick", queues=["testing"], least=0, away=[""], bound=[""])
    assert rows[0]["id"] == stand.history()[0].event.stream.removeprefix("task/")


@pytest.mark.parametrize("form", [str, str.lower, lambda ref: f" {ref}\n"])
def test_find_takes_an_id_or_a_ref_as_people_type_it(
    stand: Stand, form: Callable[[str], str]
) -> None:
    one = stand.submit()
    assert stand.task(one.id) == one
    assert stand.task(form(one.ref)) == one


@pytest.mark.parametrize("text", ["", "ZZZZ", "018bcfe5-6800-7000-8000-00000000dead", "x" * 500])
def test_find_says_what_it_did_not_find(stand: Stand, text: str) -> None:
    with pytest.raises(NotFound) as caught:
        stand.task(text)
    assert "task list" in caught.value.hint
    assert len(caught.value.detail) < 120


class Same(IdSource):
    """Draws the first id again as often as it is told to."""

    def __init__(self, source: IdSource) -> None:
        self._source = source
        self.first = source.new()
        self.left = 0

    def new(self) -> str:
        if not self.left:
            return self._source.new()
        self.left -= 1
        return self.first


def test_ref_grows_until_it_is_free(stand: Stand) -> None:
    stand.desk._ids = same = Same(stand.ids)
    same.left = 2
    first = stand.submit()
    assert (first.id, len(first.ref)) == (same.first, 4)
    assert stand.database.read(stand.desk.new_id) == (first.id, ref_of(first.id, 5))


def test_new_id_is_drawn_where_every_ref_of_one_is_taken(stand: Stand) -> None:
    stand.desk._ids = same = Same(stand.ids)
    same.left = 1
    taken = {ref_of(same.first, length) for length in range(4, 12)}
    made, ref = stand.database.read(lambda r: stand.desk.new_id(r, given=taken))
    assert made != same.first
    assert ref == ref_of(made)


# Apply --------------------------------------------------------------------------------------


def test_apply_writes_events_and_row_together(stand: Stand) -> None:
    one = stand.running()
    assert stand.types(one.stream) == [
        "task.submitted",
        "task.claimed",
        "task.starting",
        "task.started",
    ]
    assert stand.task(one.id) == one
    assert (one.seq, one.attempt, one.worker) == (4, 1, "w1")


def test_apply_of_a_command_that_says_nothing_changes_nothing(stand: Stand) -> None:
    one = stand.running()
    one = stand.orders.cancel(one.ref, reason="no", actor="me")
    before = stand.everything()
    assert stand.orders.cancel(one.ref, reason="no", actor="me") == one
    assert stand.everything() == before


def test_apply_to_a_task_that_somebody_else_changed_is_fenced_out(stand: Stand) -> None:
    stale = stand.submit()
    stand.orders.cancel(stale.ref, reason="no", actor="me")
    before = stand.everything()
    context = stand.desk.context("me")
    with pytest.raises(FencedOut, match="changed by somebody else"):
        stand.database.write(lambda tx: stand.desk.apply(tx, stale, Cancel(reason="x"), context))
    assert stand.everything() == before


def test_refused_command_leaves_nothing(stand: Stand) -> None:
    one = stand.submit()
    before = stand.everything()
    with pytest.raises(Conflict):
        stand.database.write(
            lambda tx: stand.desk.apply(tx, one, Stop(reason="x"), stand.desk.context("me"))
        )
    assert stand.everything() == before


def test_owned_is_guarded_by_the_fence(stand: Stand) -> None:
    one = stand.running()
    assert stand.database.read(lambda r: stand.desk.owned(r, one.id, one.fence)) == one
    for task_id, fence in ((one.id, one.fence - 1), (one.id, one.fence + 1), ("none", 1)):
        with pytest.raises(FencedOut):
            stand.database.read(lambda r, t=task_id, f=fence: stand.desk.owned(r, t, f))


def test_place_and_slot_are_given_back_when_the_run_has_ended(stand: Stand) -> None:
    one = stand.running()
    assert (stand.places(), list(stand.slots_of())) == ({"testing": 1}, [one.id])
    assert rang(stand, READY)
    stand.end(one, NO)
    assert (stand.places(), stand.slots_of()) == ({}, {})
    assert rang(stand, READY)


def test_place_and_slot_are_held_through_verifying_and_uncertain(stand: Stand) -> None:
    checked = stand.end(stand.running(gates=["true"]))
    lost = stand.reaped(stand.running())
    assert (checked.state, lost.state) == ("verifying", "uncertain")
    assert stand.places() == {"testing": 2}
    assert set(stand.slots_of()) == {checked.id, lost.id}


def test_place_is_given_back_while_it_waits_for_its_next_attempt(stand: Stand) -> None:
    one = stand.end(stand.running(retry={"max_attempts": 2}), NO)
    assert (one.state, stand.places(), stand.slots_of()) == ("scheduled", {}, {})


def test_note_rings_nobody(stand: Stand) -> None:
    one = stand.running()
    rang(stand, READY)
    note = Note(kind="text", text="hi")
    stand.database.write(lambda tx: stand.desk.apply(tx, one, note, stand.desk.context("me")))
    assert not rang(stand, READY)


def test_command_to_a_run_is_stored_in_order_and_rings(stand: Stand) -> None:
    one = stand.running()

    def work(tx: Tx) -> None:
        stand.desk.command_run(tx, one, "stop", {"stage": "ladder"})
        stand.desk.command_run(tx, one, "send", {"text": "ä"})

    stand.database.write(work)
    assert rang(stand, COMMANDS)
    assert stand.records.open_commands(one) == [
        (1, "stop", {"stage": "ladder"}),
        (2, "send", {"text": "ä"}),
    ]


def test_context_names_the_actor_and_the_time(stand: Stand) -> None:
    found = stand.desk.context("me", causation="request 7")
    assert (found.actor, found.at, found.causation) == ("me", stand.clock.now(), "request 7")


# News for executions ------------------------------------------------------------------------

DEAD = ev.TaskDead(reason="attempts_used_up", error={"kind": "exit", "message": "no"})
STEP = running(execution_id="e", step_id="s", purpose="step")


@pytest.mark.parametrize(
    ("one", "said", "expected"),
    [
        (STEP, ev.TaskStarted(attempt=1, run=1, adapter="", digest=""), {"kind": "started"}),
        (STEP, ev.TaskAdopted(worker="w", fence=2, run=1), {"kind": "started"}),
        (
            STEP,
            ev.TaskRetryScheduled(due=9, attempt=2, reason="no"),
            {"kind": "retrying", "message": "no", "due": 9},
        ),
        (STEP, ev.TaskUncertain(run=1, reason="gone"), {"kind": "uncertain", "reason": "gone"}),
        (
            STEP,
            ev.TaskSucceeded(outputs={"x": 1}, verdict={}, evidence=[]),
            {"kind": "succeeded", "outputs": {"x": 1}},
        ),
        (
            STEP,
            ev.TaskCancelled(reason="no", ended_well=True, outputs={"x": 1}),
            {"kind": "cancelled", "outputs": {"x": 1}, "ended_well": True},
        ),
        (fold(STEP, DEAD), DEAD, {"kind": "failed", "reason": "exit", "message": "no"}),
        (
            replace(STEP, state=TaskState.DEAD, error=None, reason="poison"),
            DEAD,
            {"kind": "failed", "reason": "poison"},
        ),
    ],
)
def test_fact_is_what_an_event_means_to_the_execution(
    one: Task, said: Payload, expected: dict[str, Any]
) -> None:
    base = {"step": "s", "undo": False, "task_id": one.id, "attempt": 1, "started": True}
    assert fact_of(one, said) == Fact(**(base | expected))


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (STEP, ev.TaskDue()),
        (STEP, ev.TaskReaped(run=1, killed=0)),
        (STEP, ev.TaskReleased(reason="", run=1, counted=True)),
        (replace(STEP, state=TaskState.VERIFYING), ev.TaskAdopted(worker="w", fence=2, run=1)),
        (replace(STEP, attempt=0), ev.TaskAdopted(worker="w", fence=2, run=1)),
    ],
)
def test_most_events_mean_nothing_to_the_execution(one: Task, said: Payload) -> None:
    assert fact_of(one, said) is None


def test_fact_of_an_undoing_says_so_and_of_a_waiting_task_that_it_never_began() -> None:
    undoing = submitted(purpose="compensation", step_id="s", execution_id="e")
    fact = fact_of(undoing, ev.TaskCancelled(reason="no"))
    assert fact is not None
    assert (fact.undo, fact.started, fact.attempt) == (True, False, 0)
