"""How long to wait before a crashed release is started again."""

FIRST_S = 0.2
LONGEST_S = 30.0
STEADY_S = 60.0


class Backoff:
    """Doubles from 0.2 s to 30 s; a process that lived for a minute starts the count anew."""

    def __init__(self) -> None:
        self._next = FIRST_S

    def after(self, lived_s: float) -> float:
        """Return the seconds to wait after a process that lived so long."""
        if lived_s >= STEADY_S:
            self._next = FIRST_S
        delay = self._next
        self._next = min(LONGEST_S, delay * 2)
        return delay
