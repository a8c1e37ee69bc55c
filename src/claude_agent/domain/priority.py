"""The five priorities."""

from enum import IntEnum


class Priority(IntEnum):
    """How urgent a task is; a higher one is claimed first over all queues."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    CRITICAL = 3
    EMERGENCY = 4


NAMES = tuple(priority.name for priority in Priority)


def aged(priority: int, effective: int, waited_ms: int, aging_ms: int) -> int:
    """Return the effective priority after a wait: one level per `aging_ms`, never EMERGENCY."""
    if priority >= Priority.CRITICAL or aging_ms <= 0:
        return max(priority, effective)
    return max(effective, min(Priority.CRITICAL, priority + waited_ms // aging_ms))
