"""A failure fed back, another agent, a heartbeat that stops: over real runs."""

from tests.e2e.product import Product

FLOW = """
name: e2e second tries
steps:
  - id: told
    agent: testing
    retry: {max_attempts: 2, delay: 0s, prompt: "It said: ${{ failure.summary }}"}
    run: |
      [ "$CLAUDE_AGENT_ATTEMPT" != 1 ] || exit 3
      printf '{"told": "%s", "kind": "%s"}' \\
        "$CLAUDE_AGENT_FEEDBACK" "$CLAUDE_AGENT_FAILURE_KIND" > "$CLAUDE_AGENT_OUTPUTS"
    outputs: {told: {type: string}, kind: {type: string}}
  - id: other
    agent: [testing, database]
    depends_on: [told]
    fallback: [{agent: database, run: "echo from another"}]
    run: "false"
  - id: beats
    agent: testing
    depends_on: [other]
    timeout: {heartbeat: 500ms}
    retry: {max_attempts: 2, delay: 0s, on: [timeout.heartbeat]}
    run: |
      touch "$CLAUDE_AGENT_HEARTBEAT"
      [ "$CLAUDE_AGENT_ATTEMPT" != 1 ] || exec sleep 300
"""


def test_second_tries_get_what_the_first_one_left(shared: Product) -> None:
    started = shared.system.workflows.execute(source=FLOW)
    ended = shared.execution_reaches(started["id"], "succeeded", "failed", timeout=60)
    assert ended["state"] == "succeeded", ended
    steps = {step["id"]: step for step in ended["steps"]}
    assert steps["told"]["outputs"] == {
        "told": "It said: The command exited with 3.",
        "kind": "exit",
    }
    other = shared.task(steps["other"]["task_id"])
    assert (other["agent"], other["run"], other["attempt"]) == ("database", "echo from another", 2)
    assert steps["beats"]["attempt"] == 2
    assert "task.stop_requested" in shared.events(steps["beats"]["task_id"])


def test_a_task_of_its_own_is_tried_again_as_it_was_asked(shared: Product) -> None:
    told = (
        '[ "$CLAUDE_AGENT_ATTEMPT" != 1 ] || exit 3; printf \'{"told": "%s"}\''
        ' "$CLAUDE_AGENT_FEEDBACK" > "$CLAUDE_AGENT_OUTPUTS"'
    )
    retry = {"max_attempts": 3, "delay": 0, "if": "failure.exit_code == 3", "agent": "database"}
    again = shared.submit(told, retry=retry | {"prompt": "It ended with ${{ failure.exit_code }}"})
    never = shared.submit("exit 4", retry=retry)
    words = ("--run", "exit 3", "--agent", "testing", "--retries", "1", "--retry-delay", "1ms")
    twice = shared.json("submit", *words)
    ended = shared.reaches(again["ref"], "succeeded", "dead")
    assert (ended["agent"], ended["attempt"]) == ("database", 2)
    assert ended["outputs"] == {"told": "It ended with 3"}
    ended = shared.reaches(never["ref"], "dead")
    assert (ended["attempt"], ended["reason"]) == (1, "exit")
    ended = shared.reaches(twice["ref"], "dead")
    assert (ended["attempt"], ended["reason"]) == (2, "attempts_used_up")


def test_each_of_the_five_timeouts_ends_what_goes_against_it(shared: Product) -> None:
    holds = shared.submit(shared.held("holds"), lock="five")
    shared.started("holds")
    hangs = "exec sleep 300"
    limits = {
        "start": ("true", {"lock": "five", "timeout": {"start": "200ms"}}),
        "run": (hangs, {"timeout": {"run": "200ms"}}),
        "total": (
            "exit 1",
            {"timeout": {"total": "1s"}, "retry": {"max_attempts": 9, "delay": "9m"}},
        ),
        "idle": (f"echo once; {hangs}", {"timeout": {"idle": "200ms"}}),
        "heartbeat": (
            'touch "$CLAUDE_AGENT_HEARTBEAT"; while :; do echo; sleep 0.05; done',
            {"timeout": {"heartbeat": "500ms", "idle": "100s"}},
        ),
    }
    agents = ("testing", "database", "deployment", "master", "supervisor")
    asked = {
        name: shared.submit(run, **more, agent=agent)
        for (name, (run, more)), agent in zip(limits.items(), agents, strict=True)
    }
    for name, task in asked.items():
        ended = shared.reaches(task["ref"], "dead", "expired", timeout=60)
        assert ended["error"]["kind"] == f"timeout.{name}", ended
        assert ended["state"] == ("expired" if name == "start" else "dead")
    shared.let_go("holds")
    shared.reaches(holds["ref"], "succeeded")
