from dataclasses import replace
from typing import Any

import pytest

from claude_agent.domain import approval_events as ev
from claude_agent.domain.approval import (
    APPROVAL_ALLOWED,
    Approval,
    ApprovalState,
    Bind,
    Command,
    Meant,
    RunOut,
    Say,
    Shift,
    Use,
    Void,
    decide,
    evolve,
    requested,
)
from claude_agent.domain.approval_rights import ApprovalChanged, ApprovalDecided, Decider
from claude_agent.errors import Conflict, Forbidden, Invalid

AT = 1_700_000_000_000
OPERATOR = Decider(actor="operator", role="operator")
ANN = Decider(actor="ann", role="approver", name="ann")
BEN = Decider(actor="ben", role="approver", name="ben")
BOSS = Decider(actor="agent:supervisor", role="agent", name="supervisor")
BIND = Bind(digest="d", shown={"argv": ["true"]})


def asked(**more: Any) -> Approval:
    said = ev.ApprovalRequested(ref="AP01", subject="task", task_id="t", agent="testing", **more)
    return requested("a", said, AT)


def after(one: Approval, *commands: Command, at: int = AT) -> Approval:
    for command in commands:
        for said in decide(one, command):
            one = evolve(one, said, at)
    return one


def yes(by: Decider = OPERATOR, **more: Any) -> Say:
    return Say(yes=True, by=by, **more)


def no(by: Decider = OPERATOR, **more: Any) -> Say:
    return Say(yes=False, by=by, **more)


def bound(**more: Any) -> Approval:
    return after(asked(**more), BIND)


def test_a_yes_is_about_a_digest_and_is_used_up_once() -> None:
    one = after(bound(), yes(note="ok"))
    assert (one.state, one.decided_by, one.note, one.covers(Meant(digest="d"))) == (
        "approved",
        "operator",
        "ok",
        True,
    )
    assert not one.covers(Meant(digest="e"))
    used = after(one, Use(run=1))
    assert (
        used.state,
        used.used_run,
        used.covers(Meant(digest="d")),
        used.covers(Meant(digest="e")),
    ) == (
        "used",
        1,
        True,
        False,
    )
    assert decide(used, Use(run=2)) == ()  # a later attempt
    void = after(used, Void(reason="it changed"))
    assert (void.state, void.covers(Meant(digest="d"))) == ("voided", False)
    with pytest.raises(Conflict):
        decide(void, Use(run=3))


def test_nothing_is_approved_that_was_not_looked_at() -> None:
    with pytest.raises(ApprovalChanged):
        decide(asked(), yes())
    with pytest.raises(ApprovalChanged):
        decide(bound(), yes(digest="what I saw"))
    assert after(bound(), yes(digest="d")).state == "approved"
    assert after(asked(), no()).state == "rejected"
    assert not replace(asked(), state=ApprovalState.APPROVED).covers(Meant(digest=""))


def test_a_change_takes_back_the_votes() -> None:
    one = after(bound(quorum=2), yes(ANN))
    assert (one.state, len(one.votes)) == ("requested", 1)
    changed = after(one, Bind(digest="e", shown={}))
    assert (changed.digest, changed.votes) == ("e", ())
    assert decide(changed, Bind(digest="e", shown={})) == ()


def test_a_quorum_is_of_different_people_and_one_no_is_a_no() -> None:
    one = after(bound(quorum=2), yes(ANN, answers={}))
    with pytest.raises(Conflict, match="has approved AP01 already"):
        decide(one, yes(ANN))
    assert after(one, yes(BEN)).state == "approved"
    assert after(one, no(BEN)).state == "rejected"


@pytest.mark.parametrize("end", ["approved", "used", "rejected", "expired", "voided"])
def test_what_is_decided_is_not_decided_again(end: str) -> None:
    one = replace(bound(), state=ApprovalState(end), decided_by="ann")
    for say in (yes(), no()):
        with pytest.raises(ApprovalDecided, match=f"is {end} already by ann"):
            decide(one, say)
    assert decide(one, RunOut(at=AT * 2)) == ()
    assert decide(one, Shift(jump=5)) == ()
    assert decide(one, Bind(digest="x", shown={})) == ()


@pytest.mark.parametrize(
    ("deciders", "by", "allowed"),
    [
        ((), OPERATOR, True),
        ((), ANN, True),
        ((), Decider(actor="vic", role="viewer", name="vic"), False),
        ((), BOSS, False),
        (("supervisor",), BOSS, True),
        (("supervisor",), OPERATOR, True),
        (("supervisor", "operator"), ANN, False),
        (("approver",), OPERATOR, False),
        (("ann",), ANN, True),
        (("ann",), BEN, False),
        (("ann",), OPERATOR, False),
        (("supervisor",), Decider(actor="agent:testing", role="agent", name="testing"), False),
        (("testing",), Decider(actor="agent:testing", role="agent", name="testing"), False),
    ],
)
def test_who_may_decide(deciders: tuple[str, ...], by: Decider, *, allowed: bool) -> None:
    one = bound(deciders=list(deciders), rule="rule 3")
    for say in (yes(by), no(by)):
        if not allowed:
            with pytest.raises(Forbidden):
                decide(one, say)
            continue
        done = after(one, say)
        assert done.decided_rule == ("rule 3" if by.role == "agent" else "")


