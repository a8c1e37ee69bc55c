import pytest

from claude_agent.errors import Conflict, Invalid, NotFound
from tests.unit.core.stand import Stand

STOP = ("stop", {"stage": "ladder"})


@pytest.mark.parametrize("delay", [None, "5s"])
def test_waiting_task_is_cancelled_at_once(stand: Stand, delay: str | None) -> None:
    one = stand.submit(delay=delay)
    done = stand.orders.cancel(one.ref, reason="no need", actor="me")
    assert (done.state, done.reason) == ("cancelled", "no need")
    assert stand.history()[-1].event.actor == "me"


def test_running_task_is_sent_the_ladder_once(stand: Stand) -> None:
    one = stand.running()
    for _ in range(2):
        asked = stand.orders.cancel(one.ref, reason="no", actor="me")
    assert (asked.state, asked.cancel_requested) == ("running", "no")
    assert stand.records.open_commands(one) == [(1, *STOP)]
    assert stand.end(asked).state == "cancelled"


def test_ended_task_cannot_be_cancelled(stand: Stand) -> None:
    one = stand.end(stand.running())
    before = stand.everything()
    with pytest.raises(Conflict, match="succeeded already"):
        stand.orders.cancel(one.ref, reason="no", actor="me")
    assert stand.everything() == before


def test_unknown_task_cannot_be_cancelled(stand: Stand) -> None:
    with pytest.raises(NotFound):
        stand.orders.cancel("ZZZZ", reason="no", actor="me")


@pytest.mark.parametrize(
    ("outcome", "state"), [("succeeded", "succeeded"), ("retry", "scheduled"), ("failed", "dead")]
)
def test_person_says_what_happened(stand: Stand, outcome: str, state: str) -> None:
    one = stand.reaped(stand.running())
    assert stand.orders.answer(one.ref, outcome, "I looked", "me").state == state
    (resolved,) = [e.event for e in stand.history() if e.event.type == "task.resolved"]
    assert (resolved.actor, resolved.data["how"], resolved.data["note"]) == (
        "me",
        "person",
        "I looked",
    )


def test_person_is_asked_only_once_the_run_is_reaped(stand: Stand) -> None:
    one = stand.running()
    stand.control.lost(one.id, one.fence, "gone")
    with pytest.raises(Conflict, match="not proved ended"):
        stand.orders.answer(one.ref, "retry", "", "me")


def test_answer_to_a_task_that_asks_nothing_is_refused(stand: Stand) -> None:
    with pytest.raises(Conflict, match="is running"):
        stand.orders.answer(stand.running().ref, "retry", "", "me")


@pytest.mark.parametrize("outcome", ["", "done", "x" * 500])
def test_answer_is_one_of_three_words(stand: Stand, outcome: str) -> None:
    one = stand.reaped(stand.running())
    with pytest.raises(Invalid, match="no answer") as caught:
        stand.orders.answer(one.ref, outcome, "", "me")
    assert caught.value.pointer == "/outcome"
    assert len(caught.value.detail) < 120
