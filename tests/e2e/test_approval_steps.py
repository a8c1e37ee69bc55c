"""Steps that are approvals, and steps whose task the policy holds, on the whole product."""

import subprocess
from typing import Any

import pytest

from tests.e2e.gates import gated, made
from tests.e2e.product import PROGRAM, Product
from tests.waiting import wait_until

__all__ = ["gated", "made"]

DEPLOY = """
name: Deploy
inputs: {env: {type: string}}
steps:
  - {id: build, agent: testing, run: "echo '{\\"image\\": \\"shop:7\\"}' > $CLAUDE_AGENT_OUTPUTS",
     outputs: {image: {type: string}}, compensate: {run: "UNDO"}}
  - id: ask
    type: approval
    depends_on: [build]
    approval:
      mode: "${{ inputs.env == 'prod' ? 'manual' : 'auto' }}"
      prompt: "Deploy ${{ steps.build.outputs.image }} to ${{ inputs.env }}?"
      approvers: [operator]
      on_reject: ON_REJECT
      show: ["steps.build.outputs", diff]
      form: {version: {type: integer}}
  - {id: deploy, agent: testing, depends_on: [ask], run: "RUN",
     env: {V: "${{ steps.ask.outputs.form.version }}"}}
"""


def deploy(gated: Product, env: str = "prod", on_reject: str = "fail") -> Any:
    """Start the workflow above."""
    source = DEPLOY.replace("ON_REJECT", on_reject)
    source = source.replace("RUN", "echo v=$V").replace("UNDO", "echo undone")
    params = {"env": env}
    return gated.system.workflows.execute(source=source, params=params, cwd=str(gated.work))


def step_approval(gated: Product, run: Any) -> Any:
    """Return the approval that an execution waits for."""
    found = lambda: gated.system.approvals.list(execution_id=run["id"])["items"]  # noqa: E731
    (one,) = wait_until(found, timeout=40, what="the approval of the step")
    return one


def test_a_step_waits_for_its_approval_and_hands_on_the_answers(gated: Product) -> None:
    run = deploy(gated)
    one = step_approval(gated, run)
    assert gated.execution_reaches(run["ref"], "waiting")["steps"][1]["state"] == "held"
    assert "1 approval waits" in gated.cli("status").stdout
    shown = gated.cli("approval", "show", one["ref"]).stdout
    for text in ("Deploy shop:7 to prod?", '"image": "shop:7"', "version (integer)", "diff"):
        assert text in shown
    wrong = gated.cli("approval", "approve", one["ref"], "--yes", "--answer", "version=x", expect=2)
    assert "must be a whole number" in wrong.stderr
    gated.kill_server()
    yes = ("--yes", "--answer", "version:=7", "--note", "go")
    gated.cli("approval", "approve", one["ref"], *yes)
    ended = gated.execution_reaches(run["ref"], "succeeded")
    given = {"approved": True, "by": "operator", "note": "go", "form": {"version": 7}}
    assert ended["steps"][1]["outputs"] == given
    log = gated.system.tasks.log(ended["steps"][2]["task_id"])["text"]
    assert log == "v=7\n"
    assert (
        "is approved already"
        in gated.cli("approval", "reject", one["ref"], "--yes", expect=6).stderr
    )


