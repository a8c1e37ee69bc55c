import io
import json
import sys
import threading
from pathlib import Path

import pytest
import yaml

from tests.unit.cli.conftest import Cli
from tests.waiting import wait_until
from tests.wire_server import WireServer


def end_soon(server: WireServer, state: str = "succeeded", **more: object) -> None:
    def end() -> None:
        wait_until(lambda: server.world.tasks, what="a task")
        server.world.end_task("T1", state, **more)

    threading.Thread(target=end, daemon=True).start()


def test_submit_prints_ref_state_and_address(server: WireServer, cli: Cli, tmp_path: Path) -> None:
    ran = cli("submit", "--task", "Create user auth system", "--agent", "testing")
    assert ran.code == 0
    assert ran.out == f"T1  ○ queued  testing  {server.url}/ui/#/tasks/T1\n"
    assert server.bodies("/tasks/submit") == [
        {"prompt": "Create user auth system", "cwd": str(tmp_path), "agent": "testing"}
    ]


def test_submit_sends_every_option(server: WireServer, cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    argv = [
        "submit",
        "--action",
        "noop",
        "--with",
        "a=1",
        "--with",
        "b:=[2]",
        "--priority",
        "high",
        "--title",
        "T",
    ]
    argv += ["--retries", "2", "--retry-delay", "5s"]
    more = ["--timeout", "5m", "--cwd", str(folder), "--idempotency-key", "k1"]
    assert cli(*argv, *more).code == 0
    assert server.bodies("/tasks/submit") == [
        {
            "action": "noop",
            "with": {"a": "1", "b": [2]},
            "priority": "HIGH",
            "title": "T",
            "timeout": "5m",
            "retry": {"max_attempts": 3, "delay": "5s"},
            "cwd": str(folder),
        }
    ]
    assert server.seen[-1].headers["Idempotency-Key"] == "k1"


def test_submit_reads_the_task_from_a_file_and_from_stdin(
    server: WireServer, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "task.md").write_text("From a file")
    cli("submit", "--file", "task.md")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"From stdin")))
    cli("submit", "--file", "-")
    sent = [body["prompt"] for body in server.bodies("/tasks/submit")]
    assert sent == ["From a file", "From stdin"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "exactly one of --task"),
        (["--task", "a", "--run", "b"], "exactly one of --task"),
        (["--task", "  "], "empty"),
        (["--run", "x", "--priority", "URGENT"], "URGENT"),
        (["--run", "x", "--with", "a"], "k=v"),
        (["--run", "x", "--with", "a=1", "--with", "a=2"], "twice"),
        (["--run", "x", "--with", "a:=nope"], "JSON"),
        (["--run", "x", "--cwd", "/does/not/exist"], "/does/not/exist"),
        (["--file", "gone.md"], "gone.md"),
        (["--run", "x", "--wait", "--wait-timeout", "soon"], "not a duration"),
    ],
)
def test_submit_refuses_bad_input_before_it_sends_anything(
    server: WireServer, cli: Cli, argv: list[str], said: str
) -> None:
    ran = cli("submit", *argv)
    assert ran.code == 2
    assert said in ran.err
    assert not server.seen


