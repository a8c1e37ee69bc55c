"""A CLI that a TOML file describes."""

from pathlib import Path
from typing import Any

import pytest

from claude_agent.agents import spending
from claude_agent.agents.adapter import AgentEvent, Ending, EventKind, RunRequest
from claude_agent.agents.adapters.declared import DeclaredAdapter, declared
from claude_agent.errors import Invalid

WHOLE = """
name = "goose"
title = "Goose"
command = ["goose", "run", "--quiet"]
resume = ["--session", "{conversation}"]
model = ["--model", "{model}"]
edit = ["--no-shell"]
environment = { GOOSE_TELEMETRY = "off" }
keys = ["GOOSE_KEY"]
tested = ["1.0", "2.0"]
exits = { 3 = "rate" }

[[events]]
when = { type = "session" }
event = "started"
conversation = "id"

[[events]]
when = { type = "message", "by.role" = "assistant" }
event = "text"
text = "by.text"

[[events]]
when = { type = "end", ok = true }
event = "final"
text = "said"
input = "tokens.in"
output = "tokens.out"
cost = "usd"

[[events]]
when = { type = "end" }
event = "error"
text = "said"
"""


def made(tmp_path: Path, source: str = WHOLE) -> DeclaredAdapter:
    file = tmp_path / "agent.toml"
    file.write_text(source)
    return declared(file)({})


def asked(tmp_path: Path, **more: Any) -> RunRequest:
    program = tmp_path / "bin" / "goose"
    program.parent.mkdir(exist_ok=True)
    program.write_text("#!/bin/sh\necho 'goose 1.4.0'\n")
    program.chmod(0o755)
    given: dict[str, Any] = {
        "run_id": "t.1",
        "folder": tmp_path / "run",
        "cwd": tmp_path,
        "prompt": "Do it.",
        "environment": {"PATH": f"{program.parent}:/usr/bin:/bin"},
        **more,
    }
    return RunRequest(**given)


def test_the_command_is_what_the_file_says(tmp_path: Path) -> None:
    adapter = made(tmp_path)
    plain = adapter.command(asked(tmp_path))
    assert (plain.argv, plain.stdin) == (("goose", "run", "--quiet"), b"Do it.")
    assert (plain.env, plain.protocol) == ({"GOOSE_TELEMETRY": "off"}, "jsonl")
    whole = adapter.command(asked(tmp_path, model="m", conversation="c-1", may="edit"))
    assert whole.argv[3:] == ("--no-shell", "--model", "m", "--session", "c-1")


def test_the_prompt_goes_where_the_file_says(tmp_path: Path) -> None:
    argument = made(
        tmp_path,
        WHOLE.replace('"--quiet"]', '"--text={prompt}"]\nprompt = "argument"'),
    )
    run = asked(tmp_path, instructions="You build.", prompt="{model} is no slot here")
    assert argument.command(run).argv[-1] == "--text=You build.\n\n{model} is no slot here"
    file = made(tmp_path, WHOLE.replace('"--quiet"]', '"{prompt_file}"]\nprompt = "file"'))
    command = file.command(run)
    assert command.argv[-1] == str(tmp_path / "run" / "prompt.txt")
    assert command.files == {"prompt.txt": b"You build.\n\n{model} is no slot here"}


def test_lines_become_events_and_an_outcome(tmp_path: Path) -> None:
    adapter = made(tmp_path)
    lines = [
        {"type": "session", "id": "c-1"},
        {"type": "message", "by": {"role": "assistant", "text": "I look."}},
        {"type": "message", "by": {"role": "person", "text": "?"}},
        {"type": "end", "ok": True, "said": "Done it.", "tokens": {"in": 7, "out": 2}, "usd": 0.5},
    ]
    seen = [event for line in lines for event in adapter.parse(line)]
    assert [event.kind.value for event in seen] == ["started", "text", "raw", "usage", "final"]
    assert spending.conversation(seen) == "c-1"
    used = spending.total(seen)
    assert used is not None
    assert (used.input, used.output, used.cost_usd) == (7, 2, 0.5)
    outcome = adapter.finish(seen, Ending(code=0))
    assert (outcome.ok, outcome.outputs) == (True, {"summary": "Done it."})
    assert not adapter.finish(seen, Ending(code=1)).ok
    assert not adapter.finish(seen[:-1], Ending(code=0)).ok, "no end was told"


