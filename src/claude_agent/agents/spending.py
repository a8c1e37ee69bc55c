"""What a run used: tokens and money, as its events say, without what earlier runs used."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from claude_agent.agents import reading
from claude_agent.agents.adapter import AgentEvent, Capabilities, EventKind

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Tokens and money; what a program does not say is 0, its cost None."""

    input: int = 0
    """Tokens that were sent and not read from a cache."""
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost_usd: float | None = None

    def to_data(self) -> dict[str, object]:
        """Return a JSON object."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def __add__(self, other: "Spent") -> "Spent":
        return self._with(other, 1)

    def minus(self, before: "Spent", can: Capabilities) -> "Spent":
        """Return what came on top of `before`, where the program counts from the beginning.

        A figure that is below the one before was not counted on: it stands as it is.
        """
        less = self._with(before, -1)
        tokens, cost = less, less.cost_usd
        if not can.cumulative_usage or min(less.input, less.output) < 0:
            tokens = self
        if not can.cumulative_cost or cost is None or cost < 0:
            cost = self.cost_usd
        return Spent(
            input=tokens.input,
            output=tokens.output,
            cache_read=max(0, tokens.cache_read),
            cache_write=max(0, tokens.cache_write),
            cost_usd=cost,
        )

    def _with(self, other: "Spent", sign: int) -> "Spent":
        known = [cost for cost in (self.cost_usd, other.cost_usd) if cost is not None]
        cost = (self.cost_usd or 0.0) + sign * (other.cost_usd or 0.0)
        return Spent(
            input=self.input + sign * other.input,
            output=self.output + sign * other.output,
            cache_read=self.cache_read + sign * other.cache_read,
            cache_write=self.cache_write + sign * other.cache_write,
            cost_usd=round(cost, 9) if known else None,
        )


def total(seen: Sequence[AgentEvent]) -> Spent | None:
    """Return what the events of a run say was used, None where they say nothing.

    The last event counts; those with `more` in their data are parts, to be added up.
    """
    told = [event.data for event in seen if event.kind is EventKind.USAGE]
    parts = [_read(data) for data in told if data.get("more")]
    if parts:
        return sum(parts, start=Spent())
    return _read(told[-1]) if told else None


def added(before: AgentEvent | None, event: AgentEvent) -> AgentEvent:
    """Return one event that says what both say: the newer, or their sum where they are parts."""
    if before is None or not event.data.get("more") or not before.data.get("more"):
        return event
    sum_ = _read(before.data) + _read(event.data)
    return replace(event, data={**sum_.to_data(), "more": True})


def conversation(seen: Sequence[AgentEvent]) -> str:
    """Return the conversation that a run was in, nothing where it named none.

    It becomes a word of a command line: what looks like a flag, or like no id at all, is none.
    """
    named = (reading.text(e.data, "conversation") for e in seen if e.kind is EventKind.STARTED)
    return next((each for each in named if _ID.fullmatch(each)), "")


def _read(data: object) -> Spent:
    return Spent(
        input=reading.count(data, "input"),
        output=reading.count(data, "output"),
        cache_read=reading.count(data, "cache_read"),
        cache_write=reading.count(data, "cache_write"),
        cost_usd=reading.amount(data, "cost_usd"),
    )
