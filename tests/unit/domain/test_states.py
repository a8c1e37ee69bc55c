"""The tables of what may follow what, held to the tables of the contract (semantics, section 3)."""

import itertools
from collections.abc import Mapping
from enum import StrEnum

import pytest

from claude_agent.domain.states import (
    EXECUTION_ALLOWED,
    EXECUTION_TERMINAL,
    STEP_ALLOWED,
    STEP_CLOSED,
    STEP_OPEN,
    TASK_ALLOWED,
    TASK_HOLDS_SLOT,
    TASK_TERMINAL,
    ExecutionState,
    IllegalTransition,
    StepState,
    TaskState,
    moved,
)

TASK_CONTRACT = {
    "held": "ready scheduled rejected held cancelled",
    "scheduled": "ready cancelled expired dead",
    "ready": "running cancelled expired dead",
    # A run without gates passes `verifying` within one transaction: running to succeeded.
    "running": "ready running verifying scheduled dead uncertain cancelled succeeded",
    "verifying": "verifying succeeded scheduled dead cancelled",
    "uncertain": "uncertain running succeeded scheduled dead cancelled",
    # held: what needed an approval needs a new one for its next generation.
    "dead": "ready held discarded",
}
"""The table of the contract, row by row; what is not named is terminal."""
STEP_PATHS = (
    "pending skipped",
    "pending held queued running succeeded compensating compensated",
    "pending queued running failed compensating compensation_failed",
    "queued running cancelled",
    "queued running uncertain",
)
"""The paths that the contract draws for a step."""
EXECUTION_PATHS = (
    "queued running waiting running succeeded",
    "running paused running",
    "running cancelling cancelled",
    "running failing failed",
    "failing compensating compensated",
    "compensating compensation_failed",
)
TABLES = (
    pytest.param(TaskState, TASK_ALLOWED, id="task"),
    pytest.param(StepState, STEP_ALLOWED, id="step"),
    pytest.param(ExecutionState, EXECUTION_ALLOWED, id="execution"),
)


@pytest.mark.parametrize("state", TaskState)
def test_task_table_is_the_contracts(state: TaskState) -> None:
    assert {after.value for after in TASK_ALLOWED[state]} == set(
        TASK_CONTRACT.get(state, "").split()
    )


def test_contract_names_only_known_states() -> None:
    words = {word for text in TASK_CONTRACT.values() for word in text.split()}
    assert words | set(TASK_CONTRACT) == {state.value for state in TaskState}


@pytest.mark.parametrize("path", STEP_PATHS)
def test_step_table_allows_the_contracts_paths(path: str) -> None:
    states = [StepState(word) for word in path.split()]
    assert all(b in STEP_ALLOWED[a] for a, b in itertools.pairwise(states))


@pytest.mark.parametrize("path", EXECUTION_PATHS)
def test_execution_table_allows_the_contracts_paths(path: str) -> None:
    states = [ExecutionState(word) for word in path.split()]
    assert all(b in EXECUTION_ALLOWED[a] for a, b in itertools.pairwise(states))


@pytest.mark.parametrize(("kind", "table"), TABLES)
def test_table_has_a_row_for_every_state(
    kind: type[StrEnum], table: Mapping[StrEnum, frozenset[StrEnum]]
) -> None:
    assert set(table) == set(kind)


@pytest.mark.parametrize(
    ("kind", "table", "first"),
    [
        pytest.param(TaskState, TASK_ALLOWED, {"held", "scheduled", "ready"}, id="task"),
        pytest.param(StepState, STEP_ALLOWED, {"pending"}, id="step"),
        pytest.param(ExecutionState, EXECUTION_ALLOWED, {"queued"}, id="execution"),
    ],
)
def test_every_state_is_reached_from_the_first(
    kind: type[StrEnum], table: Mapping[StrEnum, frozenset[StrEnum]], first: set[str]
) -> None:
    seen = {kind(name) for name in first}
    while more := {after for state in seen for after in table[state]} - seen:
        seen |= more
    assert seen == set(kind)


def test_terminal_states_of_a_task_go_nowhere_but_for_a_persons_word_on_a_dead_one() -> None:
    going = {state: TASK_ALLOWED[state] for state in TASK_TERMINAL if TASK_ALLOWED[state]}
    assert going == {TaskState.DEAD: {TaskState.READY, TaskState.HELD, TaskState.DISCARDED}}
    assert all(TASK_ALLOWED[state] for state in set(TaskState) - TASK_TERMINAL)


def test_terminal_states_of_an_execution_go_nowhere_but_to_resume_a_compensation() -> None:
    going = {s: EXECUTION_ALLOWED[s] for s in EXECUTION_TERMINAL if EXECUTION_ALLOWED[s]}
    assert going == {ExecutionState.COMPENSATION_FAILED: {ExecutionState.COMPENSATING}}
    assert all(EXECUTION_ALLOWED[state] for state in set(ExecutionState) - EXECUTION_TERMINAL)


def test_an_ended_execution_is_never_undone() -> None:
    before = {s for s, after in EXECUTION_ALLOWED.items() if ExecutionState.COMPENSATING in after}
    assert before & EXECUTION_TERMINAL == {ExecutionState.COMPENSATION_FAILED}


def test_slot_is_held_from_the_claim_to_the_terminal_state() -> None:
    assert {"running", "verifying", "uncertain"} == TASK_HOLDS_SLOT
    assert not TASK_HOLDS_SLOT & TASK_TERMINAL


def test_steps_are_pending_open_or_closed_and_never_two_of_them() -> None:
    assert {StepState.PENDING} | STEP_OPEN | STEP_CLOSED == set(StepState)
    assert not STEP_OPEN & STEP_CLOSED
    assert StepState.UNCERTAIN in STEP_OPEN


@pytest.mark.parametrize("before", TaskState)
@pytest.mark.parametrize("after", TaskState)
def test_moved_refuses_what_the_table_does_not_allow(before: TaskState, after: TaskState) -> None:
    if after in TASK_ALLOWED[before]:
        assert moved(TASK_ALLOWED, before, after, "task X") is after
    else:
        with pytest.raises(IllegalTransition, match=f"task X cannot go from {before} to {after}"):
            moved(TASK_ALLOWED, before, after, "task X")