def test_an_error_has_its_class_by_line_or_by_code(tmp_path: Path) -> None:
    adapter = made(tmp_path)
    told = adapter.parse({"type": "end", "ok": False, "said": "usage limit reached"})
    assert adapter.finish(told, Ending(code=0)).kind == "rate"
    outcome = adapter.finish([], Ending(code=3))
    assert (outcome.ok, outcome.kind, "exited with 3" in outcome.message) == (False, "rate", True)
    assert adapter.finish([], Ending(code=0)).kind == "no_terminal_event"
    assert adapter.finish([], Ending(code=3, stopped=True)).kind == "cancelled"


def test_plain_lines_are_read_where_the_file_says_so(tmp_path: Path) -> None:
    source = """
name = "plain"
command = ["plain"]
output = "lines"
[[events]]
starts = "ERROR: "
event = "error"
[[events]]
contains = "all done"
event = "final"
"""
    adapter = made(tmp_path, source)
    assert adapter.parse({"said": "hm"}) == [AgentEvent(kind=EventKind.RAW, data={"said": "hm"})]
    assert adapter.finish(adapter.parse({"said": "all done now"}), Ending(code=0)).ok
    refused = adapter.finish(adapter.parse({"said": "ERROR: invalid api key"}), Ending(code=0))
    assert (refused.kind, refused.message) == ("auth", "invalid api key")
    with pytest.raises(Invalid, match="kept from commands"):
        made(tmp_path, WHOLE.replace('edit = ["--no-shell"]\n', "")).command(
            asked(tmp_path, may="edit")
        )


def test_probe_asks_with_the_flag_that_was_declared(tmp_path: Path) -> None:
    made(tmp_path)
    run = asked(tmp_path)
    body = declared(tmp_path / "agent.toml")
    ready = body({**run.environment, "GOOSE_KEY": "k"}).probe()
    assert (ready.ok, ready.version, ready.hint) == (True, "1.4.0", "")
    stranger = body(run.environment).probe()
    assert (stranger.ok, "nobody is logged in" in stranger.detail) == (False, True)
    missing = body({"PATH": "/nowhere"}).probe()
    assert "not installed" in missing.detail


@pytest.mark.parametrize(
    ("old", "new", "line", "words", "hint"),
    [
        ("keys =", "kyes =", 9, "unknown key kyes", "Did you mean keys?"),
        ('event = "started"', 'evnt = "started"', 15, "unknown key events.0.evnt", "event"),
        ('event = "text"', 'event = "txt"', 20, "events.1.event", ""),
        ("{conversation}", "{conversatoin}", 1, "did you mean {conversation}?", ""),
        ('command = ["goose", "run", "--quiet"]', "command = []", 4, "command", ""),
        ('event = "final"', 'event = "text"', 1, 'event = "final"', ""),
        ('name = "goose"', 'name = "Goose!"', 2, "name", ""),
        ("tested = [", "tested = ", 10, "not TOML", ""),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, words: str, hint: str
) -> None:
    assert old in WHOLE
    with pytest.raises(Invalid) as refused:
        made(tmp_path, WHOLE.replace(old, new))
    assert words in refused.value.detail
    assert str(tmp_path / "agent.toml") in refused.value.detail
    assert hint in (refused.value.hint or "")
    if "TOML" in words:
        assert f"line {line}" in refused.value.detail
    elif line > 1:
        assert f"agent.toml:{line}: " in refused.value.detail


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"none\.toml cannot be read"):
        declared(tmp_path / "none.toml")


def test_the_page_shows_a_file_that_can_be_read(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "agents" / "declared.md"
    source = page.read_text().split("```toml\n")[2].split("```")[0]
    adapter = made(tmp_path, source)
    lines = [
        {"type": "session", "id": "c-1"},
        {"type": "message", "by": {"role": "assistant", "text": "I look."}},
        {"type": "end", "ok": True, "said": "Done."},
    ]
    seen = [event for line in lines for event in adapter.parse(line)]
    assert adapter.finish(seen, Ending(code=0)).outputs == {"summary": "Done."}
