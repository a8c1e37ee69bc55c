"""When an execution starts, how many at once, and what it may cost."""

from dataclasses import dataclass, field
from typing import ClassVar

from claude_agent.domain.definition_parts import Data, Part, Readers

OVERLAPS = ("skip", "queue", "cancel_running", "allow")
"""What a schedule does while its last execution is still open."""
ON_CONFLICT = ("queue", "cancel_running", "cancel_new", "skip")
"""What happens to an execution whose concurrency key is taken."""
ON_EXCEED = ("ask", "stop")
"""What happens when a budget is used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Part):
    """Start at times."""

    cron: str
    """Five fields (six: with seconds), or a name like `@daily`."""
    tz: str = "UTC"
    """The IANA name of the time zone that the fields are read in."""
    catchup_ms: int = 0
    """Times missed at most this long ago are started late; 0: they are dropped."""
    overlap: str = "skip"
    """One of `OVERLAPS`."""
    inputs: Data = field(default_factory=dict)
    """The parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(Part):
    """Start when somebody posts to `/hooks/<path>`."""

    path: str
    """The last part of the address."""
    auth: str = "hmac-sha256"
    """How the sender proves itself; no other way yet."""
    secret: str = ""
    """The name of the secret that signs."""
    if_: str | None = None
    """A condition over `event` (`event.body`, `event.headers`)."""
    inputs: Data = field(default_factory=dict)
    """The parameters, with expressions over `event`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger(Part):
    """Start when an event is said."""

    type: str
    """Its type."""
    if_: str | None = None
    """A condition over `event` (`event.type`, `event.data`, `event.source`)."""
    inputs: Data = field(default_factory=dict)
    """The parameters, with expressions over `event`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggers(Part):
    """What starts executions besides people."""

    schedule: tuple[Schedule, ...] = ()
    """At times."""
    webhook: tuple[Webhook, ...] = ()
    """When somebody posts to an address."""
    event: tuple[EventTrigger, ...] = ()
    """When an event is said."""
    readers: ClassVar[Readers] = {
        "schedule": lambda data: tuple(map(Schedule.from_data, data)),
        "webhook": lambda data: tuple(map(Webhook.from_data, data)),
        "event": lambda data: tuple(map(EventTrigger.from_data, data)),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency(Part):
    """How many executions with the same key run at once."""

    key: str
    """Text, with expressions over `inputs`, `env` and `execution`."""
    limit: int = 1
    """So many."""
    on_conflict: str = "queue"
    """One of `ON_CONFLICT`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget(Part):
    """What an execution may use; None: no limit."""

    usd: float | None = None
    """US dollars."""
    tokens: int | None = None
    """Tokens, in and out."""
    minutes: float | None = None
    """Minutes of agents at work, added up."""
    on_exceed: str = "ask"
    """One of `ON_EXCEED`."""
