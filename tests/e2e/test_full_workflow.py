"""The whole product at work: the main job, agents together, recovery, load."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from claude_sdk import ClaudeSystem
from tests.e2e.main_job import AGENTS, STEPS, MainJob
from tests.e2e.product import TERMINAL, Product, lives
from tests.waiting import wait_until

TEAM = (
    *("master", "supervisor", "backend-api", "frontend-ui"),
    *("database", "testing", "deployment", "instagram"),
)
DRAINED, DRAINED_IN_PROOF = 300, 1000
COORDINATED = """
name: coordinated
inputs: {word: {type: string}}
steps:
  - id: plan
    agent: master
    run: echo "{\\"word\\":\\"$CLAUDE_AGENT_WITH_WORD\\"}" > "$CLAUDE_AGENT_OUTPUTS"
    with: {word: "${{ inputs.word }}"}
    outputs: {word: {type: string}}
"""
PART = """
  - id: {id}
    agent: {agent}
    depends_on: [plan]
    with: {{word: "${{{{ steps.plan.outputs.word }}}}"}}
    run: |
      {entry}
      touch {work}/here-{id}
      while [ "$(ls {work}/here-* | wc -l)" -lt {count} ]; do sleep 0.05; done
      echo "{{\\"said\\":\\"{agent} says $CLAUDE_AGENT_WITH_WORD\\"}}" > "$CLAUDE_AGENT_OUTPUTS"
    outputs: {{said: {{type: string}}}}
"""
JOIN = """
  - id: join
    agent: supervisor
    depends_on: [{parts}]
    with:
{said}
    run: |
      env | grep ^CLAUDE_AGENT_WITH_ | sort > {work}/joined
