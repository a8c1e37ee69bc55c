"""Every state of tasks, steps and executions, and the one table of what may follow what.

The tables hold all states of the contract, also those that a later version enters. They are the
source of the CHECK constraints' test, of the docs page and of the guard in `evolve`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from claude_agent.errors import Conflict


class TaskState(StrEnum):
    """One unit of queue work; retries stay in the same row."""

    HELD = "held"
    SCHEDULED = "scheduled"
    READY = "ready"
    RUNNING = "running"
    VERIFYING = "verifying"
    UNCERTAIN = "uncertain"
    SUCCEEDED = "succeeded"
    DEAD = "dead"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    DISCARDED = "discarded"


class StepState(StrEnum):
    """One step of an execution."""

    PENDING = "pending"
    SKIPPED = "skipped"
    HELD = "held"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"
    COMPENSATING = "compensating"
    COMPENSATED = "compensated"
    COMPENSATION_FAILED = "compensation_failed"


class ExecutionState(StrEnum):
    """One run of a workflow."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    FAILING = "failing"
    COMPENSATING = "compensating"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    COMPENSATED = "compensated"
    COMPENSATION_FAILED = "compensation_failed"


_T = TaskState
TASK_ALLOWED: Mapping[TaskState, frozenset[TaskState]] = {
    _T.HELD: frozenset({_T.HELD, _T.READY, _T.SCHEDULED, _T.REJECTED, _T.CANCELLED}),
    _T.SCHEDULED: frozenset({_T.READY, _T.CANCELLED, _T.EXPIRED, _T.DEAD}),
    _T.READY: frozenset({_T.RUNNING, _T.CANCELLED, _T.EXPIRED, _T.DEAD}),
    _T.RUNNING: frozenset(
        {_T.READY, _T.RUNNING, _T.VERIFYING, _T.SCHEDULED, _T.DEAD, _T.UNCERTAIN, _T.CANCELLED}
        # a plain command without gates goes through verifying within one transaction
        | {_T.SUCCEEDED}
    ),
    _T.VERIFYING: frozenset({_T.VERIFYING, _T.SUCCEEDED, _T.SCHEDULED, _T.DEAD, _T.CANCELLED}),
    _T.UNCERTAIN: frozenset(
        {_T.UNCERTAIN, _T.RUNNING, _T.SUCCEEDED, _T.SCHEDULED, _T.DEAD, _T.CANCELLED}
    ),
    _T.SUCCEEDED: frozenset(),
    # held: what needed an approval needs one again in its next generation
    _T.DEAD: frozenset({_T.READY, _T.HELD, _T.DISCARDED}),
    _T.CANCELLED: frozenset(),
    _T.REJECTED: frozenset(),
    _T.EXPIRED: frozenset(),
    _T.DISCARDED: frozenset(),
}
TASK_TERMINAL = frozenset(
    {_T.SUCCEEDED, _T.DEAD, _T.CANCELLED, _T.REJECTED, _T.EXPIRED, _T.DISCARDED}
)
TASK_HOLDS_SLOT = frozenset({_T.RUNNING, _T.VERIFYING, _T.UNCERTAIN})

_S = StepState
STEP_ALLOWED: Mapping[StepState, frozenset[StepState]] = {
    _S.PENDING: frozenset(
        {_S.SKIPPED, _S.HELD, _S.QUEUED, _S.FAILED, _S.CANCELLED}
        # what has no task of its own: a step with many instances, a wait; a switch ends at once
        | {_S.RUNNING, _S.SUCCEEDED}
        # an instance with an effect of an earlier generation, whose step was not begun again
        | {_S.COMPENSATING}
    ),
    _S.SKIPPED: frozenset({_S.COMPENSATING}),  # an effect of an earlier generation
    _S.HELD: frozenset({_S.QUEUED, _S.SUCCEEDED, _S.FAILED, _S.SKIPPED, _S.CANCELLED}),
    _S.QUEUED: frozenset(
        {_S.QUEUED, _S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.UNCERTAIN}
        | {_S.HELD}  # the policy holds its task
    ),
    _S.RUNNING: frozenset({_S.QUEUED, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.UNCERTAIN}),
    _S.UNCERTAIN: frozenset(
        {_S.UNCERTAIN, _S.QUEUED, _S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED}
    ),
    _S.SUCCEEDED: frozenset({_S.COMPENSATING}),
    _S.FAILED: frozenset({_S.COMPENSATING}),
    _S.CANCELLED: frozenset({_S.COMPENSATING}),
    _S.COMPENSATING: frozenset(
        {_S.COMPENSATED, _S.COMPENSATION_FAILED}
        # the sub-workflow of the generation before goes back next
        | {_S.COMPENSATING}
    ),
    _S.COMPENSATED: frozenset(),
    _S.COMPENSATION_FAILED: frozenset({_S.COMPENSATING}),
}
STEP_OPEN = frozenset({_S.HELD, _S.QUEUED, _S.RUNNING, _S.UNCERTAIN})
STEP_CLOSED = frozenset(_S) - STEP_OPEN - {_S.PENDING}

_E = ExecutionState
_ENDING = frozenset({_E.FAILING, _E.CANCELLING, _E.COMPENSATING})
EXECUTION_ALLOWED: Mapping[ExecutionState, frozenset[ExecutionState]] = {
    _E.QUEUED: frozenset({_E.RUNNING, _E.CANCELLING, _E.CANCELLED}),
    _E.RUNNING: frozenset({_E.WAITING, _E.PAUSED, _E.SUCCEEDED, _E.FAILED}) | _ENDING,
    _E.WAITING: frozenset({_E.RUNNING, _E.PAUSED, _E.SUCCEEDED, _E.FAILED}) | _ENDING,
    _E.PAUSED: frozenset({_E.RUNNING, _E.WAITING}) | _ENDING,
    _E.FAILING: frozenset({_E.FAILED, _E.COMPENSATING, _E.CANCELLING}),
    _E.CANCELLING: frozenset({_E.CANCELLED, _E.COMPENSATING}),
    _E.COMPENSATING: frozenset({_E.COMPENSATED, _E.COMPENSATION_FAILED}),
    _E.SUCCEEDED: frozenset(),
    _E.FAILED: frozenset(),
    _E.CANCELLED: frozenset(),
    _E.COMPENSATED: frozenset(),
    _E.COMPENSATION_FAILED: frozenset({_E.COMPENSATING}),
}
EXECUTION_TERMINAL = frozenset(
    {_E.SUCCEEDED, _E.FAILED, _E.CANCELLED, _E.COMPENSATED, _E.COMPENSATION_FAILED}
)

S = TypeVar("S", bound=StrEnum)


class IllegalTransition(Conflict):
    """The state machine does not know this step; the log and the code disagree."""

    code = "illegal_transition"


def moved(table: Mapping[S, frozenset[S]], before: S, after: S, what: str) -> S:
    """Return `after` if the table allows it; raises `IllegalTransition`."""
    if after not in table[before]:
        message = f"{what} cannot go from {before} to {after}."
        raise IllegalTransition(message)
    return after
