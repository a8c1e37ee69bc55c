"""What earlier runs left: the conversation to go on with, and what was used before."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from claude_agent.agents.adapters.claude import ClaudeAdapter
from claude_agent.agents.adapters.codex import CodexAdapter
from claude_agent.agents.adapters.fake import FakeAdapter
from claude_agent.agents.conversation import spent, to_resume
from claude_agent.agents.run_files import plant
from claude_agent.domain.task import Task
from tests.unit.domain.making import running

CODEX, CLAUDE = CodexAdapter({}), ClaudeAdapter({})


class Runs:
    """The run folders of one task."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, _task_id: str, run: int) -> Path:
        return self.folder / str(run)

    def add(self, run: int, lines: list[dict[str, Any]], *, agent: str, adapter: str) -> None:
        place = self.of("", run)
        place.mkdir()
        about = {"about": {"agent": agent, "adapter": adapter}}
        (place / "spec.json").write_text(json.dumps(about))
        told = [
            json.dumps({"n": n, "kind": "protocol", "line": line}) + "\n"
            for n, line in enumerate(lines, 1)
        ]
        (place / "events-000001.jsonl").write_text("".join(told))


def codex(thread: str, tokens: int | None) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = [{"type": "thread.started", "thread_id": thread}]
    if tokens is not None:
        used = {"input_tokens": tokens, "output_tokens": tokens // 10}
        lines.append({"type": "turn.completed", "usage": used})
    return lines


def claude(session: str, tokens: int, cost: float) -> list[dict[str, Any]]:
    usage = {"input_tokens": tokens, "output_tokens": 1}
    end = {"type": "result", "subtype": "success", "is_error": False, "usage": usage}
    begun = {"type": "system", "subtype": "init", "session_id": session}
    return [begun, {**end, "total_cost_usd": cost}]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def at(run: int, **more: Any) -> Task:
    return replace(running(), run=run, attempt=run - 1, **more)


def used(runs: Runs, run: int, lines: list[dict[str, Any]], adapter: Any = CODEX) -> Any:
    seen = [event for line in lines for event in adapter.parse(line)]
    return spent(at(run), adapter, seen, runs.of)


def test_the_next_attempt_goes_on_with_the_conversation(runs: Runs) -> None:
    agent = running().spec.agent
    runs.add(1, codex("t-1", 500), agent=agent, adapter="codex")
    assert to_resume(at(2), CODEX, runs.of) == "t-1"
    assert to_resume(at(1), CODEX, runs.of) is None, "the first has none to go on with"
    assert to_resume(replace(at(2), attempt=0), CODEX, runs.of) == "t-1", "a limit parked it"
    again = replace(at(2), attempt=0, started_at=None)
    assert to_resume(again, CODEX, runs.of) is None, "driven again by a person"
    assert to_resume(at(2), CLAUDE, runs.of) is None, "another program's conversation"
    assert to_resume(at(2), FakeAdapter(), runs.of) is None
    assert to_resume(at(2, approval="a"), CODEX, runs.of) is None, "other than what was shown"
    assert to_resume(at(3), CODEX, runs.of) is None, "the run before left no folder"
    runs.add(3, codex("t-1", None), agent=agent, adapter="codex")
    assert to_resume(at(4), CODEX, runs.of) is None, "nothing was said: there is none to find"


def test_another_agent_does_not_go_on_with_it(runs: Runs) -> None:
    runs.add(1, codex("t-1", 500), agent="somebody-else", adapter="codex")
    assert to_resume(at(2), CODEX, runs.of) is None


def test_a_run_that_could_not_resume_is_followed_by_a_fresh_one(runs: Runs) -> None:
    runs.add(1, [], agent=running().spec.agent, adapter="codex")
    assert to_resume(at(2), CODEX, runs.of) is None


def test_what_counts_from_the_beginning_is_booked_as_the_difference(runs: Runs) -> None:
    runs.add(1, codex("t-1", 500), agent="a", adapter="codex")
    runs.add(2, codex("t-1", None), agent="a", adapter="codex")  # killed before it told anything
    third = used(runs, 3, codex("t-1", 1200))
    assert (third["input"], third["output"], third["conversation"]) == (700, 70, "t-1")
    other = used(runs, 3, codex("t-2", 1200))
    assert other["input"] == 1200, "another conversation counts from its own beginning"
    again = used(runs, 3, codex("t-1", 300))
    assert again["input"] == 300, "it did not count on"


def test_claude_counts_tokens_by_run_and_money_by_conversation(runs: Runs) -> None:
    runs.add(1, claude("s", 500, 0.25), agent="a", adapter="claude")
    second = used(runs, 2, claude("s", 600, 0.75), CLAUDE)
    assert (second["input"], second["cost_usd"]) == (600, 0.5)


def test_a_program_that_tells_nothing_is_not_booked(runs: Runs) -> None:
    assert spent(at(1), FakeAdapter(), [], runs.of) is None
    assert used(runs, 1, codex("t-1", None))["input"] == 0


def test_a_home_is_planted_and_what_is_there_stays(tmp_path: Path) -> None:
    home = tmp_path / "agents" / "one"
    plant(home, {".gitconfig": b"ours", ".codex/.keep": b""})
    (home / ".gitconfig").write_bytes(b"theirs")
    plant(home, {".gitconfig": b"ours", "new": b"1"})
    assert (home / ".gitconfig").read_bytes() == b"theirs"
    assert (home / "new").read_bytes() == b"1"
    assert home.stat().st_mode & 0o077 == 0
    assert sorted(each.name for each in home.iterdir()) == [".codex", ".gitconfig", "new"]
