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
