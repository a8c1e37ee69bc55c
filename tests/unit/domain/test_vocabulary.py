from typing import TYPE_CHECKING

import pytest

from claude_agent.domain import vocabulary
from claude_agent.domain.states import ExecutionState, StepState, TaskState
from claude_agent.domain.vocabulary import Term

if TYPE_CHECKING:
    from enum import StrEnum

TABLES = {
    "task": (vocabulary.TASK, TaskState),
    "step": (vocabulary.STEP, StepState),
    "execution": (vocabulary.EXECUTION, ExecutionState),
}
ALL = [
    pytest.param(term, id=f"{name}-{code}")
    for name, table in (
        *((name, table) for name, (table, _) in TABLES.items()),
        ("agent", vocabulary.AGENT),
        ("queue", vocabulary.QUEUE),
        ("shown", vocabulary.DERIVED),
    )
    for code, term in table.items()
]
DERIVED = {"needs_input", "needs_approval", "parked", "stuck", "unverified"}
"""What the contract calls derived and never stored."""


@pytest.mark.parametrize("name", TABLES)
def test_every_state_has_exactly_one_row(name: str) -> None:
    table: dict[str, Term]
    kind: type[StrEnum]
    table, kind = TABLES[name]
    assert set(table) == {state.value for state in kind}


@pytest.mark.parametrize("term", ALL)
def test_every_row_has_a_word_an_icon_and_a_known_family(term: Term) -> None:
    assert term.word
    assert term.icon.replace("-", "").isalnum()
    assert term.family in vocabulary.FAMILIES
    assert len(term.sign) == 1
    assert term.plain_sign.isascii()
    assert len(term.plain_sign) == 1


def test_derived_states_are_named_and_are_no_stored_states() -> None:
    assert set(vocabulary.DERIVED) >= DERIVED
    stored = {state.value for kind in (TaskState, StepState, ExecutionState) for state in kind}
    assert not stored & set(vocabulary.DERIVED)


def test_the_same_state_is_the_same_word_everywhere() -> None:
    words: dict[str, set[str]] = {}
    for table, _ in TABLES.values():
        for code, term in table.items():
            words.setdefault(code, set()).add(term.word)
    assert {code: found for code, found in words.items() if len(found) > 1} == {}


def test_a_word_belongs_to_one_state_within_its_table() -> None:
    for table, _ in TABLES.values():
        words = [term.word for term in table.values()]
        assert len(words) == len(set(words))


@pytest.mark.parametrize("state", TaskState)
def test_task_shows_its_state(state: TaskState) -> None:
    assert vocabulary.task(state.value) is vocabulary.TASK[state]


def test_task_shows_retrying_where_it_waits_after_an_attempt() -> None:
    assert vocabulary.task("scheduled", attempt=1).word == "retrying"
    assert vocabulary.task("scheduled", attempt=0).word == "scheduled"


@pytest.mark.parametrize("state", ["running", "verifying", "uncertain"])
def test_task_shows_cancelling_while_its_run_is_being_stopped(state: str) -> None:
    assert vocabulary.task(state, cancel_requested=True).word == "cancelling"


def test_task_shows_cancelled_once_it_is() -> None:
    assert vocabulary.task("cancelled", cancel_requested=True).word == "cancelled"


def test_vocabulary_is_served_whole() -> None:
    data = vocabulary.as_data()
    assert data["task"]["ready"] == {"word": "queued", "icon": "clock", "family": "idle"}
    assert set(data) == {"task", "step", "execution", "agent", "queue", "shown"}
    assert sum(map(len, data.values())) == len(ALL)
