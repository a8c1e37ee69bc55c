import threading
from pathlib import Path
from time import monotonic

import pytest

import claude_sdk
from claude_sdk import (
    ClaudeSystem,
    DefinitionInvalid,
    NotPromptable,
    PlanningNotAvailable,
    UnknownName,
    WaitTimeout,
)
from tests.waiting import wait_until
from tests.wire_server import WireServer


def end_when_submitted(server: WireServer, state: str = "succeeded", **more: object) -> None:
    def end() -> None:
        wait_until(lambda: server.world.tasks, what="a task")
        server.world.end_task(next(iter(server.world.tasks)), state, **more)

    threading.Thread(target=end, daemon=True).start()


def test_submit_sends_exactly_what_was_given(
    server: WireServer, system: ClaudeSystem, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    task = system.submit_task(action="noop", with_={"a": 1}, agent="testing", timeout="5m")
    body = {"action": "noop", "with": {"a": 1}, "agent": "testing", "timeout": "5m"}
    assert server.bodies("/tasks/submit") == [body | {"cwd": str(tmp_path)}]
    assert task["kind"] == "action"


def test_execute_task_returns_the_result_of_a_success(
    server: WireServer, system: ClaudeSystem
) -> None:
    end_when_submitted(server, outputs={"files": ["a.py"], "cost": 0.5})
    result = system.execute_task("Do it", agents=["testing"], timeout=5)
    assert result.ok
    assert (result.files, result.cost, result.exit_code) == (("a.py",), 0.5, 0)
    assert result.url == f"{server.url}/ui/#/tasks/T1"
    assert server.bodies("/tasks/submit")[0]["agent"] == "testing"


def test_execute_task_returns_the_result_of_a_failure(
    server: WireServer, system: ClaudeSystem
) -> None:
    end_when_submitted(server, "dead", error={"kind": "exit", "message": "exit 1"})
    result = system.execute_task("Do it", timeout=5)
    assert not result.ok
    assert (result.status, result.error) == ("dead", {"kind": "exit", "message": "exit 1"})
    assert (result.files, result.cost, result.outputs) == ((), None, {})


def test_execute_task_with_several_agents_is_answered_by_the_server(
    server: WireServer, system: ClaudeSystem
) -> None:
    with pytest.raises(PlanningNotAvailable):
        system.execute_task("Create an API", agents=["backend-api", "database"], timeout=300)
    assert server.bodies("/tasks/submit")[0]["agents"] == ["backend-api", "database"]
    assert not server.world.tasks


@pytest.mark.parametrize("cancel", [False, True])
def test_execute_task_leaves_the_work_alone_when_the_wait_ends(
    server: WireServer, system: ClaudeSystem, *, cancel: bool
) -> None:
    begun = monotonic()
    with pytest.raises(WaitTimeout) as caught:
        system.execute_task("Slow", timeout=0.2, cancel=cancel)
    assert 0.15 < monotonic() - begun < 3
    assert caught.value.ref == "T1"
    assert caught.value.url.endswith("/ui/#/tasks/T1")
    state = server.world.tasks["id-T1"]["state"]
    assert state == ("cancelled" if cancel else "ready")


def test_wait_sees_an_end_that_came_before_it(server: WireServer, system: ClaudeSystem) -> None:
    task = system.submit_task(run="true")
    server.world.end_task("T1")
    assert system.wait_task(task["ref"], timeout=1)["state"] == "succeeded"


def test_wait_is_not_stopped_by_the_events_of_others(
    server: WireServer, system: ClaudeSystem
) -> None:
    task = system.submit_task(run="true")

    def others() -> None:
        for number in range(20):
            server.world.happen("task.started", f"id-other-{number}")
        server.world.end_task("T1")

    threading.Timer(0.1, others).start()
    assert system.wait_task(task["id"], timeout=5)["ended_at"] is not None


def test_wait_goes_on_after_the_server_came_back(server: WireServer, system: ClaudeSystem) -> None:
    task = system.submit_task(run="true")

    def restart() -> None:
        server.stop()
        server.start()
        server.world.end_task("T1")

    threading.Timer(0.2, restart).start()
    assert system.wait_task(task["id"], timeout=5)["state"] == "succeeded"


def test_wait_reads_again_when_the_log_was_reset(server: WireServer, system: ClaudeSystem) -> None:
    task = system.submit_task(run="true")

    def restore() -> None:
        with server.world.changed:
            server.world.epoch = "e2"
            server.world.tasks["id-T1"]["ended_at"] = 1
            server.world.changed.notify_all()

    threading.Timer(0.1, restore).start()
    assert system.wait_task(task["id"], timeout=5)["ended_at"] == 1


def test_agent_request_runs_as_a_task_and_returns_its_id(
    server: WireServer, system: ClaudeSystem
) -> None:
    request_id = system.submit_agent_request(
        "testing", "claude-testing", "pytest -q", auto_approve=True
    )
    assert request_id == "id-T1"
    body = server.bodies("/tasks/submit")[0]
    assert (body["run"], body["agent"], body["title"]) == ("pytest -q", "testing", "pytest -q")


def test_agent_request_refuses_a_session_of_another_agent(
    server: WireServer, system: ClaudeSystem
) -> None:
    with pytest.raises(UnknownName, match="is not the session") as caught:
        system.submit_agent_request("testing", "claude-database", "true")
    assert "claude-testing" in caught.value.hint
    assert not server.world.tasks


def test_agent_request_is_also_a_function(
    server: WireServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_AGENT_HOME", str(tmp_path / "home"))
    assert claude_sdk.submit_agent_request("testing", "claude-testing", "true") == "id-T1"


def test_workflow_runs_by_name_and_from_a_file(
    server: WireServer, system: ClaudeSystem, tmp_path: Path
) -> None:
    file = tmp_path / "deploy.yaml"
    file.write_text("name: D\n")
    named = system.run_workflow("deploy", {"env": "prod"}, cwd=tmp_path)
    filed = system.run_workflow(file)
    assert named["params"] == {"env": "prod"}
    assert server.bodies("/workflows/-/execute")[0]["source"] == "name: D\n"
    assert named["id"] != filed["id"]


def test_broken_definition_lists_its_problems(system: ClaudeSystem) -> None:
    with pytest.raises(DefinitionInvalid) as caught:
        system.workflows.validate("broken", file="d.yaml")
    assert caught.value.problems[0]["line"] == 3


def test_prompt_for_a_shell_agent_is_refused(system: ClaudeSystem) -> None:
    with pytest.raises(NotPromptable) as caught:
        system.submit_task("Do it", agent="shelly")
    assert caught.value.hint


def test_wait_execution_returns_its_end(server: WireServer, system: ClaudeSystem) -> None:
    execution = system.run_workflow("deploy")
    threading.Timer(0.1, server.world.end_execution, ("X1", "compensated")).start()
    assert system.wait_execution(execution["ref"], timeout=5)["state"] == "compensated"


def test_parts_reach_every_path(server: WireServer, system: ClaudeSystem) -> None:
    system.submit_task(run="true")
    system.run_workflow("deploy")
    assert [agent["name"] for agent in system.agents] == ["testing"]
    assert system.agents.attach_argv("testing")[0] == "tmux"
    assert "hi" in system.agents.logs("testing", lines=5)
    assert system.tasks.list(state="ready")["items"][0]["ref"] == "T1"
    assert system.executions.list(limit=1)["items"][0]["ref"] == "X1"
    assert system.executions.cancel("X1", compensate=True)["state"] == "cancelled"
    assert system.workflows.list()[0]["workflow"] == "deploy"
    assert system.events.verify()["ok"]
    assert [frame["type"] for frame in system.events.all(topic="tasks")] == ["task.submitted"]
    assert system.apps.list() == []
    assert system.server.health()["status"] == "ok"
    assert system.server.send_message("greet", "you", loud=True) == "m-greet"
    assert system.server.login_address() == f"{server.url}/ui/login?ticket=t1"
