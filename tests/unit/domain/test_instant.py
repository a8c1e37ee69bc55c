from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.domain.instant import InstantError, parse_instant


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_every_moment_is_read_as_the_library_reads_it(moment: datetime) -> None:
    try:
        there = moment.astimezone(UTC)
    except OverflowError:
        return
    whole = there.replace(microsecond=there.microsecond // 1000 * 1000)
    expected = (whole - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert parse_instant(whole.isoformat()) == expected


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2024-02-29 12:00Z", 1_709_208_000_000),
        ("2026-05-01T06:00:00.5+02:00", 1_777_608_000_500),
    ],
)
def test_short_forms_are_read(text: str, milliseconds: int) -> None:
    assert parse_instant(text) == milliseconds


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tomorrow", "is no time"),
        ("2026-05-01T06:00:00", "no time zone"),
        ("2026-02-29T06:00:00Z", "that there is"),
        ("2026-13-01T06:00:00Z", "that there is"),
        ("2026-01-01T24:00:00Z", "that there is"),
        ("٢٠٢٦-05-01T06:00:00Z", "is no time"),
    ],
)
def test_what_is_no_moment_is_refused(text: str, why: str) -> None:
    with pytest.raises(InstantError, match=why):
        parse_instant(text)
