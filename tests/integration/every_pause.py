"""What waits for people and for time: approvals, signals, sub-workflows, pauses, second chances."""

from typing import Any

from claude_agent.core import audit
from claude_agent.domain.approval_policy import Policy, Rule
from claude_agent.domain.approval_rights import Decider
from claude_agent.storage.database import Tx
from tests.unit.core import test_approvals as approvals
from tests.unit.core.stand import NO, Stand
from tests.unit.core.test_children import begin, parent, sub
from tests.unit.core.test_execution_desk import UNDO, step, workflow
from tests.unit.core.test_second_chances import ask, failed
from tests.unit.core.test_waits import signal, wait


def play_pauses(stand: Stand) -> None:
    """Let each of it happen once, on a stand on which nothing waits yet."""
    _approvals(stand)
    _steps_that_ask(stand)
    _waits(stand)
    _second_chances(stand)
    _tokens(stand)
    for one in stand.claims.claim():
        stand.end(stand.start(one))


def _approvals(stand: Stand) -> None:
    task, asked = approvals.held(stand)
    approvals.say(stand, asked.ref)
    (claimed,) = stand.claims.claim()
    stand.end(stand.start(claimed))
    assert approvals.of(stand, task).state == "used"
    _, asked = approvals.held(stand)
    approvals.say(stand, asked.ref, yes=False, note="no")
    approvals.test_a_cancelled_task_voids_its_question(stand)
    approvals.test_escalation_goes_on_to_people_and_a_clock_jump_hurries_nobody(stand)
    _, asked = approvals.held(stand, Rule(name="r", on_expire="reject", **approvals.SHORT))
    stand.clock.advance(60_000)
    stand.scheduler.tick()
    rule = Rule(name="two", match=approvals.ASK.match, decide="manual", quorum=2)
    _, asked = approvals.held(stand, rule)
    for name in ("ann", "bob"):
        by = Decider(actor=name, role="operator")
        seen = approvals.Say(yes=True, by=by, digest=stand.approvals.settle(asked.ref).digest)
        stand.database.write(lambda tx, seen=seen: _say(stand, tx, asked.ref, seen))
    for one in stand.claims.claim():
        stand.end(stand.start(one))
    flow = stand.engine.execute(workflow(step("a", run="rm -rf y")))
    for name in ("ann", "bob"):
        by = Decider(actor=name, role="operator")
        ref = stand.step_task(flow, "a").ref
        seen = approvals.Say(yes=True, by=by, digest=stand.approvals.settle(ref).digest)
        stand.database.write(lambda tx, ref=ref, seen=seen: _say(stand, tx, ref, seen))
    stand.do(flow, "a")
    stand.policy = Policy()
    stand.restart()


def _say(stand: Stand, tx: Tx, ref: str, said: Any) -> None:
    stand.approvals.say(tx, stand.approvals.book.find(tx, ref), said)


def _steps_that_ask(stand: Stand) -> None:
    approvals.test_a_step_asks_and_goes_on_as_it_says(stand, "{prompt: Go?}", "yes", "succeeded")
    begun = begin(stand, parent(sub()))
    stand.do(stand.execution(begun).steps["c"].child_id, "s", code=200)
    stand.links.orchestrator.drain()
    assert stand.execution(begun).terminal
    late = begin(stand, parent(sub(timeout="10m")))
    stand.clock.advance(600_000)
    stand.scheduler.tick()
    stand.links.orchestrator.drain()
    assert stand.execution(late).steps["c"].reason == "timeout.run"


def _waits(stand: Stand) -> None:
    one = stand.engine.execute(workflow(wait("s", signal="go"), wait("w", **{"for": "10m"})))
    signal(stand, one, "go", {"text": "\u00e4"})
    stand.scheduler.tick()
    stand.clock.jump(3_600_000)
    stand.scheduler.tick()
    stand.clock.advance(600_000)
    stand.scheduler.tick()
    assert stand.execution(one).terminal


def _second_chances(stand: Stand) -> None:
    chain = [step("a", compensate=UNDO), step("b", "a")]
    undoing = {"on_failure": "compensate", "compensation": {"timeout": "1m"}}
    late = failed(stand, *chain, **undoing)
    stand.clock.advance(60_000)
    stand.scheduler.tick()
    assert not stand.execution(late).steps["a"].undo_skipped
    again = failed(stand, *chain, on_failure="compensate")
    stand.do(again, "undo a", NO)
    ask(stand, "compensate", again)
    stand.do(again, "undo a")
    once_more = failed(stand, *chain, on_failure="fail")
    ask(stand, "retry", once_more)
    ask(stand, "pause", once_more)
    ask(stand, "resume", once_more)
    stand.do(once_more, "b")


def _tokens(stand: Stand) -> None:
    def work(tx: Tx) -> None:
        at = stand.clock.now()
        tx.execute("tokens.put", hash="h", name="ann", role="viewer", at=at, by="me")
        context = stand.desk.context("me")
        told = {"name": "ann", "role": "viewer"}
        audit.record(tx, context, "token/ann", "token.made", told)

    def revoke(tx: Tx) -> None:
        at, context = stand.clock.now(), stand.desk.context("me")
        tx.execute("tokens.revoke", name="ann", at=at)
        audit.record(tx, context, "token/ann", "token.revoked", {"name": "ann"})

    stand.database.write(work)
    stand.database.write(revoke)
