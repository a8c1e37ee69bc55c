"""Thousands of workflows with random graphs, fates and cancels: each ends, and ends rightly."""

import collections
from dataclasses import replace
from typing import Any

import pytest

from claude_agent.domain import step_run
from tests.simulation.histories import History, play

HISTORIES = 1_500
SECOND = 400
KEPT: tuple[int, ...] = ()
"""Seeds that once failed."""


def _played(seed: int, lives: int = 1) -> History:
    try:
        return play(seed, lives)
    except Exception as error:
        error.add_note(f"seed {seed}: tests.simulation.histories.play({seed}, lives={lives})")
        raise


def test_every_history_ends_rightly(prove_scale: int) -> None:
    ends: collections.Counter[str] = collections.Counter()
    for seed in range(HISTORIES * prove_scale):
        history = _played(seed)
        ends[history.run.state.value] += 1
    # Every way to end is among them, or the fates are not wild enough to prove anything.
    assert set(ends) == {
        "succeeded",
        "failed",
        "cancelled",
        "compensated",
        "compensation_failed",
    }, ends
    assert min(ends.values()) > HISTORIES * prove_scale / 200, ends


def test_every_second_chance_ends_rightly(prove_scale: int) -> None:
    ends: collections.Counter[str] = collections.Counter()
    generations = 0
    for seed in range(SECOND * prove_scale):
        history = _played(seed, lives=5)
        ends[history.run.state.value] += 1
        generations += history.run.generation
    assert generations > 2 * SECOND * prove_scale
    assert min(ends.values()) > SECOND * prove_scale / 200, ends


def test_second_chances_tell_of_an_effect_that_changes_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a later generation leaves out must not count as done only then (I10)."""
    real = step_run.after

    def after(step: Any, said: Any, at: int, seq: int) -> Any:
        done = real(step, said, at, seq)
        return replace(done, effect_seq=seq) if done.end_seq == seq else done

    monkeypatch.setattr(step_run, "after", after)

    def many() -> None:
        for seed in range(SECOND):
            play(seed, lives=5)

    with pytest.raises(AssertionError, match="I10"):
        many()


def test_histories_that_once_failed_end_rightly() -> None:
    assert [play(seed).run.terminal for seed in KEPT] == [True] * len(KEPT)


def test_history_is_the_same_again() -> None:
    for seed in range(50):
        one, two = play(seed), play(seed)
        assert one.run == two.run
        assert one.events == two.events