def test_who_waits_for_the_end_is_told_what_to_type(gated: Product) -> None:
    run = deploy(gated)
    words = [str(PROGRAM), "execution", "wait", run["ref"]]
    with subprocess.Popen(
        words, env=gated.environ, cwd=gated.work, stderr=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stderr is not None
        told = [waiting.stderr.readline() for _ in range(2)]
        (one,) = gated.system.approvals.list(execution_id=run["id"])["items"]
        said = f"Approval {one['ref']} is not decided; it is decided by operator."
        assert told[0] == f"{run['ref']} waits at ask: {said}\n"
        typed = told[1].split()
        assert typed == ["claude-agent", "approval", "approve", one["ref"]]
        gated.cli(*typed[1:], "--yes", "--answer", "version:=7")
        assert waiting.wait(60) == 0
        assert waiting.stderr.read() == "", "each reason is told once"


@pytest.mark.parametrize(
    ("on_reject", "ends", "states"),
    [
        ("fail", "compensated", ["compensated", "failed", "skipped"]),
        ("compensate", "compensated", ["compensated", "failed", "skipped"]),
        ("skip", "succeeded", ["succeeded", "skipped", "skipped"]),
    ],
)
def test_a_rejected_step_does_what_it_says(
    gated: Product, on_reject: str, ends: str, states: list[str]
) -> None:
    run = deploy(gated, on_reject=on_reject)
    one = step_approval(gated, run)
    gated.cli("approval", "reject", one["ref"], "--yes", "--note", "not today")
    ended = gated.execution_reaches(run["ref"], ends)
    assert [step["state"] for step in ended["steps"]] == states
    if on_reject != "skip":
        assert ended["error"]["message"] == "ask: not today"


def test_a_step_that_needs_no_approval_asks_nobody(gated: Product) -> None:
    run = deploy(gated, env="dev")
    ended = gated.execution_reaches(run["ref"], "failed", "compensated")
    # Nobody answered its form: what reads the answer fails with a reason.
    assert ended["steps"][1]["outputs"]["by"] == "the workflow"
    assert gated.system.approvals.list(execution_id=run["id"])["items"] == []


def test_a_cancelled_execution_takes_its_question_back(gated: Product) -> None:
    run = deploy(gated)
    one = step_approval(gated, run)
    gated.system.executions.cancel(run["ref"])
    gated.execution_reaches(run["ref"], "cancelled", "compensated")
    refused = gated.cli("approval", "approve", one["ref"], "--yes", expect=6)
    assert "is voided already" in refused.stderr


def test_a_step_whose_task_is_held_makes_its_execution_wait(gated: Product) -> None:
    source = 'name: Held\nsteps: [{id: a, agent: testing, run: "true # rm -rf"}]'
    run = gated.system.workflows.execute(source=source, cwd=str(gated.work))
    waits = gated.execution_reaches(run["ref"], "waiting")
    assert waits["steps"][0]["state"] == "held"
    gated.cli("approval", "approve", step_approval(gated, run)["ref"], "--yes")
    gated.execution_reaches(run["ref"], "succeeded")
    again = gated.system.workflows.execute(source=source, cwd=str(gated.work))
    gated.cli("approval", "reject", step_approval(gated, again)["ref"], "--yes")
    ended = gated.execution_reaches(again["ref"], "failed")
    assert (ended["steps"][0]["reason"], ended["steps"][0]["state"]) == ("rejected", "failed")


AGAIN = """
name: Again
steps:
  - {id: draft, agent: testing, run: "WRITE"}
  - {id: beside, agent: testing, run: "BESIDE"}
  - id: ask
    type: approval
    depends_on: [draft]
    approval: {prompt: Good?, on_reject: rewind, rewind_to: draft}
  - {id: publish, agent: testing, depends_on: [ask], run: "true"}
"""


def test_a_no_goes_back_to_a_step_with_its_feedback(gated: Product) -> None:
    source = AGAIN.replace("WRITE", "echo told=$CLAUDE_AGENT_FEEDBACK").replace("BESIDE", "true")
    run = gated.system.workflows.execute(source=source, cwd=str(gated.work))
    first = step_approval(gated, run)
    gated.cli("approval", "reject", first["ref"], "--yes", "--note", "too long")

    def waiting() -> list[Any]:
        page = gated.system.approvals.list(execution_id=run["id"], state="requested")
        return list(page["items"])

    (second,) = wait_until(waiting, timeout=40, what="the second question")
    assert second["id"] != first["id"]
    assert gated.system.executions.get(run["ref"])["generation"] == 2
    gated.cli("approval", "approve", second["ref"], "--yes")
    ended = gated.execution_reaches(run["ref"], "succeeded")
    assert [step["state"] for step in ended["steps"]] == ["succeeded"] * 4
    (reopened,) = [
        one["data"]
        for one in gated.system.executions.events(run["ref"])["items"]
        if one["type"] == "execution.reopened"
    ]
    assert (reopened["mode"], reopened["from_step"], reopened["feedback"]) == (
        *("rewind", "draft", "too long"),
    )
    log = gated.system.tasks.log(ended["steps"][0]["task_id"])["text"]
    assert log == "told=too long\n"
    assert "beside" not in reopened["reset"]
