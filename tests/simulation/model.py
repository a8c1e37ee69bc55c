"""A small model of one task: what the contract says of it, written a second time and shorter."""

from dataclasses import dataclass

GOING = ("running", "verifying", "uncertain")
ENDED = ("succeeded", "dead", "cancelled", "expired", "rejected", "discarded")


@dataclass
class ModelTask:
    """What must be true of a task that a test has submitted."""

    state: str
    due: float
    """When its delay is over, in seconds of the monotonic clock."""
    max_attempts: int = 1
    run_s: float | None = None
    """Its run timeout in seconds."""
    gates: bool = False
    starts: int = 0
    seals: int = 0
    reapings: int = 0
    used: int = 0
    """Attempts that count."""
    deliveries: int = 0
    began: float | None = None
    """When its attempt began."""
    reaped: bool = False
    cancel: bool = False
    stop: bool = False

    def claimed(self) -> None:
        assert self.state == "ready"
        self.state, self.began, self.reaped, self.stop = "running", None, False, False

    def started(self, now: float) -> None:
        if self.cancel:
            self.state = "cancelled"
            return
        self.began, self.starts, self.used = now, self.starts + 1, self.used + 1

    def ended(self, now: float, *, well: bool, wait: float) -> None:
        if self.cancel:
            self.state = "cancelled"
        elif well and not self.stop:
            done = not self.gates or self.state == "verifying"
            self.state = "succeeded" if done else "verifying"
        elif self.used < self.max_attempts:
            self._waits(now + wait)
        else:
            self.state = "dead"

    def sealed(self) -> None:
        if self.cancel:
            self.state = "cancelled"
            return
        if self.deliveries + 1 > 5:
            self.state = "dead"
            return
        self.deliveries += 1
        if self.began is not None:
            self.seals, self.used = self.seals + 1, self.used - 1
        self.state, self.began, self.stop = "ready", None, False

    def resolved(self, now: float, outcome: str) -> None:
        if self.cancel:
            self.state = "cancelled"
        elif outcome == "retry" and self.deliveries + 1 > 5:
            self.state = "dead"
        elif outcome == "retry":
            self.used, self.deliveries = self.used - 1, self.deliveries + 1
            self._waits(now)
        else:
            self.state = "succeeded" if outcome == "succeeded" else "dead"

    def cancelled(self) -> None:
        at_once = self.state in ("ready", "scheduled")
        if at_once or (self.state == "uncertain" and self.reaped):
            self.state = "cancelled"
        self.cancel = True

    def redriven(self) -> None:
        assert self.state == "dead"
        self.state, self.began, self.reaped, self.stop = "ready", None, False, False
        self.used = self.deliveries = 0

    def time(self, now: float) -> None:
        if self.state == "scheduled" and now >= self.due:
            self.state = "ready"
        timed = self.state in ("running", "verifying") and self.began is not None
        if timed and self.run_s is not None and now >= (self.began or 0) + self.run_s:
            self.stop = self.stop or not self.cancel

    def _waits(self, due: float) -> None:
        self.state, self.due, self.began, self.stop = "scheduled", due, None, False
