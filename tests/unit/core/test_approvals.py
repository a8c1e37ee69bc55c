"""Approvals on real databases: held, decided, run out, raced for; rows are what the log says."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from claude_agent.core.approvals import Planned
from claude_agent.core.explainer import Explainer
from claude_agent.domain.approval import Approval, Say
from claude_agent.domain.approval_policy import Match, Policy, Requester, Rule
from claude_agent.domain.approval_rights import ApprovalChanged, ApprovalDecided, Decider
from claude_agent.domain.task import Task
from claude_agent.domain.task_letters import Redrive
from claude_agent.errors import Conflict, NotFound
from tests.unit.core.stand import NO, Stand

OPERATOR = Decider(actor="operator", role="operator")
ASK = Rule(name="ask", match=Match(command="rm -rf"), decide="always_ask")
SHORT = {"expires_ms": 60_000, "match": Match(command="rm -rf"), "decide": "manual"}
STOPPED = """
name: Stopped
steps:
  - {id: ask, type: approval}
  - {id: no, type: approval, approval: {mode: reject}}
"""
STEP = """
name: Asks
steps:
  - {id: a, agent: testing, run: "true"}
  - {id: ask, type: approval, depends_on: [a], approval: APPROVAL}
  - {id: b, agent: testing, depends_on: [ask], run: "true"}
"""


def held(stand: Stand, *rules: Rule, **fields: Any) -> tuple[Task, Approval]:
    """Submit what the rules hold; return the task and its approval."""
    stand.policy = Policy(rules=rules or (ASK,))
    stand.restart()
    task = stand.submit(run="rm -rf x", **fields)
    assert task.state == "held"
    return task, stand.approvals.look(task.ref)[0]


def say(stand: Stand, ref: str, *, yes: bool = True, **more: Any) -> Approval:
    """Decide as a person does."""
    asked = stand.approvals.settle(ref)
    command = Say(yes=yes, by=OPERATOR, digest=asked.digest, **more)
    return stand.database.write(lambda tx: stand.approvals.say(tx, asked, command))


def of(stand: Stand, task: Task) -> Approval:
    """Return a task's approval as its row says."""
    return stand.database.read(lambda r: stand.approvals.book.find(r, task.ref))


def test_a_held_task_is_claimed_only_after_its_yes_which_is_used_up_then(stand: Stand) -> None:
    task, approval = held(stand)
    assert stand.claims.claim() == []
    assert (approval.rule, approval.decide, approval.digest) == ("ask", "always_ask", "d")
    say(stand, approval.ref)
    stand.restart()  # kill -9 between the approval and the start
    (claimed,) = stand.claims.claim()
    assert (claimed.id, of(stand, task).state, of(stand, task).used_run) == (task.id, "used", 1)
    assert stand.start(claimed).state == "running"
    types = stand.types(claimed.stream)
    assert types[:4] == ["task.submitted", "task.approved", "task.claimed", "task.starting"]
    with pytest.raises(ApprovalDecided):
        say(stand, approval.ref, yes=False)


def test_a_run_that_is_not_what_was_approved_never_begins_and_asks_again(stand: Stand) -> None:
    task, approval = held(stand)
    say(stand, approval.ref)
    (claimed,) = stand.claims.claim()
    ended = stand.control.started(claimed, adapter="shell", digest="another")
    assert (ended.state, ended.error and ended.error["kind"]) == ("dead", "digest_mismatch")
    assert (of(stand, task).state, stand.places()) == ("voided", {})
    again = Redrive(at=stand.clock.now())
    context = stand.desk.context("operator")
    driven = stand.database.write(
        lambda tx: stand.desk.apply(tx, stand.desk.find(tx, task.ref), again, context)
    )
    assert (driven.state, driven.approval != approval.id) == ("held", True)
    assert (of(stand, task).generation, of(stand, task).state) == (2, "requested")
    assert stand.claims.claim() == []


def test_a_retry_is_covered_by_the_same_digest_alone(stand: Stand) -> None:
    retry = {"max_attempts": 2, "delay": "1s"}
    task, approval = held(stand, retry=retry)
    say(stand, approval.ref)
    stand.end(stand.start(stand.claims.claim()[0]), NO)
    stand.clock.advance(1_000)
    stand.scheduler.tick()
    (second,) = stand.claims.claim()
    assert stand.start(second).state == "running"
    assert of(stand, task).used_run == 1


def test_what_changed_since_it_was_shown_is_not_approved(stand: Stand) -> None:
    _, approval = held(stand)
    stand.approvals.tell(lambda _: Planned(digest="e", shown={"text": "other"}))
    with pytest.raises(ApprovalChanged):
        say(stand, approval.ref)
    now = stand.approvals.look(approval.ref)[0]
    assert (now.digest, now.state, now.shown) == ("e", "requested", {"text": "other"})
    assert say(stand, approval.ref).state == "approved"


