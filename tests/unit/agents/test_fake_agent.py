"""The fake agent as a process: what it prints, leaves behind and exits with."""

import ast
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_agent.agents import fake_agent
from claude_agent.agents.adapter import Ending
from claude_agent.agents.adapters.fake import FakeAdapter
from tests.waiting import wait_until

PROGRAM = [sys.executable, "-I", "-m", "claude_agent.agents.fake_agent"]


class Done:
    """How one run of the program ended."""

    def __init__(self, code: int, out: str) -> None:
        self.code = code
        self.out = out
        self.events: list[dict[str, Any]] = [
            json.loads(line) for line in out.splitlines() if line.startswith('{"fake"')
        ]
        self.types = [event["type"] for event in self.events]
        self.last = self.events[-1]


def script(*steps: dict[str, Any]) -> str:
    return "Please do it.\n[[fake]]\n" + "\n".join(json.dumps(step) for step in steps)


def run(prompt: str, cwd: Path, **environ: str) -> Done:
    done = subprocess.run(
        PROGRAM,
        input=prompt.encode(),
        stdout=subprocess.PIPE,
        cwd=cwd,
        env={"PATH": os.defpath, **environ},
        check=False,
        timeout=20,
    )
    return Done(done.returncode, done.stdout.decode())


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list["subprocess.Popen[bytes]"]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def start(prompt: str, cwd: Path, started: list["subprocess.Popen[bytes]"]) -> int:
    """Start the program and return its number once it has performed the first step."""
    process = subprocess.Popen(
        PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=cwd, env={"PATH": os.defpath}
    )
    started.append(process)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(prompt.encode())
    process.stdin.close()
    process.stdin = None
    while b'"text": "[FAKE] ready"' not in process.stdout.readline():
        assert process.poll() is None
    return process.pid


