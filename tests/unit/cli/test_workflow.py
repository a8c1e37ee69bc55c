import json
import threading
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Cli
from tests.waiting import wait_until
from tests.wire_server import WireServer

SMALL = "name: D\ninputs:\n  n: {type: integer}\n  label: {type: string}\n"


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "deploy.yaml").write_text(SMALL)
    return "deploy.yaml"


def test_workflow_file_runs_with_params(
    server: WireServer, cli: Cli, file: str, tmp_path: Path
) -> None:
    ran = cli("workflow", "--file", file, "--params", "env=prod", "region=eu", "n=3", "x:=[1]")
    assert ran.code == 0
    assert ran.out == f"X1  ● running  Deploy shop  {server.url}/ui/#/executions/X1\n"
    body = server.bodies("/workflows/-/execute")[0]
    assert body == {
        "source": SMALL,
        "file": "deploy.yaml",
        "params": {"env": "prod", "region": "eu", "n": "3", "x": [1]},
        "cwd": str(tmp_path),
    }


def test_workflow_runs_by_name(server: WireServer, cli: Cli) -> None:
    assert cli("workflow", "run", "deploy", "replicas=2", "x:=true").code == 0
    body = server.bodies("/workflows/deploy/execute")[0]
    # Text stays text: the server reads it as the declared type.
    assert body["params"] == {"replicas": "2", "x": True}


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--params", "a=1"], "Name one workflow"),
        (["run"], "Name one workflow"),
        (["--file", "gone.yaml"], "gone.yaml"),
        (["--file", "deploy.yaml", "deploy"], "as K=V: 'deploy' is none."),
        (["--file", "empty.yaml"], "empty.yaml is empty"),
        (["validate", "gone.yaml"], "error: gone.yaml cannot be read"),
        (["--file", "deploy.yaml", "--params", "a"], "k=v"),
        (["--file", "."], "cannot be read"),
        (["validate"], "Name one file"),
    ],
)
def test_workflow_refuses_bad_input_before_it_sends_anything(
    server: WireServer, cli: Cli, file: str, argv: list[str], said: str
) -> None:
    Path("empty.yaml").write_text(" \n")
    ran = cli("workflow", *argv)
    assert ran.code == 2
    assert said in ran.err
    assert not server.seen


def test_two_megabytes_are_refused_before_they_are_sent(
    server: WireServer, cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "huge.yaml").write_text("# x\n" * 500_000)
    ran = cli("workflow", "--file", "huge.yaml")
    assert ran.code == 2
    assert "over 1024 kB" in ran.err
    assert not server.seen


def test_unknown_workflow_is_exit_5(server: WireServer, cli: Cli) -> None:
    assert cli("workflow", "run", "nope").code == 5


def test_broken_definition_names_the_place_and_the_nearest(
    server: WireServer, cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "b.yaml").write_text("broken: [")
    for argv in (["--file", "b.yaml"], ["validate", "b.yaml"], ["--file", "b.yaml", "--dry-run"]):
        ran = cli("workflow", *argv)
        assert ran.code == 2
        assert "1 problem" in ran.err
    assert not server.world.executions


def test_dry_run_checks_and_starts_nothing(server: WireServer, cli: Cli, file: str) -> None:
    ran = cli("workflow", "--file", file, "--dry-run")
    assert "deploy  hash cccccccccccc: 3 steps on 2 levels" in ran.out
    assert "It takes the concurrency key k." in ran.out
    assert "if: known later; 3 instances; It takes the lock db, which is free." in ran.out
    assert "skipped: condition_false" in ran.out
    assert "undone, if it fails at its end: b[1] + b[0], a" in ran.out
    assert "not undone: c" in ran.out
    assert not server.world.executions
    assert "deploy" in cli("workflow", "run", "deploy", "--dry-run").out
    told = json.loads(cli("workflow", "run", "deploy", "x=1", "--dry-run", "-o", "json").out)
    assert told["params"] == {"x": "1"}
    assert json.loads(cli("workflow", "validate", file, "-o", "json").out)["valid"] is True


def test_schema_of_the_format_is_printed_as_json(server: WireServer, cli: Cli) -> None:
    assert json.loads(cli("workflow", "schema").out)["title"] == "A workflow"


def test_import_prints_ours_and_reports_what_did_not_map(
    server: WireServer, cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "ci.yml").write_text("jobs: {}")
    ran = cli("workflow", "import", "ci.yml", "--from", "github")
    assert (ran.code, ran.out) == (0, "name: CI\nsteps: []\n")
    assert "ci.yml:3: jobs.a.container: it has no counterpart" in ran.err
    assert "1 step mapped, 1 remark" in ran.err
    (tmp_path / "none.yml").write_text("nothing")
    ran = cli("workflow", "import", "none.yml")
    assert (ran.code, ran.out) == (1, "")
    assert "Nothing of it could be mapped." in ran.err


def test_versions_and_what_changed_between_them(server: WireServer, cli: Cli) -> None:
    assert "newest" in cli("workflow", "versions", "deploy").out
    ran = cli("workflow", "diff", "deploy")
    assert "deploy  dddddddddddd -> cccccccccccc" in ran.out
    assert '~ steps.a.agent: "x" -> "y"' in ran.out
    assert "+++ c" not in ran.out
    assert "+++ c" in cli("workflow", "diff", "deploy", "1", "2", "--text").out
    assert cli("workflow", "diff", "deploy", "-o", "name").out == "steps.a.agent\n"


