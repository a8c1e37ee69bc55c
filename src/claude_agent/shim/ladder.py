"""The stop ladder: ask, interrupt, terminate, kill, with time between the steps."""

from claude_agent.shim.signals import SIGINT, SIGKILL, SIGTERM

STAGES = (("soft", SIGINT), ("int", SIGINT), ("term", SIGTERM), ("kill", SIGKILL))


class Ladder:
    """Says which stage is due; it sends nothing itself."""

    def __init__(self, stop_ms: tuple[int, int, int]) -> None:
        self._waits = [milliseconds / 1000 for milliseconds in stop_ms]
        self._next = 0
        self.due: float | None = None

    def begin(self, now: float) -> None:
        """Start with the first stage, unless the ladder has begun already."""
        if self._next == 0 and self.due is None:
            self.due = now

    def skip_to(self, name: str, now: float) -> None:
        """Leave out what is left before a stage; one that was reached is not gone back to."""
        place = [stage for stage, _number in STAGES].index(name)
        if self._next <= place:
            self._next = place
            self.due = now

    def end(self) -> None:
        """Nothing is left to stop."""
        self._next = len(STAGES)
        self.due = None

    @property
    def stage(self) -> str | None:
        """The stage that was reached last, None before the first."""
        return STAGES[self._next - 1][0] if self._next else None

    def tick(self, now: float) -> "tuple[str, int] | None":
        """Return the stage and signal that are due now."""
        if self.due is None or now < self.due:
            return None
        stage = STAGES[self._next]
        self.due = now + self._waits[self._next] if self._next < len(self._waits) else None
        self._next += 1
        return stage
