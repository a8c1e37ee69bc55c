import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.domain.retry import Failure, RetryPolicy, backoff_ms, should_retry

kinds = st.sampled_from(["exit", "gate", "timeout.run", "timeout.idle", "crash", "outputs"])
policies = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 10_000),
    delay_ms=st.integers(0, 10**9),
    factor=st.one_of(st.integers(0, 100), st.floats(0, 1e300)),
    max_delay_ms=st.integers(0, 10**9),
    jitter=st.floats(0, 1),
    deadline_ms=st.none() | st.integers(0, 10**9),
    on=st.lists(kinds, max_size=2).map(tuple),
    not_on=st.lists(kinds, max_size=2).map(tuple),
    exit_codes=st.lists(st.integers(0, 255), max_size=2).map(tuple),
)
FAILED = Failure(kind="exit", message="no", exit_code=1)


@given(policies)
def test_policy_survives_json(policy: RetryPolicy) -> None:
    assert RetryPolicy.from_data(json.loads(json.dumps(policy.to_data()))) == policy


def test_policy_of_nothing_is_the_default() -> None:
    assert RetryPolicy.from_data({}) == RetryPolicy()


@pytest.mark.parametrize(
    ("attempt", "wait"), [(1, 1_000), (2, 2_000), (3, 4_000), (9, 256_000), (10, 300_000)]
)
def test_backoff_doubles_up_to_its_limit(attempt: int, wait: int) -> None:
    assert backoff_ms(RetryPolicy(), attempt, 0.5) == wait


def test_backoff_lets_chance_add_or_take_a_fifth() -> None:
    assert backoff_ms(RetryPolicy(), 1, 0.0) == 800
    assert backoff_ms(RetryPolicy(), 1, 0.999_999) == 1_199


@pytest.mark.parametrize("factor", [0, 0.0, 1e300, 2.0])
@pytest.mark.parametrize("attempt", [0, 1, 5_000])
def test_backoff_has_an_answer_for_every_factor_and_attempt(factor: float, attempt: int) -> None:
    wait = backoff_ms(RetryPolicy(factor=factor), attempt, 0.5)
    assert 0 <= wait <= RetryPolicy().max_delay_ms


def test_backoff_without_a_delay_never_waits() -> None:
    assert backoff_ms(RetryPolicy(delay_ms=0, factor=1e300), 5_000, 0.5) == 0


@given(policies, st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_backoff_stays_within_its_bounds(policy: RetryPolicy, attempt: int, chance: float) -> None:
    wait = backoff_ms(policy, attempt, chance)
    assert 0 <= wait <= policy.max_delay_ms * (1 + policy.jitter)


@pytest.mark.parametrize(
    ("policy", "failure", "used", "elapsed", "verdict"),
    [
        (RetryPolicy(), FAILED, 1, 0, "never"),
        (RetryPolicy(max_attempts=2), FAILED, 1, 0, "again"),
        (RetryPolicy(max_attempts=2), FAILED, 2, 0, "never"),
        (RetryPolicy(max_attempts=9, deadline_ms=50), FAILED, 1, 49, "again"),
        (RetryPolicy(max_attempts=9, deadline_ms=50), FAILED, 1, 50, "never"),
        (RetryPolicy(max_attempts=9, on=("gate",)), FAILED, 1, 0, "never"),
        (RetryPolicy(max_attempts=9, on=("gate", "exit")), FAILED, 1, 0, "again"),
        (RetryPolicy(max_attempts=9, not_on=("exit",)), FAILED, 1, 0, "never"),
        (RetryPolicy(max_attempts=9, on=("exit",), not_on=("exit",)), FAILED, 1, 0, "never"),
        (RetryPolicy(max_attempts=9, exit_codes=(2, 3)), FAILED, 1, 0, "never"),
        (RetryPolicy(max_attempts=9, exit_codes=(1,)), FAILED, 1, 0, "again"),
        (
            RetryPolicy(max_attempts=9),
            Failure(kind="x", message="", retryable=False),
            1,
            0,
            "never",
        ),
    ],
)
def test_should_retry_asks_every_clause(
    policy: RetryPolicy,
    failure: Failure,
    used: int,
    elapsed: int,
    verdict: str,
) -> None:
    assert should_retry(policy, failure, attempts_used=used, elapsed_ms=elapsed) is (
        verdict == "again"
    )


def test_should_retry_reads_a_kind_as_a_family() -> None:
    policy = RetryPolicy(max_attempts=9, on=("timeout",))
    run = Failure(kind="timeout.run", message="")
    other = Failure(kind="timeouts", message="")
    assert should_retry(policy, run, attempts_used=1, elapsed_ms=0)
    assert not should_retry(policy, other, attempts_used=1, elapsed_ms=0)


def test_should_retry_ignores_exit_codes_where_there_was_none() -> None:
    policy = RetryPolicy(max_attempts=9, exit_codes=(1,))
    killed = Failure(kind="killed", message="")
    assert should_retry(policy, killed, attempts_used=1, elapsed_ms=0)
