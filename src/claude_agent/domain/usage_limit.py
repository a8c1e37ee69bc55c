"""When a usage limit ends: what a provider said of it, and what is decided from that."""

from dataclasses import dataclass, replace

LONGEST_MS = 32 * 86_400_000
"""A limit that ends later than this is not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """When a limit ends, as somebody said it."""

    at: int | None = None
    """A moment, epoch milliseconds."""
    after_ms: int | None = None
    """A time from now on."""

    def moment(self, now: int) -> "Until | None":
        """Return until when it lasts; None where that is past, too far away or no time at all."""
        if self.at is not None:
            found = Until(at=self.at, dated=True)
        elif self.after_ms is not None:
            found = Until(at=now + self.after_ms, dated=False)
        else:
            return None
        return found if now < found.at <= now + LONGEST_MS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """The end of a wait."""

    at: int
    """Epoch milliseconds."""
    dated: bool
    """It is a date: it stays where it is when the wall clock is set or the machine slept."""

    def later(self, milliseconds: int) -> "Until":
        """Return it so much later."""
        return replace(self, at=self.at + milliseconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """What is decided about an attempt that a limit stopped: it waits, and is not counted."""

    until: int
    """Epoch milliseconds."""
    dated: bool = False
    """As `Until.dated`."""
    account: str = ""
    """The account that has the limit; empty: it is the task's own."""
    kind: str = "rate"
    """The kind of failure: `rate`, `auth` or `billing`."""