def test_fake_agent_says_what_it_was_asked_without_a_script(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs.json"
    done = run("Build a\nshop 🙂", tmp_path, CLAUDE_AGENT_OUTPUTS=str(outputs))
    assert (done.code, done.types) == (0, ["started", "text", "final"])
    assert done.events[1]["text"] == "[FAKE] I was asked: Build a shop 🙂"
    assert done.last["outputs"] == {"summary": "[FAKE] was asked: Build a shop 🙂"}
    assert json.loads(outputs.read_text()) == done.last["outputs"]


@pytest.mark.parametrize("prompt", ["", "hello", script({"say": "x"}, {"run": {"cmd": "ls"}})])
def test_fake_agent_marks_itself_in_everything_it_says(tmp_path: Path, prompt: str) -> None:
    done = run(prompt, tmp_path)
    assert all(event["fake"] is True for event in done.events)
    said = [event["text"] for event in done.events if event["type"] in ("started", "text", "final")]
    assert all(text.startswith("[FAKE] ") for text in said)
    assert done.last["type"] == "final"


def test_fake_agent_performs_its_script_in_order(tmp_path: Path) -> None:
    prompt = script(
        {"think": "hmm"},
        {"write": {"path": "a/b.txt", "content": "hällo"}},
        {"run": {"cmd": "cat a/b.txt; exit 3"}},
        {"usage": {"tokens": 5}},
        {"outputs": {"a": 1}},
        {"outputs": {"b": 2}},
    )
    done = run(prompt + "\n[[/fake]]\nthis is not JSON", tmp_path)
    tool = ["tool_start", "tool_end"]
    assert done.types == ["started", "text", *tool, *tool, "usage", "final"]
    assert (tmp_path / "a" / "b.txt").read_text() == "hällo"
    ran = done.events[5]
    assert (ran["ok"], ran["code"], ran["text"]) == (False, 3, "hällo")
    assert (done.code, done.last["outputs"]) == (0, {"a": 1, "b": 2})


@pytest.mark.parametrize(
    ("steps", "code", "last", "kind"),
    [
        ([{"fail": "no idea"}], 1, "error", "agent_error"),
        ([{"fail": {"message": "busy", "kind": "overload"}}], 1, "error", "overload"),
        ([{"run": {"cmd": "exit 4", "check": True}}, {"say": "never"}], 1, "error", "agent_error"),
        ([{"exit": 0}], 0, "started", None),
        ([{"final": "done"}, {"exit": 7}], 7, "final", None),
        ([{"dance": 1}], 2, "error", "bad_request"),
        ([{"say": "a", "think": "b"}], 2, "error", "bad_request"),
        ([{"write": {"path": "../out", "content": ""}}], 2, "error", "bad_request"),
        ([{"write": {"path": "/etc/x", "content": ""}}], 2, "error", "bad_request"),
        ([{"write": "nonsense"}], 2, "error", "bad_request"),
        ([{"sleep": "long"}], 2, "error", "bad_request"),
    ],
)
def test_fake_agent_ends_as_its_script_says(
    tmp_path: Path, steps: list[dict[str, Any]], code: int, last: str, kind: str | None
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    done = run(script(*steps), work)
    assert (done.code, done.last["type"], done.last.get("error_kind")) == (code, last, kind)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["[[fake]]\nnot json", "[[fake]]\n[1]", "[[fake]]\n{}"])
def test_fake_agent_names_the_line_it_cannot_read(tmp_path: Path, text: str) -> None:
    done = run("one\n" + text, tmp_path)
    assert done.code == 2
    assert "line 3" in done.last["text"]


def test_fake_agent_fails_until_an_attempt(tmp_path: Path) -> None:
    prompt = script({"fail": {"message": "flaky", "until_attempt": 3}})
    codes = [run(prompt, tmp_path, CLAUDE_AGENT_ATTEMPT=attempt).code for attempt in "123"]
    assert codes == [1, 1, 0]


def test_fake_agent_prints_what_is_no_protocol(tmp_path: Path) -> None:
    done = run(script({"print": "\x1b[31mred"}, {"print": '{"type": "final"'}), tmp_path)
    assert "\x1b[31mred\n" in done.out
    assert done.code == 0


def test_fake_agent_leaves_a_stray_child_in_a_session_of_its_own(tmp_path: Path) -> None:
    done = run(script({"spawn": {"cmd": "exec sleep 60"}}), tmp_path)
    pid = done.events[2]["pid"]
    try:
        assert os.getsid(pid) == pid
        assert done.last["type"] == "final"
    finally:
        os.kill(pid, signal.SIGKILL)


def test_fake_agent_reports_an_interrupt(
    tmp_path: Path, started: list["subprocess.Popen[bytes]"]
) -> None:
    pid = start(script({"say": "ready"}, {"sleep": 60}), tmp_path, started)
    os.kill(pid, signal.SIGINT)
    out, _ = started[0].communicate(timeout=5)
    assert started[0].returncode == 130
    assert json.loads(out.splitlines()[-1])["error_kind"] == "cancelled"


def test_fake_agent_hangs_until_it_is_terminated(
    tmp_path: Path, started: list["subprocess.Popen[bytes]"]
) -> None:
    pid = start(script({"say": "ready"}, {"hang": True}), tmp_path, started)
    os.kill(pid, signal.SIGTERM)
    started[0].communicate(timeout=5)
    assert started[0].returncode == -signal.SIGTERM


def test_fake_agent_that_is_deaf_ends_by_sigkill_only(
    tmp_path: Path, started: list["subprocess.Popen[bytes]"]
) -> None:
    pid = start(script({"say": "ready"}, {"hang": "deaf"}), tmp_path, started)
    ignored = 1 << (signal.SIGTERM - 1) | 1 << (signal.SIGINT - 1)

    def deaf() -> bool:
        status = Path(f"/proc/{pid}/status").read_text()
        mask = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
        return int(mask.split()[1], 16) & ignored == ignored

    wait_until(deaf, what="the signals to be ignored")
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGINT)
    assert started[0].poll() is None
    os.kill(pid, signal.SIGKILL)
    assert started[0].wait(5) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("steps", "ok", "kind"),
    [
        ([{"say": "x"}, {"outputs": {"a": 1}}], True, "ok"),
        ([{"exit": 0}], False, "no_terminal_event"),
        ([{"final": "done"}, {"exit": 7}], False, "exit"),
        ([{"fail": {"message": "slow down", "kind": "rate"}}], False, "rate"),
        ([{"final": "done"}, {"fail": "too late"}], False, "exit"),
    ],
)
def test_fake_agent_and_its_adapter_agree_on_the_outcome(
    tmp_path: Path, steps: list[dict[str, Any]], kind: str, *, ok: bool
) -> None:
    adapter = FakeAdapter()
    done = run(script(*steps), tmp_path)
    seen = [event for line in done.events for event in adapter.parse(line)]
    outcome = adapter.finish(seen, Ending(code=done.code))
    assert (outcome.ok, outcome.kind) == (ok, kind)


def test_fake_agent_imports_the_standard_library_only() -> None:
    tree = ast.parse(Path(fake_agent.__file__).read_text())
    names = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names
