"""Questions of agents at work: from the journal's lines to records, and back as commands."""

from typing import Any

import pytest

from claude_agent.core.explainer import Explainer
from claude_agent.core.questions import QuestionDesk
from claude_agent.core.run_journal import Position
from claude_agent.domain.question import Answer, Question, QuestionDecided, QuestionState
from claude_agent.domain.task import Task
from claude_agent.errors import Conflict, Invalid, NotFound
from tests.unit.core.stand import NO, Stand

CALL: dict[str, Any] = {
    "kind": "asked",
    "ask": "1",
    "what": "permission",
    "tool": "Bash",
    "input": {"command": "git push"},
    "text": "push it",
    "options": [],
}


def told(**more: Any) -> dict[str, Any]:
    plain = {"kind": "answered", "ask": "1", "decision": "allow", "via": "person", "by": "eve"}
    return plain | {"text": ""} | more


@pytest.fixture
def desk(stand: Stand) -> QuestionDesk:
    return QuestionDesk(stand.foundation, stand.desk)


def read(stand: Stand, task: Task, *lines: dict[str, Any]) -> list[Question]:
    """Hand lines of its journal in."""
    row = stand.records.position(task.run_id)
    assert row is not None
    was = Position(segment=row["segment"], byte=row["byte"], line=row["line"])
    now = Position(segment=was.segment, byte=was.byte + 10, line=was.line + len(lines))
    return stand.records.move(task, was, now, asks=lines)


def answer(stand: Stand, desk: QuestionDesk, ref: str, decision: str, **more: Any) -> Question:
    said = Answer(decision=decision, by=more.pop("by", "operator"), **more)
    return stand.database.write(lambda tx: desk.answer(tx, ref, said))


def test_answer_goes_back_as_a_durable_command(stand: Stand, desk: QuestionDesk) -> None:
    task = stand.running()
    (asked,) = read(stand, task, CALL)
    assert (asked.what, asked.tool, asked.input) == ("permission", "Bash", {"command": "git push"})
    assert desk.get(task.ref).id == asked.id
    after = answer(stand, desk, asked.ref, "allow", note="fine", input={"command": "git pull"})
    assert (after.state, after.by, after.delivered_at) == (QuestionState.ANSWERED, "operator", None)
    data = {"ask": "1", "decision": "allow", "text": "", "by": "operator"}
    wanted = [(1, "answer", data | {"input": {"command": "git pull"}})]
    assert stand.records.open_commands(task) == wanted
    stand.restart()  # between decision and delivery
    assert stand.records.open_commands(task) == wanted
    desk = QuestionDesk(stand.foundation, stand.desk)
    adopted = stand.control.adopt(stand.task(task.id), alive=True)
    assert read(stand, adopted, told()) == []
    assert desk.get(asked.ref).delivered_at == stand.clock.now()
    types = ["question.raised", "question.answered", "question.delivered"]
    assert stand.types(asked.stream) == types


def test_one_answer_wins(stand: Stand, desk: QuestionDesk) -> None:
    task = stand.running()
    (asked,) = read(stand, task, CALL)
    answer(stand, desk, asked.ref, "deny", by="ann", text="no")
    with pytest.raises(QuestionDecided, match="answered already by ann: deny"):
        answer(stand, desk, asked.ref, "allow", by="bob")
    assert len(stand.records.open_commands(task)) == 1


@pytest.mark.parametrize(
    ("decision", "more", "pointer"),
    [
        ("answer", {"text": "x"}, "/decision"),
        ("maybe", {}, "/decision"),
        ("deny", {"input": {"a": 1}}, "/input"),
        ("deny", {"text": "x" * 4001}, "/text"),
        ("allow", {"note": "x" * 4001}, "/note"),
    ],
)
def test_what_is_no_answer_changes_nothing(
    stand: Stand, desk: QuestionDesk, decision: str, more: dict[str, Any], pointer: str
) -> None:
    task = stand.running()
    (asked,) = read(stand, task, CALL)
    before = stand.everything()
    with pytest.raises(Invalid) as caught:
        answer(stand, desk, asked.ref, decision, **more)
    assert caught.value.pointer == pointer
    assert stand.everything() == before


