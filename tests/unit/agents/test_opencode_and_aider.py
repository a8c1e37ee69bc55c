"""OpenCode and aider, whose runs are told in their own ways."""

from dataclasses import replace
from pathlib import Path

import pytest

from claude_agent.agents import spending
from claude_agent.agents.seen import Seen
from tests.unit.agents.test_cli_adapters import ADAPTERS, GOOD, asked, kinds, lines, seen, tools

__all__ = ["tools"]  # a fixture


def test_opencode_that_edits_is_read_whole() -> None:
    found = seen("opencode-edit")
    step = ["started", "tool_start", "tool_end", "usage"]
    assert kinds(found) == [
        "started",
        "text",
        *step[1:],
        *step,
        "started",
        "text",
        "usage",
        "final",
    ]
    used = spending.total(found)
    assert used is not None
    assert (used.input, used.output, used.cost_usd) == (3300, 180, 0.00366)
    outcome = ADAPTERS["opencode"].finish(found, GOOD)
    assert (outcome.ok, outcome.evidence) == (True, ("E1", "E3"))
    assert outcome.outputs == {"summary": "DONE: hello.py written and committed."}


def test_opencode_that_goes_on_after_a_cut_has_succeeded() -> None:
    whole = [*seen("opencode-cut"), *seen("opencode-edit")]
    assert ADAPTERS["opencode"].finish(whole, GOOD).ok
    assert not ADAPTERS["opencode"].finish(whole[:-1], GOOD).ok


def test_opencode_whose_answer_hit_a_limit_did_not_succeed() -> None:
    line = {"type": "step_finish", "part": {"reason": "length", "tokens": {}}}
    outcome = ADAPTERS["opencode"].finish(ADAPTERS["opencode"].parse(line), GOOD)
    assert (outcome.ok, "length" in outcome.message) == (False, True)


def test_aider_that_edits_is_read_whole() -> None:
    found = seen("aider-edit")
    assert [kind for kind in kinds(found) if kind != "text"] == [
        *("started", "started", "usage", "tool_end", "final"),
    ]
    used = spending.total(found)
    assert used is not None
    assert (used.input, used.output, used.cost_usd) == (1000, 50, 0.0011)
    outcome = ADAPTERS["aider"].finish(found, GOOD)
    assert (outcome.ok, outcome.evidence) == (True, ("E1", "E3"))
    assert outcome.outputs["summary"].startswith("I will add the file.")
    assert outcome.outputs["summary"].endswith("DONE: hello.py written.")


@pytest.mark.parametrize(
    "words", ["Only 3 reflections allowed, stopping.", "Model x has hit a token limit!"]
)
def test_aider_that_gave_up_after_its_answer_did_not_succeed(words: str) -> None:
    adapter, whole = ADAPTERS["aider"], seen("aider-edit")
    gave_up = adapter.parse({"said": words})
    assert not adapter.finish([*whole[:-1], *gave_up, whole[-1]], GOOD).ok
    assert adapter.finish([*whole[:4], *gave_up, *whole[4:]], GOOD).ok, "the model said it"


def test_aider_makes_no_repository_of_a_folder(tools: str, tmp_path: Path) -> None:
    request = replace(asked(tools), cwd=tmp_path)
    assert "--no-git" in ADAPTERS["aider"].command(request).argv
    (tmp_path / ".git").mkdir()
    assert "--no-git" in ADAPTERS["aider"].command(request).argv, "an empty folder is none"
    (tmp_path / ".git" / "HEAD").touch()
    inner = tmp_path / "inner"
    assert "--no-git" not in ADAPTERS["aider"].command(replace(request, cwd=inner)).argv


def test_aider_that_asked_its_model_again_is_judged_by_the_last_answer() -> None:
    trouble = [{"said": "litellm.RateLimitError: slow down"}]
    whole = [
        event
        for line in [*lines("aider-edit")[:-1], *trouble, *lines("aider-edit")]
        for event in ADAPTERS["aider"].parse(line)
    ]
    for events in (whole, Seen(whole).events()):
        outcome = ADAPTERS["aider"].finish(events, GOOD)
        assert (outcome.ok, outcome.kind) == (True, "ok")
        assert outcome.outputs["summary"].startswith("I will add the file.")
    early = Seen(whole[: len(whole) // 2]).events()
    assert not ADAPTERS["aider"].finish(early, GOOD).ok