def test_nobody_decides_about_their_own_request() -> None:
    for more in ({"requester": "supervisor", "requester_kind": "agent"}, {"agent": "supervisor"}):
        said = {"agent": "testing", "deciders": ["supervisor"]} | more
        event = ev.ApprovalRequested(ref="AP01", subject="task", task_id="t", **said)
        own = after(requested("a", event, AT), BIND)
        with pytest.raises(Forbidden, match="its own request"):
            decide(own, yes(BOSS))
    with pytest.raises(Forbidden, match="ann asked for AP01"):
        decide(bound(requester="ann"), yes(ANN))
    assert after(bound(requester="ann"), yes(BEN)).state == "approved"


def test_running_out_does_what_was_said() -> None:
    assert decide(bound(due_at=AT + 5, on_due="reject"), RunOut(at=AT + 4)) == ()
    gone = after(bound(due_at=AT + 5, on_due="reject"), RunOut(at=AT + 5))
    assert (gone.state, gone.reason) == ("expired", "approval_expired")
    through = after(bound(due_at=AT + 5, on_due="approve"), RunOut(at=AT + 5))
    assert (through.state, through.how, through.decided_by) == ("approved", "expired", "policy")
    counted = bound(due_at=AT + 5, on_due="approve", decide="auto")
    assert after(counted, RunOut(at=AT + 5)).how == "countdown"
    assert after(counted, no()).state == "rejected"


def test_escalation_asks_people_after_the_supervisor_and_then_waits_for_them() -> None:
    one = bound(due_at=AT + 5, on_due="escalate", expires_ms=5, deciders=["supervisor", "ann"])
    first = after(one, RunOut(at=AT + 5))
    assert (first.state, first.deciders, first.due_at, first.level) == (
        "requested",
        ("ann",),
        AT + 10,
        1,
    )
    with pytest.raises(Forbidden):
        decide(first, yes(BOSS))
    second = after(first, RunOut(at=AT + 10))
    assert (second.deciders, second.due_at, second.on_due) == (("operator", "approver"), 0, "")
    assert after(second, yes()).state == "approved"


def test_a_jump_of_the_clock_keeps_what_is_left() -> None:
    assert after(bound(due_at=AT + 5, on_due="reject"), Shift(jump=1000)).due_at == AT + 1005
    assert decide(bound(), Shift(jump=1000)) == ()


def test_answers_fit_the_form() -> None:
    form = {
        "version": {"type": "integer", "minimum": 1, "required": True},
        "why": {"type": "string"},
    }
    one = bound(form=form)
    for answers, said in (
        ({}, "asks for version"),
        ({"version": "1"}, "must be a whole number"),
        ({"version": 0}, "at least 1"),
        ({"version": 1, "what": 2}, "no field what"),
    ):
        with pytest.raises(Invalid, match=said) as caught:
            decide(one, yes(answers=answers))
        assert caught.value.pointer is not None
        assert caught.value.pointer.startswith("/answers/")
    assert after(one, yes(answers={"version": 2})).answers == {"version": 2}
    with pytest.raises(Invalid, match="over 4000"):
        decide(one, yes(note="x" * 4001, answers={"version": 1}))


def test_every_state_of_the_table_is_reached() -> None:
    ways = [
        bound(),
        after(bound(), yes()),
        after(bound(), yes(), Use(run=1)),
        after(bound(), no()),
        after(bound(due_at=1, on_due="reject"), RunOut(at=2)),
        after(bound(), Void(reason="x")),
    ]
    assert {one.state for one in ways} == set(APPROVAL_ALLOWED) == set(ApprovalState)


def test_on_another_host_what_means_the_same_is_covered_and_on_its_own_all_of_it() -> None:
    drawn = replace(
        asked(), state=ApprovalState.APPROVED, digest="all", portable="means", host="one"
    )
    here, there = Meant(digest="all", portable="means", host="one"), "two"
    assert drawn.covers(here)
    assert not drawn.covers(replace(here, digest="other environment"))
    assert drawn.covers(replace(here, digest="other environment", host=there))
    assert not drawn.covers(replace(here, digest="other", portable="other", host=there))
    assert not drawn.covers(Meant(digest="other", host=there))
    unknown = replace(drawn, portable="", host="")  # as bound by an older version
    assert unknown.covers(here)
    assert not unknown.covers(Meant(digest="other", portable="", host=there))
    assert not unknown.covers(Meant(digest="other", portable="means", host=there))
    assert not replace(drawn, state=ApprovalState.REQUESTED).covers(here)
