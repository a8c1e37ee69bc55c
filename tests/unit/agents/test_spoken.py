"""Agents that are spoken with: which adapter can, what it is told, what its words come to."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.adapters_build import find_drivers
from claude_agent.agents import spending
from claude_agent.agents.adapter import Adapter, AgentEvent, Ending, EventKind, RunRequest
from claude_agent.agents.adapters.acp import AcpAdapter
from claude_agent.agents.adapters.claude import ClaudeAdapter
from claude_agent.agents.adapters.codex import CodexAdapter
from claude_agent.agents.adapters.fake import FakeAdapter
from claude_agent.agents.adapters.gemini import GeminiAdapter
from claude_agent.agents.adapters.shell import ShellAdapter
from claude_agent.catalogue_build import build_catalogue
from claude_agent.errors import Invalid, SetupError
from claude_agent.settings import Settings
from tests.unit.agents.test_cli_adapters import JSON

SPOKEN: dict[str, Adapter] = {
    "acp": AcpAdapter(),
    "codex": CodexAdapter({}),
    "gemini": GeminiAdapter({}),
    "fake": FakeAdapter(),
}
GOOD = Ending(code=0)


def request(tmp_path: Path, **changes: Any) -> RunRequest:
    program = tmp_path / "gemini"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "codex").symlink_to(program) if not (tmp_path / "codex").exists() else None
    plain: dict[str, Any] = {
        "run_id": "t.1",
        "folder": tmp_path,
        "cwd": tmp_path,
        "prompt": "do it",
        "instructions": "be kind",
        "environment": {"PATH": str(tmp_path)},
    }
    return RunRequest(**{**plain, **changes})


def talk(files: Any) -> dict[str, Any]:
    return dict(json.loads(files["talk.json"]))


# --- who can -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("adapter", "wanted", "may", "transport"),
    [
        (CodexAdapter, "auto", "all", "exec"),
        (CodexAdapter, "auto", "ask", "app-server"),
        (CodexAdapter, "app-server", "edit", "app-server"),
        (GeminiAdapter, "auto", "edit", "exec"),
        (GeminiAdapter, "auto", "ask", "acp"),
        (GeminiAdapter, "acp", "all", "acp"),
        (FakeAdapter, "auto", "ask", "acp"),
        (AcpAdapter, "auto", "all", "acp"),
    ],
)
def test_the_transport_is_what_the_permissions_need(
    adapter: type[Adapter], wanted: str, may: str, transport: str
) -> None:
    assert adapter.transport_for(wanted, may) == transport


@pytest.mark.parametrize(
    ("adapter", "wanted", "may", "says"),
    [
        (ClaudeAdapter, "acp", "all", "has no transport acp"),
        (CodexAdapter, "acp", "ask", "has no transport acp"),
        (CodexAdapter, "exec", "ask", "asks by the transport app-server, not exec"),
        (ShellAdapter, "auto", "ask", "cannot ask"),
        (AcpAdapter, "exec", "all", "has no transport exec"),
    ],
)
def test_what_an_adapter_cannot_is_refused_in_clear_words(
    adapter: type[Adapter], wanted: str, may: str, says: str
) -> None:
    with pytest.raises(Invalid, match=says) as refused:
        adapter.transport_for(wanted, may)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({"ADAPTER": "codex", "TRANSPORT": "acp"}, "Agent testing: The adapter codex"),
        ({"ADAPTER": "acp"}, "Agent testing: the adapter acp drives any program"),
        ({"ADAPTER": "codex", "COMMAND": '["x"]'}, "has a program of its own"),
    ],
)
def test_settings_that_cannot_work_are_refused_when_they_are_read(
    given_: dict[str, str], says: str, tmp_path: Path
) -> None:
    environ = {f"CLAUDE_AGENT_AGENTS_TESTING_{name}": value for name, value in given_.items()}
    home = str(tmp_path / "home")
    settings = Settings.load(home, environment={"HOME": home, **environ}, folder=tmp_path)
    with pytest.raises(Invalid, match=says):
        build_catalogue(settings, find_drivers(settings))


# --- what is started ---------------------------------------------------------------------------


def test_codex_is_told_to_ask_and_nothing_of_it_by_its_refused_flag(tmp_path: Path) -> None:
    run = request(tmp_path, may="ask", transport="app-server", model="m", conversation="c-1")
    made = SPOKEN["codex"].command(run)
    assert made.argv[:2] == ("codex", "app-server")
    assert made.protocol == "app-server"
    assert made.stdin == b"be kind\n\ndo it"
    assert not any("approval_policy" in word for word in made.argv)
    ours = request(tmp_path, may="ask", transport="app-server")
    ours = replace(ours, environment={**ours.environment, "CLAUDE_AGENT_URL": "http://x"})
    asked = SPOKEN["codex"].command(ours).argv
    assert 'mcp_servers.claude-agent.default_tools_approval_mode="approve"' in asked
    found = talk(made.files)
    assert found["conversation"] == "c-1"
    assert found["thread"] == {
        "approvalPolicy": "untrusted",
        "approvalsReviewer": "user",
        "model": "m",
        "sandbox": "danger-full-access",
    }


def test_gemini_is_spoken_with_in_the_mode_that_asks(tmp_path: Path) -> None:
    run = request(tmp_path, may="ask", transport="acp", conversation="c-1")
    made = SPOKEN["gemini"].command(run)
    assert made.argv == ("gemini", "--acp", "--approval-mode", "default", "--skip-trust")
    assert (made.protocol, talk(made.files)["conversation"]) == ("acp", "c-1")


def test_any_program_is_spoken_with(tmp_path: Path) -> None:
    run = request(tmp_path, transport="acp", program=(sys.executable, "-m", "agent"))
    made = SPOKEN["acp"].command(run)
    assert (made.argv, made.protocol) == ((sys.executable, "-m", "agent"), "acp")
    missing = request(tmp_path, transport="acp", program=("no-such-program",))
    with pytest.raises(SetupError, match="no `no-such-program` on the agent's PATH"):
        SPOKEN["acp"].command(missing)
    with pytest.raises(Invalid, match="no prompt"):
        SPOKEN["acp"].command(request(tmp_path, prompt=None, script="true"))


# --- what its words come to --------------------------------------------------------------------


def seen(name: str, *lines: dict[str, Any]) -> list[AgentEvent]:
    return [event for line in lines for event in SPOKEN[name].parse(line)]


WORK = (
    {"told": "started", "conversation": "c-1", "model": "m", "version": "1"},
    {"told": "tool", "id": "1", "tool": "execute", "title": "ls"},
    {"told": "tool_end", "id": "1", "tool": "execute", "ok": True, "text": "a"},
    {"told": "text", "text": "Done so."},
    {"told": "usage", "input": 5, "output": 2, "more": True},
    {"told": "usage", "input": 7, "output": 1, "more": True, "cost_usd": 0.5},
    {"told": "ended", "stop": "end_turn", "text": "Done so."},
)


@pytest.mark.parametrize("name", sorted(SPOKEN))
def test_a_turn_that_ended_well_is_a_success_with_its_text(name: str) -> None:
    found = seen(name, *WORK)
    outcome = SPOKEN[name].finish(found, GOOD)
    assert (outcome.ok, outcome.outputs) == (True, {"summary": "Done so."})
    assert outcome.evidence == ("E1", "E3")
    assert spending.conversation(found) == "c-1"
    used = spending.total(found)
    assert used is not None
    assert (used.input, used.output, used.cost_usd) == (12, 3, 0.5)


@pytest.mark.parametrize("name", sorted(SPOKEN))
def test_a_program_that_we_ended_after_its_last_word_has_not_crashed(name: str) -> None:
    closed = seen(name, *WORK, {"told": "closed"})
    assert SPOKEN[name].finish(closed, Ending(code=None, signal=15)).ok
    assert not SPOKEN[name].finish(closed, Ending(code=None, signal=11)).ok
    assert not SPOKEN[name].finish(seen(name, *WORK), Ending(code=None, signal=15)).ok


@pytest.mark.parametrize(
    ("stop", "kind"),
    [
        ("cancelled", "killed"),
        ("max_tokens", "max_turns"),
        ("max_turn_requests", "max_turns"),
        ("refusal", "refused"),
        ("something_new", "agent_error"),
        ("", "agent_error"),
    ],
)
def test_a_turn_that_ended_otherwise_is_no_success(stop: str, kind: str) -> None:
    for name, adapter in SPOKEN.items():
        found = seen(name, WORK[0], {"told": "ended", "stop": stop, "text": "x"})
        outcome = adapter.finish(found, GOOD)
        assert (outcome.ok, outcome.kind) == (False, kind), name


@pytest.mark.parametrize(
    ("name", "line", "kind"),
    [
        ("acp", {"code": -32000, "message": "Authentication required"}, "auth"),
        ("acp", {"code": -32000, "message": "log in"}, "auth"),
        ("acp", {"code": -32603, "message": "rate limit"}, "rate"),
        ("acp", {"code": None, "message": ""}, "agent_error"),
        (
            "gemini",
            {"code": 400, "message": '{"error":{"code":400,"message":"no"}}'},
            "bad_request",
        ),
        ("gemini", {"code": 500, "message": "x"}, "overload"),
        ("codex", {"code": None, "message": "x", "info": "unauthorized"}, "auth"),
        ("codex", {"code": None, "message": "x", "info": "usageLimitExceeded"}, "rate"),
        ("codex", {"code": None, "message": "stream disconnected", "info": "other"}, "cut"),
        ("codex", {"code": None, "message": "x", "kind": "not_runnable"}, "not_runnable"),
    ],
)
def test_a_failure_is_of_its_class(name: str, line: dict[str, Any], kind: str) -> None:
    found = seen(name, WORK[0], {"told": "failed", "where": "session/prompt", **line})
    outcome = SPOKEN[name].finish(found, GOOD)
    assert (outcome.ok, outcome.kind) == (False, kind)
    assert outcome.message


def test_gemini_that_was_cut_says_that_it_ended_well_and_is_not_believed() -> None:
    quota = {"token_count": {"input_tokens": 0}, "model_usage": []}
    found = seen("gemini", {"told": "ended", "stop": "end_turn", "text": "half", "quota": quota})
    assert SPOKEN["gemini"].finish(found, GOOD).kind == "cut"
    whole = {**quota, "model_usage": [{"model": "m"}]}
    found = seen("gemini", {"told": "ended", "stop": "end_turn", "text": "all", "quota": whole})
    assert SPOKEN["gemini"].finish(found, GOOD).ok


@given(st.dictionaries(st.sampled_from(["told", "text", "code", "message", "quota"]), JSON))
def test_no_line_whatever_it_holds_raises(line: dict[str, Any]) -> None:
    for adapter in SPOKEN.values():
        for word in ("started", "usage", "ended", "failed", "tool", "tool_end", line.get("told")):
            events = adapter.parse({**line, "told": word})
            assert events
            assert all(isinstance(event.kind, EventKind) for event in events)
            adapter.finish(events, GOOD)
