"""The adapters of real CLIs, against streams of real runs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.agents import spending
from claude_agent.agents.adapter import Adapter, AgentEvent, Ending, EventKind, RunRequest
from claude_agent.agents.adapters.aider import AiderAdapter
from claude_agent.agents.adapters.claude import ClaudeAdapter
from claude_agent.agents.adapters.codex import CodexAdapter
from claude_agent.agents.adapters.gemini import GeminiAdapter
from claude_agent.agents.adapters.opencode import OpenCodeAdapter
from claude_agent.agents.seen import Seen
from claude_agent.errors import Invalid, SetupError
from tests.servers.agents import CLIS

SAMPLES = Path(__file__).parents[2] / "data" / "agents"
ADAPTERS: dict[str, Adapter] = {
    "claude": ClaudeAdapter({}),
    "codex": CodexAdapter({}),
    "gemini": GeminiAdapter({}),
    "opencode": OpenCodeAdapter({}),
    "aider": AiderAdapter({}),
}
EDITS = sorted({*ADAPTERS} - {"opencode", "aider"})
"""Those whose run of `edit` is told in the same steps."""
TEXT = st.text(alphabet='aZ0-{["\\ \n\x00ä\u2028\ud800', max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
GOOD, BAD = Ending(code=0), Ending(code=1)


def lines(name: str) -> list[dict[str, Any]]:
    found = (SAMPLES / f"{name}.stdout").read_text().splitlines()
    return [json.loads(line) if line.startswith("{") else {"said": line} for line in found]


def seen(name: str, cut: int | None = None) -> list[AgentEvent]:
    adapter = ADAPTERS[name.split("-", maxsplit=1)[0]]
    return [event for line in lines(name)[:cut] for event in adapter.parse(line)]


def kinds(events: Sequence[AgentEvent]) -> list[str]:
    return [event.kind.value for event in events if event.kind is not EventKind.RAW]


# --- what is read ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EDITS)
def test_a_real_run_that_edits_is_read_whole(name: str) -> None:
    found = seen(f"{name}-edit")
    last = ("text", "text") if name == "gemini" else ("text",)  # it tells its text in pieces
    assert kinds(found) == [
        *("started", "text"),
        *("tool_start", "tool_end", "tool_start", "tool_end"),
        *(*last, "usage", "final"),
    ]
    assert spending.conversation(found)
    used = spending.total(found)
    assert used is not None
    assert (used.input, used.output) == (3300, 180)
    outcome = ADAPTERS[name].finish(found, GOOD)
    assert (outcome.ok, outcome.evidence) == (True, ("E1", "E3"))
    assert outcome.outputs == {"summary": "DONE: hello.py written and committed."}
    tools = [event.text for event in found if event.kind is EventKind.TOOL_START]
    assert all("hello.py" in text for text in tools)


@pytest.mark.parametrize(
    ("name", "kind", "retryable", "words"),
    [
        ("claude-err400", "bad_request", False, "stub: bad request"),
        ("claude-err500", "overload", True, "internal error"),
        ("claude-cut", "cut", True, "Connection dropped"),
        ("codex-err400", "bad_request", False, "stub: bad request"),
        ("codex-err500", "overload", True, "high demand"),
        ("codex-cut", "cut", True, "stream disconnected"),
        ("gemini-err400", "bad_request", False, "stub: bad request"),
        ("gemini-err500", "overload", True, "stub: internal error"),
        ("gemini-cut", "cut", True, "ended without a finish reason"),
        ("opencode-err400", "bad_request", False, "stub: bad request"),
        ("opencode-key", "auth", False, "invalid x-api-key"),
        ("opencode-cut", "cut", True, "cut off"),
        ("aider-err400", "bad_request", False, "stub: bad request"),
        ("aider-key", "auth", False, "invalid x-api-key"),
        ("aider-err500", "overload", True, "stub: internal error"),
        ("aider-cut", "cut", True, "Connection error"),
        ("aider-sigint", "killed", True, "interrupted"),
    ],
)
def test_a_real_failure_has_its_class(name: str, kind: str, words: str, *, retryable: bool) -> None:
    adapter = ADAPTERS[name.split("-", maxsplit=1)[0]]
    for ending in (BAD, GOOD):  # the code decides nothing: some end with 0
        outcome = adapter.finish(seen(name), ending)
        assert (outcome.ok, outcome.kind, outcome.retryable) == (False, kind, retryable)
        assert words in outcome.message


@pytest.mark.parametrize(
    "name",
    [
        *("claude-err500", "codex-err500", "claude-cut", "codex-cut", "gemini-cut"),
        *("opencode-cut", "aider-err500", "aider-cut"),
    ],
)
def test_what_was_asked_again_is_told(name: str) -> None:
    assert "retry" in kinds(seen(name))


def test_claude_that_is_terminated_in_a_tool_has_no_result() -> None:
    assert ADAPTERS["claude"].finish(seen("claude-sleep"), Ending(code=143)).kind == (
        "no_terminal_event"
    )


def test_claude_that_is_interrupted_did_not_succeed_though_it_exits_with_0() -> None:
    line = {
        "type": "result",
        "subtype": "error_during_execution",
        "is_error": True,
        "terminal_reason": "aborted_tools",
        "errors": ["[ede_diagnostic] result_type=user"],
    }
    outcome = ADAPTERS["claude"].finish(ADAPTERS["claude"].parse(line), GOOD)
    assert (outcome.ok, outcome.kind, outcome.retryable) == (False, "killed", True)


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"subtype": "error_max_turns"}, "max_turns"),
        ({"is_error": True, "result": "Please run /login"}, "auth"),
        ({"is_error": True, "api_error_status": 429, "result": "Slow down"}, "rate"),
        ({"is_error": True, "result": "You've hit your usage limit"}, "rate"),
        ({"is_error": True, "api_error_status": 529, "result": "x"}, "overload"),
        ({"is_error": None}, "agent_error"),
        (
            {"errors": ["No conversation found with session ID: x"], "is_error": True},
            "no_conversation",
        ),
    ],
)
def test_claude_says_success_and_means_it_only_without_an_error(
    more: dict[str, Any], kind: str
) -> None:
    line = {"type": "result", "subtype": "success", "is_error": False, "result": "", **more}
    outcome = ADAPTERS["claude"].finish(ADAPTERS["claude"].parse(line), GOOD)
    assert (outcome.ok, outcome.kind) == (False, kind)


def test_codex_items_of_errors_stand_in_good_turns() -> None:
    items = [each for each in lines("codex-edit") if each.get("item", {}).get("type") == "error"]
    assert items, "the sample has one"
    assert ADAPTERS["codex"].finish(seen("codex-edit"), GOOD).ok


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_every_cut_of_a_good_run_is_a_failure(name: str) -> None:
    whole = lines(f"{name}-edit")
    for cut in range(len(whole)):
        for ending in (GOOD, BAD, Ending(code=None, signal=15)):
            assert not ADAPTERS[name].finish(seen(f"{name}-edit", cut), ending).ok


# --- whatever comes ----------------------------------------------------------------------------


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if not isinstance(value, (dict, list)):
        return [path]
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return [path, *(p for key, each in inner for p in _paths(each, (*path, key)))]


@given(data=st.data(), name=st.sampled_from(sorted(ADAPTERS)))
def test_no_line_makes_an_adapter_raise(data: st.DataObject, name: str) -> None:
    """Real lines with any part replaced by any JSON: never an exception, never a lost line."""
    sample = data.draw(st.sampled_from(["edit", "err400", "cut"]))
    line = json.loads(json.dumps(data.draw(st.sampled_from(lines(f"{name}-{sample}")))))
    place = data.draw(st.sampled_from(_paths(line)[1:]))
    inner = line
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = data.draw(JSON | st.integers(min_value=2**60))
    events = ADAPTERS[name].parse(line)
    assert events
    outcome = ADAPTERS[name].finish(events, GOOD)
    assert outcome.message
    total = spending.total(events)
    assert total is None or total.minus(total, ADAPTERS[name].capabilities)


@given(line=st.dictionaries(TEXT, JSON, max_size=4), name=st.sampled_from(sorted(ADAPTERS)))
def test_an_unknown_line_is_kept_as_it_is(line: dict[str, Any], name: str) -> None:
    line["type"] = "something.new"
    assert ADAPTERS[name].parse(line) == [AgentEvent(kind=EventKind.RAW, data=line)]


# --- what is run -------------------------------------------------------------------------------


@pytest.fixture
def tools(tmp_path: Path) -> str:
    """A PATH with programs that say a version."""
    for name, version in (
        ("claude", "2.1.329 (Claude Code)"),
        ("codex", "codex-cli 0.169.0"),
        ("gemini", "0.61.0"),
        ("opencode", "1.18.33"),
        ("aider", "aider 0.86.2"),
    ):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\necho '{version}'\n")
        program.chmod(0o755)
    return f"{tmp_path / 'bin'}:/usr/bin:/bin"


def asked(tools: str, prompt: str = "Do it.", **more: Any) -> RunRequest:
    environment = {"PATH": tools, **more.pop("environment", {})}
    place = Path("/home/x/runs/t/1")
    return RunRequest(
        run_id="t.1",
        folder=place,
        cwd=Path("/repo"),
        prompt=prompt,
        environment=environment,
        **more,
    )


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_the_prompt_is_nowhere_that_others_can_read(name: str, tools: str) -> None:
    command = ADAPTERS[name].command(
        asked(tools, "the secret plan", instructions="You build.", model="best")
    )
    assert command.stdin == b"You build.\n\nthe secret plan"
    assert "secret plan" not in " ".join((*command.argv, *command.env.values()))
    assert "best" in command.argv
    assert command.protocol == ("lines" if name == "aider" else "jsonl")
    assert (command.seeds, "HOME" in command.env) == ({}, False), "the person's home stays"


@pytest.mark.parametrize("name", sorted({*ADAPTERS} - {"aider"}))
def test_a_conversation_is_resumed_by_its_id(name: str, tools: str) -> None:
    argv = ADAPTERS[name].command(asked(tools, conversation="c-1")).argv
    assert "c-1" in argv
    assert {"--resume", "resume", "-s"} & set(argv)
    assert "c-1" not in ADAPTERS[name].command(asked(tools)).argv


@pytest.mark.parametrize("name", ["--dangerously-skip-permissions", "a b", "", "-", "x" * 201])
def test_what_looks_like_a_flag_is_no_conversation(name: str) -> None:
    for kind in (
        {"type": "thread.started", "thread_id": name},
        {"type": "init", "session_id": name},
    ):
        for adapter in ADAPTERS.values():
            assert spending.conversation(adapter.parse(kind)) == ""


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_an_isolated_home_needs_a_key_by_name(name: str, tools: str) -> None:
    home = Path("/h/agents/testing")
    with pytest.raises(SetupError, match="no key") as refused:
        ADAPTERS[name].command(asked(tools, home=home))
    key = CLIS[name].key
    assert key in refused.value.hint
    for how in ({"environment": {key: "k"}}, {"secrets": frozenset({key})}):
        command = ADAPTERS[name].command(asked(tools, home=home, **how))
        assert command.env["HOME"] == str(home)
        assert ".gitconfig" in command.seeds


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_what_the_person_set_stays(name: str, tools: str) -> None:
    ours = ADAPTERS[name].command(asked(tools)).env
    theirs = dict.fromkeys(ours, "theirs")
    assert ADAPTERS[name].command(asked(tools, environment=theirs)).env == {}


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_an_agent_that_only_edits_runs_no_commands(name: str, tools: str) -> None:
    free = " ".join(ADAPTERS[name].command(asked(tools)).argv)
    bound = " ".join(ADAPTERS[name].command(asked(tools, may="edit")).argv)
    unbound = {
        "claude": "Bash",
        "codex": "danger-full-access",
        "gemini": "yolo",
        "opencode": "--auto",
        "aider": "",  # it never runs what the model says: only its own linter and tests
    }[name]
    assert unbound in free
    assert not unbound or unbound not in bound
    assert free != bound


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_what_is_no_prompt_or_cannot_run_is_refused(name: str, tools: str) -> None:
    request = RunRequest(run_id="t.1", folder=Path("/f"), cwd=Path("/"), script="true")
    with pytest.raises(Invalid, match=r"t\.1"):
        ADAPTERS[name].command(request)
    with pytest.raises(SetupError, match="not installed") as refused:
        ADAPTERS[name].command(asked("/nowhere"))
    assert "install" in refused.value.hint


# --- whether it can be used --------------------------------------------------------------------


def test_probe_tells_what_is_missing_and_what_to_do(tools: str, tmp_path: Path) -> None:
    home = {"PATH": tools, "HOME": str(tmp_path)}
    none = ClaudeAdapter({"PATH": "/nowhere"}).probe()
    assert (none.ok, "not installed" in none.detail, "npm" in none.hint) == (False, True, True)
    stranger = ClaudeAdapter(home).probe()
    assert (stranger.ok, stranger.version) == (False, "2.1.329")
    assert "logged in" in stranger.detail
    assert "claude" in stranger.hint
    known = ClaudeAdapter({**home, "ANTHROPIC_API_KEY": "k"}).probe()
    assert (known.ok, known.version, known.hint) == (True, "2.1.329", "")
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex" / "auth.json").write_text("{}")
    assert CodexAdapter(home).probe().ok


@pytest.mark.parametrize("said", ["no version here", "exit", ""])
def test_probe_of_a_broken_program_does_not_raise(said: str, tmp_path: Path) -> None:
    program = tmp_path / "claude"
    program.write_text(f"#!/bin/sh\necho '{said}'\nexit 3\n" if said else "\x7fELF broken")
    program.chmod(0o755)
    found = ClaudeAdapter({"PATH": f"{tmp_path}:/bin"}).probe()
    assert (found.ok, found.version) == (False, None)
    assert str(program) in found.detail


def test_probe_says_when_a_version_was_not_tested(tmp_path: Path) -> None:
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\necho 9.0.1\n")
    program.chmod(0o755)
    found = ClaudeAdapter({"PATH": f"{tmp_path}:/bin", "ANTHROPIC_API_KEY": "k"}).probe()
    assert (found.ok, found.version) == (True, "9.0.1")
    assert "Tested with 2.1" in found.hint


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.stdout")))
def test_what_is_kept_of_a_stream_tells_its_end_as_the_whole_does(name: str) -> None:
    whole = seen(name)
    adapter = ADAPTERS[name.partition("-")[0]]
    for end in (GOOD, BAD):
        assert adapter.finish(Seen(whole).events(), end) == adapter.finish(whole, end)
    assert spending.total(Seen(whole).events()) == spending.total(whole)
