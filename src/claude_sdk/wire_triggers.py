"""The JSON of triggers, as types. Times are epoch milliseconds."""

from typing import Literal, TypedDict


class TriggerFiring(TypedDict):
    """What became of the newest firing; `skipped`: its condition or its overlap said no."""

    at: int
    state: Literal["waiting", "started", "skipped", "refused"]
    reason: str | None
    execution_id: str | None
    execution_ref: str | None
    execution_state: str | None


Trigger = TypedDict(
    "Trigger",
    {
        "workflow": str,
        "kind": Literal["schedule", "webhook", "event"],
        "name": str,
        "on": str,
        "if": str | None,
        "state": Literal["active", "paused", "secret_missing"],
        "reason": str | None,
        "next": int | None,
        "last": TriggerFiring | None,
        "definition": str,
    },
)
"""What starts a workflow by itself; `next` is known of schedules alone."""
