"""What clients send about queues and dead letters: bodies and queries."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from typing_extensions import override

from claude_agent.api.asked import LetterFilter
from claude_agent.api.wire import Body, Name, PageQuery, TaskSpec
from claude_agent.core.letters import Criteria

Reason = Annotated[str, StringConstraints(max_length=500)]


class PauseQueue(Body):
    """Why it is paused."""

    reason: Reason = ""


class PurgeQueue(Body):
    """Why what waits is cancelled."""

    reason: Reason = ""


class LimitQueue(Body):
    """How many tasks run at once; null: as the configuration says."""

    limit: int | None = Field(ge=1, le=1_000)


class Changes(TaskSpec):
    """Fields that are replaced as wholes: those of a task, or `args`, `kwargs` of a message."""

    args: list[Any] | None = None
    kwargs: dict[str, Any] | None = None

    @model_validator(mode="after")
    @override
    def one_kind(self) -> Self:
        """Refuse several kinds of work, and what is not a part of a specification."""
        given = [name for name in ("prompt", "run", "action") if getattr(self, name) is not None]
        if len(given) > 1:
            message = f"a task has exactly one of prompt, run, action; here: {' and '.join(given)}"
            raise ValueError(message)
        others = (self.delay, self.after, self.agents, self.approve, self.auto_approve)
        if any(value is not None for value in others):
            message = "a dead letter has neither delay, after nor agents, and is approved anew"
            raise ValueError(message)
        return self


class RedriveLetter(Body):
    """Why, and what is changed."""

    changes: Changes | None = None
    reason: Reason = ""


class DiscardLetter(Body):
    """Why it is put aside."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class RedriveLetters(Body):
    """Which dead letters run again, and how fast; nothing given means all of them."""

    kind: Literal["task", "message"] | None = None
    queue: Name | None = None
    reason: Name | None = None
    agent: Name | None = None
    since: int | None = Field(default=None, ge=0, le=2**53)
    rate: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,4}/(s|m)$")] | None = Field(
        default=None, description="`5/s` or `30/m`; absent: as fast as it goes"
    )

    def to_criteria(self) -> Criteria:
        """Return which are meant."""
        return _criteria(self)


class LetterQuery(PageQuery):
    """Which dead letters."""

    kind: Literal["task", "message"] | None = None
    queue: Name | None = None
    reason: Name | None = None
    agent: Name | None = None
    since: int | None = Field(default=None, ge=0, le=2**53)

    def to_filter(self) -> LetterFilter:
        """Return the filter for the services."""
        return LetterFilter(criteria=_criteria(self), page=self.page())


def _criteria(asked: RedriveLetters | LetterQuery) -> Criteria:
    return Criteria(
        kind=asked.kind,
        queue=asked.queue,
        reason=asked.reason,
        agent=asked.agent,
        since=asked.since,
    )
