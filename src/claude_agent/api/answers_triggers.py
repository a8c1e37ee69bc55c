"""What clients receive about triggers."""

from typing import Literal

from pydantic import Field

from claude_agent.api.answers import Answer


class TriggerFiring(Answer):
    """What became of the newest firing; `skipped`: its condition or its overlap said no."""

    at: int
    state: Literal["waiting", "started", "skipped", "refused"]
    reason: str | None
    execution_id: str | None
    execution_ref: str | None
    execution_state: str | None


class Trigger(Answer):
    """What starts a workflow by itself; `next` is known of schedules alone."""

    workflow: str
    kind: Literal["schedule", "webhook", "event"]
    name: str = Field(description="the schedule, the path, or the event's type")
    on: str = Field(description="for people: the cron line, the address, the event")
    if_: str | None = Field(alias="if")
    state: Literal["active", "paused", "secret_missing"]
    reason: str | None
    next: int | None
    last: TriggerFiring | None
    definition: str


class TriggerList(Answer):
    """Every trigger."""

    items: list[Trigger]