def test_workflows_are_listed_and_shown(server: WireServer, cli: Cli) -> None:
    assert "Ship it" in cli("workflow", "list").out
    shown = cli("workflow", "show", "deploy").out
    assert "input replicas: integer, default 2" in shown
    assert cli("workflow", "list", "-o", "name").out == "deploy\n"


@pytest.mark.parametrize(("state", "code"), [("succeeded", 0), ("cancelled", 3), ("failed", 8)])
def test_wait_tells_the_end(server: WireServer, cli: Cli, file: str, state: str, code: int) -> None:
    def end() -> None:
        wait_until(lambda: server.world.executions, what="an execution")
        server.world.end_execution("X1", state, error={"kind": "k", "message": "step broke"})

    threading.Thread(target=end, daemon=True).start()
    ran = cli("workflow", "--file", file, "--wait")
    assert ran.code == code
    assert "Deploy shop" in ran.out
    if code:
        assert "step broke" in ran.err
        assert "claude-agent execution logs X1" in ran.err


def test_wait_that_runs_out_is_exit_9(server: WireServer, cli: Cli, file: str) -> None:
    ran = cli("workflow", "--file", file, "--wait", "--timeout", "50ms")
    assert ran.code == 9
    assert server.world.executions["id-X1"]["state"] == "running"


def play(server: WireServer) -> None:
    """Bring the execution X1 to its end, once somebody watches."""
    world = server.world

    def seen(text: str) -> None:
        wait_until(lambda: [s for s in server.seen if s.path.endswith(text)], what=text)

    def go() -> None:
        wait_until(lambda: any(s.headers.get("Upgrade") for s in server.seen), what="a watcher")
        world.move_step("X1", "build", "running", started_at=1)
        before = len(server.seen)
        wait_until(lambda: len(server.seen) > before, what="a look")
        world.move_step("X1", "build", "succeeded", started_at=1, ended_at=3001)
        before = len(server.seen)
        wait_until(lambda: len(server.seen) > before, what="a look")
        server.cut()
        world.move_step(
            "X1", "deploy", "failed", attempt=2, max_attempts=2, ended_at=9000,
            error={"kind": "exit", "message": "exit 1\x1b[2J"},
        )  # fmt: skip
        world.end_execution("X1", "failed", error={"kind": "exit", "message": "deploy failed"})

    threading.Thread(target=go, daemon=True).start()


def test_watch_prints_one_line_per_change_and_survives_a_cut(
    server: WireServer, cli: Cli, file: str
) -> None:
    play(server)
    ran = cli("workflow", "--file", file, "--watch")
    assert ran.code == 8
    lines = [line.split("  ", 1)[1] for line in ran.out.splitlines()]
    assert lines[0].startswith("● X1 running")
    assert any(line.startswith("✓ build  backend-api  succeeded  3s") for line in lines)
    assert any(
        line.startswith("✗ deploy  deployment  failed") and "attempt 2 of 2, exit 1" in line
        for line in lines
    )
    assert lines[-1].startswith("✗ X1 failed")
    assert "\x1b" not in ran.out


def test_monitor_shows_an_ended_execution_at_once(server: WireServer, cli: Cli) -> None:
    cli("workflow", "run", "deploy")
    server.world.move_step("X1", "build", "succeeded", started_at=1, ended_at=2)
    server.world.end_execution("X1")
    ran = cli("monitor", "--execution-id", "X1")
    assert ran.code == 0
    assert "✓ build" in ran.out
    assert f"{server.url}/ui/#/executions/X1" in ran.err
    frames = [
        json.loads(line)
        for line in cli("monitor", "--execution-id", "X1", "-o", "jsonl").out.splitlines()
    ]
    assert frames[-1]["type"] == "execution.succeeded"
    assert cli("monitor", "--execution-id", "nope").code == 5


def test_execution_commands(server: WireServer, cli: Cli) -> None:
    assert "No executions" in cli("execution", "list").out
    cli("workflow", "run", "deploy")
    server.world.move_step("X1", "build", "succeeded", ended_at=1)
    server.world.tasks["id-build"] = {"id": "id-build", "ref": "BUILD", "ended_at": 1}
    server.world.tasks["id-deploy"] = {"id": "id-deploy", "ref": "DEPLOY", "ended_at": 1}
    server.world.logs = {"BUILD": "built\n", "DEPLOY": "up\n"}
    assert "1/2" in cli("execution", "list").out
    assert "✓ build" in cli("execution", "show", "X1").out
    assert cli("execution", "logs", "X1").out == "build | built\ndeploy | up\n"
    assert cli("execution", "logs", "X1", "--step", "deploy").out == "up\n"
    assert cli("execution", "logs", "X1", "--step", "nope").code == 2
    assert "step.succeeded" in cli("execution", "events", "X1").out
    assert "nothing was changed" in cli("execution", "cancel", "X1", "--dry-run").err
    assert cli("execution", "wait", "X1", "--timeout", "50ms").code == 9
    assert "cancelled" in cli("execution", "cancel", "X1", "--compensate").out
    assert server.bodies("/executions/X1/cancel") == [{"compensate": True}]
    assert cli("execution", "wait", "X1").code == 3
