from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from claude_agent.core import cron
from claude_agent.domain.schedule import NEVER

ROME = "Europe/Rome"


def at(text: str, zone: str = "UTC", fold: int = 0) -> int:
    """Return the milliseconds of a wall time in a zone."""
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return int(moment.timestamp() * 1000)


def shown(found: list[int]) -> list[str]:
    return [f"{datetime.fromtimestamp(one / 1000, UTC):%m-%d %H:%M:%S}" for one in found]


@pytest.mark.parametrize(
    ("text", "start", "wanted"),
    [
        ("0 6 * * MON-FRI", "2026-11-20T06:00", ["11-23 06:00:00", "11-24 06:00:00"]),
        ("*/15 * * * *", "2026-01-01T00:14:59", ["01-01 00:15:00", "01-01 00:30:00"]),
        ("0 0 29 2 *", "2026-01-01", ["02-29 00:00:00", "02-29 00:00:00"]),
        ("*/20 * * * * *", "2026-01-01T00:00:01", ["01-01 00:00:20", "01-01 00:00:40"]),
        ("0 0 L * *", "2026-02-01", ["02-28 00:00:00", "03-31 00:00:00"]),
    ],
)
def test_times_of_a_cron(text: str, start: str, wanted: list[str]) -> None:
    assert shown(cron.upcoming(text, "UTC", at(start), 2)) == wanted


# Rome: 2026-03-29 02:00 -> 03:00 (gap), 2026-10-25 03:00 -> 02:00 (overlap).
@pytest.mark.parametrize(
    ("text", "start", "wanted"),
    [
        # A fixed hour that does not exist fires right after the gap (03:00 summer time).
        ("30 2 * * *", "2026-03-28T12:00", ["03-29 01:00:00", "03-30 00:30:00"]),
        # One that exists twice fires once, the first time.
        ("30 2 * * *", "2026-10-24T12:00", ["10-25 00:30:00", "10-26 01:30:00"]),
        # By the hour it fires by the time that really passes: no gap, and both of two.
        ("0 * * * *", "2026-03-29T00:30", ["03-29 00:00:00", "03-29 01:00:00"]),
        ("0 * * * *", "2026-10-25T01:30", ["10-25 00:00:00", "10-25 01:00:00"]),
    ],
)
def test_clock_changes_of_a_zone(text: str, start: str, wanted: list[str]) -> None:
    assert shown(cron.upcoming(text, ROME, at(start, ROME), 2)) == wanted


def test_second_pass_of_a_doubled_hour_fires_nothing_of_the_first() -> None:
    second = at("2026-10-25T02:10", ROME, fold=1)
    assert shown([cron.next_after("30 2 * * *", ROME, second)]) == ["10-26 01:30:00"]


def test_every_time_of_a_year_is_later_than_the_one_before_it() -> None:
    for text in ("30 2 * * *", "*/30 * * * *", "0 2 * * *", "0 30 2 * * *", "5 0-4 * * *"):
        found = cron.between(text, ROME, at("2026-01-01"), at("2026-12-31"), 20_000)
        assert found == sorted(set(found))
        days = len(cron.between("30 2 * * *", ROME, at("2026-01-01"), at("2026-12-31"), 400))
        assert days == 364
        # However it is cut, the same times come out.
        again, position = [], at("2026-01-01") - 1
        while (position := cron.next_after(text, ROME, position)) <= at("2026-12-31"):
            again.append(position)
            if len(again) > 400:
                break
        assert again == found[: len(again)]


def test_newest_time_of_a_span() -> None:
    for text, first in (("* * * * * *", "2026-01-01"), ("0 0 1 1 *", "2016-06-01")):
        last = at("2026-01-05T12:00:00")
        expected = "01-05 12:00:00" if text.startswith("* ") else "01-01 00:00:00"
        found = cron.newest(text, "UTC", at(first), last)
        assert found is not None
        assert shown([found]) == [expected]
    assert cron.newest("0 0 1 1 *", "UTC", at("2026-01-02"), at("2026-12-31")) is None


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("0 0 30 2 *", "is no cron expression: bad day-of-month"),
        ("0 0 31 4,6 *", "is no cron expression: bad day-of-month"),
        ("61 * * * *", "is no cron expression: bad minute"),
        ("0 0 * * 9", "is no cron expression: bad day-of-week"),
        ("0 0 5-3 * *", "is no cron expression: bad day-of-month"),
        ("0 0 29 2 *", ""),
    ],
)
def test_cron_that_never_fires_is_told(text: str, wrong: str) -> None:
    assert cron.problem(text, "UTC", at("2026-01-01")) == wrong
    assert cron.problem("0 0 29 2 *", "Nowhere/Land", 0) == ""


def test_time_after_the_end_of_the_calendar_is_never() -> None:
    assert cron.next_after("0 0 1 1 *", "UTC", 253_402_300_799_000) == NEVER