"""


def test_complete_deployment(main_job: MainJob) -> None:
    product = main_job.product
    execution = main_job.latest()
    assert execution["state"] == "succeeded"
    assert [step["id"] for step in execution["steps"]] == STEPS
    assert [step["agent"] for step in execution["steps"]] == AGENTS
    assert {step["state"] for step in execution["steps"]} == {"succeeded"}
    assert execution["outputs"]["url"]
    assert main_job.shop()["release"] == execution["outputs"]["release"]
    page = main_job.shop("/")
    assert "<script" in page
    assert main_job.shop("/api/products")
    [app] = product.system.apps.list()
    assert (app["name"], app["state"]) == ("shop", "running")
    for step in execution["steps"]:
        told = product.events(step["task_id"])
        assert told.count("task.started") == 1
        assert told[-1] == "task.succeeded"
    shown = product.cli("execution", "show", execution["ref"]).stdout
    assert all(step in shown for step in STEPS)
    product.verify()


def test_error_recovery(main_job: MainJob) -> None:
    product, before = main_job.product, main_job.shop()
    ran = len(product.entries("run_tests"))
    command = main_job.begin("broken")
    try:
        line = product.started("run_tests", times=ran + 1)[-1]
        shim, old = product.shim(line["run_id"]), product.server
        product.kill_server()  # in the middle of run_tests
        assert not lives(old)
        assert product.shims()[line["run_id"]] == shim
        assert main_job.shop() == before, "the shop does not notice"
        main_job.hold.unlink()
        said, _ = command.communicate(timeout=110)
    finally:
        command.kill()
        command.wait()
    assert command.returncode == 8, said
    execution = main_job.latest()
    assert execution["state"] == "compensated", product.story()
    states = {step["id"]: step["state"] for step in execution["steps"]}
    assert states == {
        **dict.fromkeys(STEPS, "succeeded"),
        "setup_database": "compensated",
        "deploy": "compensated",
        "verify": "failed",
    }
    told = [
        (frame["type"], frame["data"]["step"])
        for frame in product.system.executions.events(execution["id"])["items"]
        if frame["type"] in ("step.failed", "step.compensating", "step.compensated")
    ]
    undone = [step for kind, step in told if kind == "step.compensated"]
    assert told[0] == ("step.failed", "verify")
    assert undone == ["deploy", "setup_database"], "in reverse order of completion"
    assert main_job.shop() == before, "the release that worked answers again"
    assert main_job.shop("/api/products")
    assert len(product.entries("run_tests")) == ran + 1, "no step ran twice"
    product.verify()


def test_multi_agent_coordination(shared: Product) -> None:
    parts = {name.replace("-", "_"): name for name in TEAM if name not in ("master", "supervisor")}
    text = COORDINATED + "".join(
        PART.format(
            id=part, agent=agent, work=shared.work, count=len(parts), entry=shared.entry(part)
        )
        for part, agent in parts.items()
    )
    said = "\n".join(f'      {part}: "${{{{ steps.{part}.outputs.said }}}}"' for part in parts)
    text += JOIN.format(parts=", ".join(parts), said=said, work=shared.work)
    path = shared.work / "coordinated.yaml"
    path.write_text(text)
    shared.cli("workflow", "--file", str(path), "--params", "word=hello", "--wait")
    execution = shared.system.executions.list(limit=1)["items"][0]
    assert execution["state"] == "succeeded"
    # Each part waits for all others, so they were at work at the same time.
    joined = (shared.work / "joined").read_text().splitlines()
    assert joined == sorted(
        f"CLAUDE_AGENT_WITH_{part.upper()}={agent} says hello" for part, agent in parts.items()
    )
    assert {step["agent"] for step in execution["steps"]} == set(TEAM)
    order = [
        str(frame["data"]["step"])
        for frame in shared.system.executions.events(execution["id"])["items"]
        if frame["type"] == "step.succeeded"
    ]
    assert (order[0], order[-1]) == ("plan", "join")
    assert sorted(order[1:-1]) == sorted(parts)
    shared.verify()


def test_performance_under_load(main_job: MainJob, prove_scale: int) -> None:
    """Many clients at once, more tasks than slots: each is accepted, runs once and is found."""
    product = main_job.product
    count = DRAINED if prove_scale == 1 else DRAINED_IN_PROOF
    before = len(product.entries())
    holding = [product.submit(product.held("full"), agent=name) for name in (*TEAM, *TEAM)]
    wait_until(lambda: _busy(product), timeout=30, what="every slot to be busy")

    def submit(number: int) -> Any:
        body: dict[str, object] = {
            "run": product.entry(f"load-{number}"),
            "agent": TEAM[number % len(TEAM)],
            "cwd": str(product.work),
        }
        with ClaudeSystem(home=product.home) as system:
            return system.tasks.submit(body, key=f"load-{number}")

    with ThreadPoolExecutor(8) as clients:
        accepted = list(clients.map(submit, range(count)))
    assert len({task["id"] for task in accepted}) == count
    queued = sum(queue["ready"] for queue in product.system.agents.status()["queues"])
    assert queued >= count, "all of them wait"
    product.let_go("full")
    ids = {task["id"] for task in (*holding, *accepted)}

    def drained() -> bool:
        counts = product.system.tasks.list(limit=1)["counts"]
        return not any(number for state, number in counts.items() if state not in TERMINAL)

    wait_until(drained, timeout=100 * max(1, count // DRAINED), what="an empty queue", every=0.2)
    started = [line["task_id"] for line in product.entries()[before:]]
    assert sorted(started) == sorted(ids), "none lost, none twice"
    states = {task_id: product.task(task_id)["state"] for task_id in ids}
    assert set(states.values()) == {"succeeded"}
    status = product.system.agents.status()
    assert status["workers"]["busy"] == 0
    assert sum(queue["running"] + queue["ready"] for queue in status["queues"]) == 0
    assert json.loads(product.cli("event", "verify", "-o", "json").stdout)["ok"]
    product.verify()


def _busy(product: Product) -> bool:
    workers = product.system.agents.status()["workers"]
    return workers["slots"] - workers["busy"] <= workers["emergency_reserved"]
