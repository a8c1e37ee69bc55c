"""What clients send about schedules: bodies and queries."""

from typing import Annotated

from pydantic import Field, StringConstraints

from claude_agent.api.wire import Body, Query

Milliseconds = Annotated[int, Field(ge=0, le=2**53)]


class PauseSchedule(Body):
    """Why it is paused."""

    reason: Annotated[str, StringConstraints(max_length=500)] = ""


class BackfillSchedule(Body):
    """Which times to make up for: both ends inclusive, epoch milliseconds."""

    first: Milliseconds = Field(alias="from")
    to: Milliseconds
    limit: int = Field(default=100, ge=1, le=1_000, description="more times than this are refused")
    dry_run: bool = False


class ScheduleQuery(Query):
    """Which schedules."""

    workflow: Annotated[str, StringConstraints(max_length=200)] = ""
