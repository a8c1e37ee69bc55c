"""Why something waits, as data: a stable code, a sentence, what it is about, what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from claude_agent.domain.breaker import Breaker
from claude_agent.domain.deciding.scene import Cached, nothing_cached
from claude_agent.domain.definition_parts import Data, JsonObject
from claude_agent.domain.duration import format_duration

_SECOND = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason."""

    code: str
    """Stable, for programs: `dependency`, `lock`, `timer`, …"""
    text: str
    """One sentence for people."""
    about: tuple[str, ...] = ()
    """The steps, tasks, executions, queues or agents that it names."""
    command: str = ""
    """The command that ends the waiting or shows more; empty: nothing needs to be done."""
    until: int | None = None
    """When time ends it, in epoch milliseconds."""

    def to_data(self) -> JsonObject:
        """Return the wire form."""
        return {
            "code": self.code,
            "text": self.text,
            "about": list(self.about),
            "command": self.command or None,
            "until": self.until,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue as it stands."""

    name: str
    paused: bool
    running: int
    most: int
    """How many of its tasks may run at once."""
    slots: int
    """How many slots of live workers serve it for a task of this priority."""
    free: int
    """How many of these are free."""
    ahead: int = 0
    """How many ready tasks come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What stands in the way of an account's agents."""

    breaker: Breaker
    """The account's breaker; closed where it only starts no more agents now."""
    next_at: int | None = None
    """When its next agent may start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known beside the execution or the task itself."""

    at: int
    """Now, in epoch milliseconds."""
    holders: Mapping[str, str] = field(default_factory=dict)
    """Of each lock by name: the ref of the task that holds it."""
    first: Mapping[str, str] = field(default_factory=dict)
    """Of each free lock by name: the ref of the ready task that gets it first."""
    queues: Mapping[str, Queue] = field(default_factory=dict)
    """By the id of a ready task: the queue in which it waits."""
    quiet: Mapping[str, int] = field(default_factory=dict)
    """By the id of a running task that is stuck: since when it has printed nothing."""
    approvals: Mapping[str, str] = field(default_factory=dict)
    """By the id of a step or a task: the ref of the approval that it waits for."""
    questions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By the id of a task: the ref of the question that its agent waits for, and what it asks."""
    breakers: Mapping[str, Breaker] = field(default_factory=dict)
    """Of each agent by name: its breaker, where it is not closed."""
    limits: Mapping[str, "Limit"] = field(default_factory=dict)
    """Of each agent by name: what its accounts wait for, where no prompt of it may start."""
    agents: Mapping[str, Data] = field(default_factory=dict)
    """The configured agents as expressions see them."""
    cached: Cached = nothing_cached
    """What earlier executions left, by the key of a step's cache."""
    key_holders: tuple[str, ...] = ()
    """The refs of the executions that have the places of its concurrency key."""
    key_before: tuple[str, ...] = ()
    """The refs of those that wait for a place and came before it."""


def time_left(until: int, at: int) -> str:
    """Return `in 2m5s`, whole seconds; `now` where the time has come."""
    left = (until - at) // _SECOND * _SECOND
    return f"in {format_duration(left)}" if left > 0 else "now"


def listed(names: tuple[str, ...] | list[str], most: int = 8) -> str:
    """Return `a, b and 3 more`."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
