import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.domain.duration import MAX_MS, DurationError, format_duration, parse_duration


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("5m", 300_000),
        ("1h30m", 5_400_000),
        ("250ms", 250),
        ("2h", 7_200_000),
        ("7d", 604_800_000),
        ("1.5s", 1_500),
        ("1d2h3m4s5ms", 93_784_005),
        (" 30s ", 30_000),
        ("30", 30_000),
        ("0s", 0),
        (30, 30_000),
        (0.25, 250),
        (0, 0),
    ],
)
def test_duration_is_read_in_every_form(written: object, milliseconds: int) -> None:
    assert parse_duration(written) == milliseconds


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            " ",
            "m",
            "5 m",
            "5x",
            "5m5m",
            "30s1h",
            "-5s",
            "+5s",
            "1e3s",
            "1h 30m",
            "\u0665m",
            "400d",
        ),
        *("5m" * 30, "9" * 39 + "d", None, True, [], {}, -1, math.nan, math.inf, 10**30),
    ],
)
def test_duration_refuses_what_is_none(written: object) -> None:
    with pytest.raises(DurationError, match="is no duration") as caught:
        parse_duration(written)
    assert "1h30m" in caught.value.hint


@given(st.integers(min_value=0, max_value=MAX_MS))
def test_duration_reads_back_what_it_wrote(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds)) == milliseconds


@given(st.text(alphabet="0123456789.dhms -", max_size=20) | st.text() | st.floats())
def test_duration_answers_anything_with_a_number_or_its_error(written: object) -> None:
    try:
        found = parse_duration(written)
    except DurationError:
        return
    assert 0 <= found <= MAX_MS
