"""What the shipped adapters run, read and conclude."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.agents.adapter import (
    Adapter,
    AgentEvent,
    Ending,
    EventKind,
    RunRequest,
    judge_exit,
    judge_protocol,
)
from claude_agent.agents.adapters.fake import FakeAdapter
from claude_agent.agents.adapters.shell import ShellAdapter
from claude_agent.agents.gone import Gone
from claude_agent.errors import Invalid, NotPromptable

FOLDER = Path("/home/x/runs/t1/1")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


def request(**given_fields: Any) -> RunRequest:
    return RunRequest(run_id="t1.1", folder=FOLDER, cwd=Path("/work"), **given_fields)


def event(kind: EventKind, text: str = "", *, ok: bool = True, **data: Any) -> AgentEvent:
    return AgentEvent(kind=kind, text=text, ok=ok, data=data)


FINAL = event(EventKind.FINAL, "all done", outputs={"summary": "from the event", "n": 1})
ERROR = event(EventKind.ERROR, "too busy", ok=False, error_kind="overload")


# --- shell ------------------------------------------------------------------------------------


def test_shell_never_runs_a_prompt() -> None:
    adapter = ShellAdapter()
    assert adapter.takes_prompt is False
    for asked in (request(prompt="rm -rf /"), request(prompt="", script="true")):
        with pytest.raises(NotPromptable):
            adapter.command(asked)


def test_shell_runs_a_script_from_the_run_folder() -> None:
    command = ShellAdapter().command(request(script="echo ä\n"))
    assert command.argv == ("/bin/sh", "-e", f"{FOLDER}/script.sh")
    assert command.files == {"script.sh": "echo ä\n".encode()}
    assert (command.stdin, command.protocol, command.env) == (None, "none", {})


def test_shell_runs_a_program_as_it_is() -> None:
    command = ShellAdapter().command(request(argv=("git", "clone", "a;b")))
    assert command.argv == ("git", "clone", "a;b")
    assert command.files == {}


@pytest.mark.parametrize("fields", [{}, {"script": "true", "argv": ("true",)}])
def test_shell_refuses_both_or_neither(fields: Mapping[str, Any]) -> None:
    with pytest.raises(Invalid, match=r"t1\.1"):
        ShellAdapter().command(request(**fields))


# --- plain ends -------------------------------------------------------------------------------


def test_judge_exit_succeeds_exactly_with_code_0() -> None:
    good = judge_exit(Ending(code=0, outputs={"a": 1}))
    assert (good.ok, good.kind, good.outputs, good.evidence) == (True, "ok", {"a": 1}, ("E1", "E4"))
    bad = judge_exit(Ending(code=3))
    assert (bad.ok, bad.kind, bad.retryable, bad.evidence) == (False, "exit", True, ("E1",))
    assert "exited with 3" in bad.message


@pytest.mark.parametrize(
    ("ending", "kind", "retryable"),
    [
        (Ending(code=None, signal=9), "killed", True),
        (Ending(code=0, stopped=True), "cancelled", False),
        (Ending(code=None, signal=2, stopped=True), "cancelled", False),
        (Ending(code=None, error="digest_mismatch"), "digest_mismatch", False),
        (Ending(code=None, error="spawn: no such file"), "spawn", True),
    ],
)
def test_judges_agree_on_ends_that_neither_code_nor_protocol_decides(
    ending: Ending, kind: str, *, retryable: bool
) -> None:
    for outcome in (judge_exit(ending), judge_protocol([], ending)):
        assert (outcome.ok, outcome.kind, outcome.retryable) == (False, kind, retryable)
        assert outcome.message


# --- protocol ends ----------------------------------------------------------------------------


def test_judge_protocol_needs_the_final_event_and_code_0() -> None:
    outcome = judge_protocol([event(EventKind.TEXT), FINAL], Ending(code=0))
    assert (outcome.ok, outcome.kind, outcome.message) == (True, "ok", "all done")
    assert outcome.outputs == {"summary": "from the event", "n": 1}
    assert outcome.evidence == ("E1", "E3")


@pytest.mark.parametrize("code", [0, 1, 144])
def test_judge_protocol_fails_without_a_terminal_event_whatever_the_code(code: int) -> None:
    outcome = judge_protocol([event(EventKind.TEXT, "I am done")], Ending(code=code))
    assert (outcome.ok, outcome.kind, outcome.retryable) == (False, "no_terminal_event", True)


def test_judge_protocol_fails_when_the_code_contradicts_the_final_event() -> None:
    assert judge_protocol([FINAL], Ending(code=1)).kind == "exit"
    assert judge_protocol([FINAL], Ending(code=None, signal=15)).kind == "killed"
    assert judge_protocol([FINAL], Ending(code=0, stopped=True)).kind == "cancelled"


def test_judge_protocol_takes_the_error_though_the_code_is_0() -> None:
    outcome = judge_protocol([ERROR], Ending(code=0))
    assert (outcome.ok, outcome.kind, outcome.message) == (False, "overload", "too busy")
    failed_final = event(EventKind.FINAL, "API error", ok=False)
    assert judge_protocol([failed_final], Ending(code=0)).kind == "agent_error"


def test_judge_protocol_takes_the_first_terminal_event() -> None:
    assert judge_protocol([FINAL, ERROR], Ending(code=0)).ok
    assert not judge_protocol([ERROR, FINAL], Ending(code=0)).ok


@pytest.mark.parametrize(("kind", "retryable"), [("auth", False), ("rate", True)])
def test_judge_protocol_knows_what_another_attempt_would_only_repeat(
    kind: str, *, retryable: bool
) -> None:
    error = event(EventKind.ERROR, "no", ok=False, error_kind=kind)
    assert judge_protocol([error], Ending(code=1)).retryable is retryable


def test_judge_protocol_prefers_the_outputs_file() -> None:
    outcome = judge_protocol([FINAL], Ending(code=0, outputs={"summary": "from the file"}))
    assert outcome.outputs == {"summary": "from the file", "n": 1}
    assert outcome.evidence == ("E1", "E3", "E4")


# --- fake -------------------------------------------------------------------------------------


def test_fake_gives_the_prompt_on_standard_input() -> None:
    adapter = FakeAdapter()
    command = adapter.command(request(prompt="Grüße; $(x)"))
    assert command.argv == (sys.executable, "-I", "-m", "claude_agent.agents.fake_agent")
    assert command.stdin == "Grüße; $(x)".encode()
    assert command.protocol == "jsonl"
    assert adapter.fake is True


@pytest.mark.parametrize("fields", [{}, {"script": "true"}, {"argv": ("true",)}])
def test_fake_takes_prompts_only(fields: Mapping[str, Any]) -> None:
    with pytest.raises(Invalid):
        FakeAdapter().command(request(**fields))


def test_fake_reads_its_protocol() -> None:
    parse = FakeAdapter().parse
    (final,) = parse({"fake": True, "type": "final", "ok": True, "text": "x", "outputs": {"a": 1}})
    assert (final.kind, final.ok, final.text) == (EventKind.FINAL, True, "x")
    assert final.data["outputs"] == {"a": 1}
    (error,) = parse({"fake": True, "type": "error", "text": "no", "error_kind": "rate"})
    assert (error.kind, error.ok, error.data["error_kind"]) == (EventKind.ERROR, False, "rate")
    (tool,) = parse({"fake": True, "type": "tool_end", "ok": False})
    assert (tool.kind, tool.ok) == (EventKind.TOOL_END, False)


def test_fake_keeps_lines_raw_that_its_program_did_not_mark() -> None:
    for line in ({"type": "final", "ok": True}, {"fake": "yes", "type": "final"}, {"fake": True}):
        (event_,) = FakeAdapter().parse(line)
        assert (event_.kind, event_.data) == (EventKind.RAW, line)


@pytest.mark.parametrize("adapter", [ShellAdapter(), FakeAdapter()], ids=lambda each: each.name)
@given(line=st.dictionaries(st.sampled_from(["type", "fake", "text", "ok", "outputs"]), JSON))
def test_parse_and_finish_never_raise(adapter: Adapter, line: dict[str, Any]) -> None:
    events = adapter.parse(line) + adapter.parse(line | {"fake": True, "type": "final"})
    assert all(isinstance(each, AgentEvent) for each in events)
    assert isinstance(adapter.finish(events, Ending(code=0)).outputs, Mapping)


@pytest.mark.parametrize("adapter", [ShellAdapter(), FakeAdapter()], ids=lambda each: each.name)
def test_probe_says_that_it_can_be_used_here(adapter: Adapter) -> None:
    probe = adapter.probe()
    assert probe.ok
    assert probe.detail


def test_what_an_unknown_adapter_drove_is_never_believed() -> None:
    gone = Gone("goose")
    assert "goose" in gone.finish([], Ending(code=0)).message
    assert not gone.finish([], Ending(code=0)).ok
    assert gone.finish([], Ending(code=0, stopped=True)).kind == "cancelled"
    with pytest.raises(NotPromptable, match="no adapter goose here"):
        gone.command(RunRequest(run_id="t.1", folder=Path("/f"), cwd=Path("/"), prompt="x"))
    assert not gone.probe().ok
