"""Retry policy and backoff, as plain arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claude_agent.domain.usage_limit import Parking, Reset


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how late a failed attempt is made again."""

    max_attempts: int = 1
    """Attempts in all, the first included."""
    delay_ms: int = 1_000
    """Wait before the second attempt."""
    factor: float = 2.0
    """Growth of the wait from attempt to attempt."""
    max_delay_ms: int = 300_000
    """The longest wait."""
    jitter: float = 0.2
    """Share of the wait that chance may add or take."""
    deadline_ms: int | None = None
    """No new attempt begins later than this after the first began."""
    on: tuple[str, ...] = ()
    """Error kinds that are retried; empty: every retryable kind."""
    not_on: tuple[str, ...] = ()
    """Error kinds that are never retried."""
    exit_codes: tuple[int, ...] = ()
    """Exit codes that are retried; empty: every code."""
    if_: str | None = None
    """An expression over `failure` (and what the step reads); false: no further attempt."""
    prompt: str | None = None
    """What the next attempt is told besides, from the second one on; may hold `failure`."""
    agent: str | None = None
    """Who makes the further attempts; None: who made the first."""

    def to_data(self) -> dict[str, Any]:
        """Return a JSON object that `from_data` reads back."""
        # By hand: `asdict` copies deeply, which is felt with thousands of tasks.
        data = {name: getattr(self, name) for name in self.__dataclass_fields__} | {
            "on": list(self.on),
            "not_on": list(self.not_on),
            "exit_codes": list(self.exit_codes),
        }
        # Younger than stored definitions, whose hashes must stay: absent where it is None.
        added = {"if": data.pop("if_"), "prompt": data.pop("prompt"), "agent": data.pop("agent")}
        return data | {name: value for name, value in added.items() if value is not None}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "RetryPolicy":
        """Read what `to_data` wrote; absent fields take their defaults."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        if "if" in data:
            known["if_"] = data["if"]
        for name in ("on", "not_on", "exit_codes"):
            if name in known:
                known[name] = tuple(known[name])
        return cls(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an attempt failed, as the policy sees it."""

    kind: str
    """`exit`, `timeout.run`, `timeout.idle`, `crash`, `gate`, `outputs`, `spawn`, …"""
    message: str
    """One sentence for people."""
    exit_code: int | None = None
    """The command's exit code, where it had one."""
    retryable: bool = True
    """False: no policy retries it (a refused digest, a missing program)."""
    reset: Reset | None = None
    """When the limit ends that it met, as far as that was said."""
    parking: Parking | None = None
    """It waits for the end of a limit, and no attempt is used."""


def backoff_ms(policy: RetryPolicy, attempt: int, chance: float) -> int:
    """Return the wait after failed attempt number `attempt` (1, 2, …), in milliseconds.

    `chance` is in [0, 1) and is drawn by the caller: 0.5 means no jitter at all.
    """
    try:
        # Attempt 0 is one that could not even be prepared; it waits like the first.
        grown = policy.delay_ms * policy.factor ** max(0, attempt - 1)
    except OverflowError:
        grown = policy.max_delay_ms if policy.delay_ms else 0
    base = min(grown, policy.max_delay_ms)
    return max(0, int(base * (1 + policy.jitter * (2 * chance - 1))))


def should_retry(
    policy: RetryPolicy, failure: Failure, *, attempts_used: int, elapsed_ms: int
) -> bool:
    """Say whether another attempt is allowed after `attempts_used` attempts."""
    if not failure.retryable or attempts_used >= policy.max_attempts:
        return False
    if policy.deadline_ms is not None and elapsed_ms >= policy.deadline_ms:
        return False
    if _matches(failure.kind, policy.not_on):
        return False
    if policy.on and not _matches(failure.kind, policy.on):
        return False
    return not (
        policy.exit_codes
        and failure.exit_code is not None
        and failure.exit_code not in policy.exit_codes
    )


def _matches(kind: str, patterns: tuple[str, ...]) -> bool:
    return any(kind == pattern or kind.startswith(pattern + ".") for pattern in patterns)
