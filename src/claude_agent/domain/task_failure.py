"""What follows from an attempt that failed: another one, or a dead letter."""

from collections.abc import Sequence
from dataclasses import dataclass

from claude_agent.domain import second_try
from claude_agent.domain import task_events as ev
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.events import Payload
from claude_agent.domain.expression_tree import ExpressionError
from claude_agent.domain.retry import Failure, backoff_ms, should_retry
from claude_agent.domain.task import Task
from claude_agent.domain.task_parking import parked

SHUTDOWN = "shutdown"
"""Why a run is stopped that ends with the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How the run itself ended."""

    verdict: Data
    evidence: Sequence[str] = ()


def failed(task: Task, failure: Failure, end: End, at: int, chance: float) -> tuple[Payload, ...]:
    """Return the events of a failed attempt; `chance` is in [0, 1)."""
    if task.stop_requested == SHUTDOWN and task.spec.idempotent:
        # Stopped with the server by a person: it begins again with the next one, uncounted.
        again = ev.TaskRetryScheduled(
            due=at,
            attempt=task.attempt,
            reason="It was stopped with the server.",
            counted=False,
            verdict=end.verdict,
            evidence=list(end.evidence),
        )
        return (again,)
    if failure.parking is not None and not task.stop_requested:
        return (parked(task, failure, failure.parking, end.verdict, end.evidence),)
    if task.stop_requested:
        kind, _, by = task.stop_requested.partition(".")
        by = by if kind == "timeout" else ""
        how = f"by its {by} timeout" if by else "with the server (down --stop-agents)"
        failure = Failure(
            kind=task.stop_requested,
            message=f"It was stopped {how}.",
            exit_code=failure.exit_code,
            retryable=task.stop_requested != "timeout.total",
        )
    said = ev.TaskAttemptFailed(
        attempt=task.attempt,
        run=task.run,
        kind=failure.kind,
        message=failure.message,
        exit_code=failure.exit_code,
        verdict=end.verdict,
        evidence=list(end.evidence),
    )
    used = task.attempt - task.refunds
    elapsed = at - (task.started_at if task.started_at is not None else at)
    may = should_retry(task.spec.retry, failure, attempts_used=used, elapsed_ms=elapsed)
    due = at + backoff_ms(task.spec.retry, used, chance) if may else at
    try:
        follows = _again(task, failure, due, may=may)
    except ExpressionError as problem:
        message = f"{failure.message} What follows cannot be computed: {problem.detail}."
        return (said, ev.TaskDead(reason="expression", error=_error(failure.kind, message)))
    if follows is not None:
        return (said, follows)
    error = _error(failure.kind, failure.message)
    used_up = used >= task.spec.retry.max_attempts > 1
    reason = "attempts_used_up" if used_up else failure.kind
    return (said, ev.TaskDead(reason=reason, error=error))


def _again(task: Task, failure: Failure, due: int, *, may: bool) -> ev.TaskRetryScheduled | None:
    """Return the next attempt, by whomever, or None: it is over. Raises ExpressionError."""
    spec = task.spec
    found = second_try.context(spec, failure, task.attempt)
    fresh = False
    if may and second_try.wanted(spec, found):
        after = second_try.by_another(spec)
    elif spec.fallback and failure.kind != "timeout.total":
        after, fresh = second_try.taken_over(spec, found), True
    else:
        return None
    return ev.TaskRetryScheduled(
        due=due,
        attempt=task.attempt + 1,
        reason=failure.message,
        feedback=second_try.feedback(spec, found),
        spec=None if after is spec else after.to_data(),
        fresh=fresh,
    )


def _error(kind: str, message: str) -> dict[str, str]:
    return {"kind": kind, "message": message}