@pytest.mark.parametrize(
    ("on_expire", "state", "task_state"),
    [("reject", "expired", "rejected"), ("approve", "approved", "ready")],
)
def test_time_decides_where_nobody_does_also_after_a_restart(
    stand: Stand, on_expire: str, state: str, task_state: str
) -> None:
    task, _ = held(stand, Rule(name="r", on_expire=on_expire, **SHORT))
    stand.clock.advance(59_999)
    stand.restart()
    stand.scheduler.tick()
    assert stand.task(task.id).state == "held"
    stand.clock.advance(1)
    stand.scheduler.tick()
    assert (of(stand, task).state, stand.task(task.id).state) == (state, task_state)
    if state == "expired":
        assert stand.task(task.id).reason == "approval_expired"


def test_escalation_goes_on_to_people_and_a_clock_jump_hurries_nobody(stand: Stand) -> None:
    rule = Rule(name="r", on_expire="escalate", deciders=("supervisor",), **SHORT)
    task, _ = held(stand, rule)
    stand.scheduler.tick()
    stand.clock.jump(3_600_000)
    stand.scheduler.tick()
    assert (of(stand, task).level, of(stand, task).deciders) == (0, ("supervisor",))
    stand.clock.advance(60_000)
    stand.scheduler.tick()
    assert (of(stand, task).level, of(stand, task).deciders) == (1, ("operator", "approver"))
    assert stand.task(task.id).state == "held"


def test_a_countdown_ends_by_itself_or_by_a_no(stand: Stand) -> None:
    rule = Rule(name="r", match=Match(command="rm -rf"), decide="auto", countdown_ms=10_000)
    first, _ = held(stand, rule)
    second = stand.submit(run="rm -rf y")
    say(stand, second.ref, yes=False, note="no")
    stand.clock.advance(10_000)
    stand.scheduler.tick()
    assert [stand.task(one.id).state for one in (first, second)] == ["ready", "rejected"]
    assert (of(stand, first).how, of(stand, first).digest) == ("countdown", "d")


def test_a_cancelled_task_voids_its_question(stand: Stand) -> None:
    task, approval = held(stand)
    stand.orders.cancel(task.ref, reason="no", actor="operator")
    assert of(stand, task).state == "voided"
    with pytest.raises(ApprovalDecided):
        say(stand, approval.ref)
    with pytest.raises(NotFound):
        stand.approvals.look("NOBODY")


def test_a_hundred_racing_decisions_have_one_winner(stand: Stand) -> None:
    task, approval = held(stand)

    def race(n: int) -> str:
        by = Decider(actor=f"p{n}", role="operator")
        command = Say(yes=n % 2 == 0, by=by, digest="d")
        try:
            return stand.database.write(lambda tx: stand.approvals.say(tx, approval, command)).state
        except Conflict as error:
            return error.code

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(race, range(100)))
    assert found.count("approval_decided") == 99
    (won,) = [each for each in found if each != "approval_decided"]
    assert of(stand, task).state == won
    assert stand.task(task.id).state == {"approved": "ready", "rejected": "rejected"}[won]
    decided = [t for t in stand.types(approval.stream) if t.endswith((".approved", ".rejected"))]
    assert len(decided) == 1


def test_agents_requests_are_held_and_say_who_asked(stand: Stand) -> None:
    agent = Requester(kind="agent", name="database", task_id="t", trusted=False)
    spec = {"run": "true", "agent": "testing"}
    task = stand.database.write(
        lambda tx: stand.bus.accept(tx, spec, actor="agent:database", requester=agent)
    )
    assert task.state == "held"
    approval = of(stand, task)
    assert (approval.requester, approval.requester_kind) == ("database", "agent")
    assert approval.rule == "agent_requests"


@pytest.mark.parametrize(
    ("approval", "said", "ends"),
    [
        ("{prompt: Go?}", "yes", "succeeded"),
        ("{on_reject: fail}", "no", "failed"),
        ("{on_reject: skip}", "no", "succeeded"),
        ("{mode: auto}", "", "succeeded"),
        ("{mode: reject}", "", "failed"),
        ("{mode: reject, on_reject: rewind, rewind_to: a}", "", "failed"),
    ],
)
def test_a_step_asks_and_goes_on_as_it_says(
    stand: Stand, approval: str, said: str, ends: str
) -> None:
    digest = stand.engine.define_workflow(STEP.replace("APPROVAL", approval))
    run = stand.engine.execute(digest)
    stand.do(run, "a")
    if said:
        assert stand.execution(run).state == "waiting"
        stand.restart()
        (row,) = stand.rows("approvals.open_of_step", execution=run, step="ask")
        say(stand, row["id"], yes=said == "yes")
    if stand.execution(run).steps["b"].state == "queued":
        stand.do(run, "b")
    assert stand.execution(run).state == ends