def test_question_wants_words(stand: Stand, desk: QuestionDesk) -> None:
    task = stand.running()
    (asked,) = read(stand, task, {**CALL, "what": "question", "text": "Which port?"})
    with pytest.raises(Invalid, match="empty"):
        answer(stand, desk, asked.ref, "answer", text=" ")
    with pytest.raises(Invalid):
        answer(stand, desk, asked.ref, "allow")
    assert answer(stand, desk, asked.ref, "answer", text="80").said == "80"


def test_run_that_ends_takes_its_questions_along(stand: Stand, desk: QuestionDesk) -> None:
    task = stand.running(retry={"max_attempts": 2, "delay": "1s"})
    (asked,) = read(stand, task, CALL)
    stand.end(task, NO)
    gone = desk.get(asked.ref)
    assert (gone.state, gone.reason) == (QuestionState.GONE, "Its run has ended.")
    with pytest.raises(QuestionDecided, match="Nobody waits"):
        answer(stand, desk, asked.ref, "allow")
    with pytest.raises(NotFound):
        desk.get(task.ref)


def test_lost_run_keeps_its_questions_until_it_is_proved_ended(
    stand: Stand, desk: QuestionDesk
) -> None:
    task = stand.running()
    (asked,) = read(stand, task, CALL)
    lost = stand.control.lost(task.id, task.fence, "away")
    assert desk.get(asked.ref).open
    stand.control.resolve(stand.control.reaped(lost.id, lost.fence, 0), "failed", how="person")
    assert desk.get(asked.ref).state == QuestionState.GONE


def test_what_the_shim_decided_is_recorded(stand: Stand, desk: QuestionDesk) -> None:
    task = stand.running()
    policy = told(decision="deny", via="policy", by="no-push", text="The rule says deny.")
    assert read(stand, task, CALL, policy) == []
    (row,) = stand.rows("questions.counts", agent="", task=task.id, execution="")
    assert (row["state"], row["count"]) == ("answered", 1)
    (asked,) = read(stand, task, {**CALL, "ask": "2"})
    assert (
        read(stand, task, told(ask="2", decision="deny", via="gone", text="It waits no more."))
        == []
    )
    assert desk.get(asked.ref).reason == "It waits no more."


def test_same_line_twice_is_one_question(stand: Stand) -> None:
    task = stand.running()
    read(stand, task, CALL)
    assert read(stand, task, CALL) == []
    assert read(stand, task, {"kind": "asked"}, {"kind": "answered", "ask": "9"}) == []


def test_our_own_doors_ask_without_a_shim(stand: Stand, desk: QuestionDesk) -> None:
    task = stand.running()
    asked = desk.raise_(task.id, task.run, {"what": "question", "text": "?"}, actor="agent:testing")
    done = answer(stand, desk, asked.id, "answer", text="yes")
    assert done.delivered_at is not None
    assert stand.records.open_commands(task) == []
    other = desk.raise_(task.id, task.run, {"what": "permission"}, actor="agent:testing")
    assert desk.withdraw(other.id, "It hung up.", actor="agent:testing").state == "gone"
    with pytest.raises(Conflict):
        desk.raise_(task.id, task.run + 1, {"what": "question"}, actor="agent:testing")
    with pytest.raises(NotFound):
        desk.raise_("none", 1, {"what": "question"}, actor="agent:testing")


def test_task_with_two_questions_wants_one_named(stand: Stand, desk: QuestionDesk) -> None:
    task = stand.running()
    read(stand, task, CALL, {**CALL, "ask": "2"})
    with pytest.raises(Conflict, match="waits for 2 answers"):
        desk.get(task.ref)


def test_explain_says_what_to_do(stand: Stand) -> None:
    task = stand.running()
    (asked,) = read(stand, task, CALL)
    explainer = Explainer(stand.executions, stand.desk, stand.clock, stand.accounts)
    found = stand.database.read(lambda r: explainer.task(r, task.ref))
    assert found["shown"]["word"] == "needs approval"
    (reason,) = found["reasons"]
    assert reason["code"] == "needs_approval"
    assert reason["command"] == f"claude-agent question show {asked.ref}"
