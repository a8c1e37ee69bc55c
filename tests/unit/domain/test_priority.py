import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.domain.priority import NAMES, Priority, aged

MINUTE = 60_000
levels = st.sampled_from(list(Priority))


def test_priorities_are_five_in_order() -> None:
    assert NAMES == ("LOW", "NORMAL", "HIGH", "CRITICAL", "EMERGENCY")
    assert sorted(Priority) == [Priority[name] for name in NAMES]


@pytest.mark.parametrize(
    ("priority", "waited", "expected"),
    [
        (Priority.LOW, 0, Priority.LOW),
        (Priority.LOW, 10 * MINUTE - 1, Priority.LOW),
        (Priority.LOW, 10 * MINUTE, Priority.NORMAL),
        (Priority.LOW, 20 * MINUTE, Priority.HIGH),
        (Priority.LOW, 30 * MINUTE, Priority.CRITICAL),
        (Priority.LOW, 10_000 * MINUTE, Priority.CRITICAL),
        (Priority.CRITICAL, 10_000 * MINUTE, Priority.CRITICAL),
        (Priority.EMERGENCY, 10_000 * MINUTE, Priority.EMERGENCY),
    ],
)
def test_aged_rises_one_level_for_each_span(priority: int, waited: int, expected: int) -> None:
    assert aged(priority, priority, waited, 10 * MINUTE) == expected


def test_aged_is_off_without_a_span() -> None:
    assert aged(Priority.LOW, Priority.LOW, 10**12, 0) == Priority.LOW


@given(priority=levels, effective=levels, waited=st.integers(-(10**12), 10**12))
def test_aged_never_falls_and_never_becomes_an_emergency(
    priority: Priority, effective: Priority, waited: int
) -> None:
    found = aged(priority, effective, waited, 10 * MINUTE)
    assert found >= effective
    assert found < Priority.EMERGENCY or Priority.EMERGENCY in (priority, effective)
