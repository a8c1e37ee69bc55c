"""What one process does for all that share a database."""

from enum import IntEnum


class Duty(IntEnum):
    """A periodic duty; the number is its lock's and does not change."""

    TIMERS = 1
    """Due tasks and deadlines, ageing, re-drives, news of dead letters, jumps of the clock."""
    MESSAGES = 2
    """Ageing, expiry and forgetting of plain messages."""
    FENCING = 3
    """Asking whether a host that nobody hears of is off."""