def test_execution_names_the_one_approval_that_it_waits_for(stand: Stand) -> None:
    text = STEP.replace("APPROVAL", "{prompt: Go?}")
    text += "  - {id: also, type: approval, depends_on: [a], approval: {prompt: And?}}\n"
    run = stand.engine.execute(stand.engine.define_workflow(text))
    stand.do(run, "a")
    ref = stand.execution(run).ref
    asked = [row["ref"] for row in stand.rows("approvals.open_of_execution", execution=run)]
    with pytest.raises(Conflict, match="waits for 2 approvals") as caught:
        stand.approvals.look(ref)
    assert all(each in caught.value.hint for each in asked)
    say(stand, asked[0])
    assert stand.approvals.look(ref.lower())[0].ref == asked[1]
    say(stand, asked[1])
    with pytest.raises(NotFound):
        stand.approvals.look(ref)


def test_who_takes_over_and_what_they_would_run_is_looked_at_before(stand: Stand) -> None:
    rules = (ASK, Rule(name="db", match=Match(agents=("database",)), decide="manual"))
    stand.policy = Policy(rules=rules)
    stand.restart()
    assert stand.submit(run="ls").state == "ready"
    assert stand.submit(run="ls", retry={"max_attempts": 2, "agent": "database"}).state == "held"
    steps = [
        {"id": "a", "agent": "testing", "run": "ls", "fallback": [{"run": "rm -rf x"}]},
        {"id": "b", "agent": "testing", "run": "ls", "fallback": [{"agent": "database"}]},
        {"id": "c", "agent": "testing", "run": "ls", "fallback": [{"run": "true"}]},
    ]
    run = stand.engine.execute({"name": "two", "steps": steps})
    states = {name: one.state for name, one in stand.execution(run).steps.items()}
    assert states == {"a": "held", "b": "held", "c": "queued"}


def test_a_step_that_runs_out_goes_back_to_no_step(stand: Stand) -> None:
    approval = "{on_reject: rewind, rewind_to: a, expires: 1m}"
    run = stand.engine.execute(stand.engine.define_workflow(STEP.replace("APPROVAL", approval)))
    stand.do(run, "a")
    stand.clock.advance(60_000)
    stand.scheduler.tick()
    ended = stand.execution(run)
    assert (ended.state, ended.generation) == ("failed", 1)
    assert ended.steps["ask"].message == "Nobody decided in time."


def test_a_rewind_waits_for_what_still_runs_and_asks_anew(stand: Stand) -> None:
    text = STEP.replace("APPROVAL", "{on_reject: rewind, rewind_to: a}")
    text += '  - {id: beside, agent: database, run: "true"}\n'
    run = stand.engine.execute(stand.engine.define_workflow(text))
    stand.claims.claim()
    stand.end(stand.start(stand.step_task(run, "a")))
    beside = stand.start(stand.step_task(run, "beside"))
    (row,) = stand.rows("approvals.open_of_step", execution=run, step="ask")
    say(stand, row["id"], yes=False, note="shorter")
    paused = stand.execution(run)
    assert (paused.state, paused.generation) == ("paused", 1)
    stand.end(beside)
    again = stand.execution(run)
    assert (again.state, again.generation, again.feedback) == ("running", 2, "shorter")
    assert again.steps["beside"].state == "succeeded"
    stand.do(run, "a")
    (second,) = stand.rows("approvals.open_of_step", execution=run, step="ask")
    assert second["id"] != row["id"]
    with pytest.raises(ApprovalDecided):
        say(stand, row["id"])
    say(stand, second["id"])
    stand.do(run, "b")
    assert stand.execution(run).state == "succeeded"


def test_a_cancelled_execution_voids_the_question_of_its_step(stand: Stand) -> None:
    run = stand.engine.execute(stand.engine.define_workflow(STEP.replace("APPROVAL", "{}")))
    stand.do(run, "a")
    (row,) = stand.rows("approvals.open_of_step", execution=run, step="ask")
    stand.engine.cancel(run, compensate=False, actor="operator", reason="no")
    with pytest.raises(ApprovalDecided, match="is voided already"):
        say(stand, row["id"])
    assert stand.execution(run).state == "cancelled"


def test_explain_names_the_approval_and_the_command(stand: Stand) -> None:
    task, approval = held(stand)
    explainer = Explainer(stand.executions, stand.desk, stand.clock, stand.accounts)
    (reason,) = stand.database.read(lambda r: explainer.task(r, task.ref))["reasons"]
    assert reason["command"] == f"claude-agent approval approve {approval.ref}"
    run = stand.engine.execute(stand.engine.define_workflow(STEP.replace("APPROVAL", "{}")))
    stand.do(run, "a")
    (row,) = stand.rows("approvals.open_of_execution", execution=run)
    told = json.dumps(stand.database.read(lambda r: explainer.execution(r, run)))
    assert f"claude-agent approval approve {row['ref']}" in told


def test_step_that_is_held_and_stopped_by_one_decision_asks_nobody(stand: Stand) -> None:
    one = stand.engine.execute(stand.engine.define_workflow(STOPPED))
    assert stand.execution(one).state == "failed"
    assert stand.rows("approvals.open_of_execution", execution=one) == []