def test_submit_refuses_a_file_that_is_no_text_or_too_large(
    server: WireServer, cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(b"\xc3\xa4" * 200_000)
    assert "not UTF-8" in cli("submit", "--file", "binary").err
    assert "over 256 kB" in cli("submit", "--file", "large").err
    assert not server.seen


def test_prompt_for_an_agent_that_takes_none_is_exit_2_with_the_remedy(
    server: WireServer, cli: Cli
) -> None:
    ran = cli("submit", "--task", "x", "--agent", "shelly")
    assert (ran.code, ran.out) == (2, "")
    assert "takes no prompt" in ran.err
    assert "--run" in ran.err


def test_dry_run_sends_nothing(server: WireServer, cli: Cli) -> None:
    ran = cli("submit", "--run", "true", "--dry-run", "-o", "json")
    assert json.loads(ran.out)["run"] == "true"
    assert not server.seen


@pytest.mark.parametrize(
    ("state", "code"), [("succeeded", 0), ("cancelled", 3), ("dead", 8), ("expired", 8)]
)
def test_wait_tells_the_end_by_the_exit_code(
    server: WireServer, cli: Cli, state: str, code: int
) -> None:
    end_soon(server, state)
    ran = cli("submit", "--run", "true", "--wait")
    assert ran.code == code
    assert ran.out.startswith("T1  ")
    assert f"{server.url}/ui/#/tasks/T1" in ran.err


def test_wait_says_why_it_failed_and_where_to_look(server: WireServer, cli: Cli) -> None:
    end_soon(server, "dead", error={"kind": "exit", "message": "exit 3 after 2 attempts"})
    ran = cli("submit", "--run", "false", "--wait")
    assert "T1 ended as dead letter: exit 3 after 2 attempts" in ran.err
    assert "claude-agent task logs T1" in ran.err


def test_wait_that_runs_out_is_exit_9_and_leaves_the_task(server: WireServer, cli: Cli) -> None:
    ran = cli("submit", "--run", "sleep 9", "--wait", "--wait-timeout", "100ms")
    assert ran.code == 9
    assert "it goes on" in ran.err
    assert server.world.tasks["id-T1"]["ended_at"] is None


def test_watch_prints_one_line_per_change_off_a_terminal(server: WireServer, cli: Cli) -> None:
    def go() -> None:
        wait_until(lambda: any(seen.headers.get("Upgrade") for seen in server.seen), what="watch")
        server.world.end_task("T1")

    threading.Thread(target=go, daemon=True).start()
    ran = cli("submit", "--run", "true", "--watch")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert len(lines) == 2
    assert "queued" in lines[0]
    assert "succeeded" in lines[1]
    assert "\x1b" not in ran.out


def test_watch_with_another_format_keeps_stdout_for_the_document(
    server: WireServer, cli: Cli
) -> None:
    end_soon(server)
    ran = cli("submit", "--run", "true", "--watch", "-o", "json")
    assert json.loads(ran.out)["state"] == "succeeded"


def test_formats_show_the_same_task(server: WireServer, cli: Cli) -> None:
    first = cli("submit", "--run", "true", "-o", "json")
    task = json.loads(first.out)
    assert cli("task", "show", "T1", "-o", "name").out == "T1\n"
    as_yaml = yaml.safe_load(cli("task", "show", "T1", "-o", "yaml").out)
    assert as_yaml == json.loads(cli("task", "show", "T1", "-o", "json").out)
    assert json.loads(cli("task", "show", "T1", "-o", "jsonl").out) == task
    assert as_yaml.items() >= task.items()
    assert cli("task", "show", "T1", "-o", "xml").code == 2


@pytest.mark.parametrize(
    "words", [("--retries", "100"), ("--retries", "x"), ("--retry-delay", "5s")]
)
def test_submit_refuses_retries_that_mean_nothing(
    server: WireServer, cli: Cli, words: tuple[str, ...]
) -> None:
    assert cli("submit", "--run", "true", *words).code == 2
    assert server.bodies("/tasks/submit") == []


def test_submit_sends_the_schema_of_the_result_and_refuses_what_is_none(
    server: WireServer, cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "good.json").write_text('{"type": "object"}')
    (tmp_path / "bad.json").write_text('{"type": ')
    assert cli("submit", "--task", "x", "--result-schema", "good.json").code == 0
    assert server.bodies("/tasks/submit")[0]["result_schema"] == {"type": "object"}
    found = cli("submit", "--task", "x", "--result-schema", "bad.json")
    assert found.code == 2
    assert "--result-schema bad.json is not JSON" in found.err
    assert len(server.bodies("/tasks/submit")) == 1
