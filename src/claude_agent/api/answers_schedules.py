"""What clients receive about schedules."""

from typing import Literal

from claude_agent.api.answers import Answer


class ScheduleTick(Answer):
    """What became of one firing; `tick` is its time."""

    tick: int
    kind: Literal["cron", "backfill", "manual"]
    state: Literal["queued", "started", "skipped"]
    at: int
    reason: str | None
    message: str | None
    execution_id: str | None
    execution_ref: str | None
    execution_state: str | None


class Schedule(Answer):
    """When a workflow starts by itself; `next` holds the coming times."""

    id: str
    workflow: str
    definition: str
    cron: str
    tz: str
    catchup_ms: int
    overlap: Literal["skip", "queue", "cancel_running", "allow"]
    inputs: dict[str, object]
    state: Literal["active", "paused"]
    reason: str | None
    next: list[int]
    last: ScheduleTick | None
    created_at: int
    updated_at: int


class ScheduleDetail(Schedule):
    """One schedule with its newest firings."""

    ticks: list[ScheduleTick]


class ScheduleList(Answer):
    """Every schedule."""

    items: list[Schedule]


class Backfilled(Answer):
    """The times that fire now, or would, and those that were decided before."""

    id: str
    dry_run: bool
    ticks: list[int]
    already: list[int]
