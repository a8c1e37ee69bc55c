"""What CLIs say about the end of a limit, and which moment that means."""

from datetime import UTC, datetime

import pytest

from claude_agent.agents.adapter import AgentEvent, EventKind
from claude_agent.agents.adapters.claude import ClaudeAdapter
from claude_agent.agents.limit_words import in_words, reset_of
from claude_agent.domain.usage_limit import Reset, Until

NOW = int(datetime(2026, 11, 21, 19, 30, tzinfo=UTC).timestamp() * 1000)
HOUR = 3_600_000


def at(day: int, hour: int, minute: int = 0, month: int = 11, year: int = 2026) -> Until:
    moment = datetime(year, month, day, hour, minute, tzinfo=UTC)
    return Until(at=int(moment.timestamp() * 1000), dated=True)


SAID = {
    "Claude AI usage limit reached|1795294765": Until(at=1_795_294_765_000, dated=True),
    "You've hit your limit · resets 8:59pm (UTC)": at(21, 20, 59),
    "You've hit your session limit · resets 3pm (Europe/Berlin)": at(22, 14),
    "Weekly limit reached ∙ resets Nov 25, 1am (UTC)": at(25, 1),
    "You've hit your weekly limit · resets Dec 3 at 12pm (UTC)": at(3, 12, month=12),
    "purchase more credits or try again at 12:05 AM (UTC).": at(22, 0, 5),
    "or try again at Nov 24th, 2026 9:41 PM (UTC).": at(24, 21, 41),
    "Rate limit reached for gpt-5. Please try again in 11.054s.": Until(
        at=NOW + 11_054, dated=False
    ),
    "Please retry in 3607.5s.\nSuggested retry after 3607s.": Until(
        at=NOW + 3_607_500, dated=False
    ),
    "Your quota will reset after 18h23m4s.": Until(at=NOW + 66_184_000, dated=False),
    "Try again in 2 days 3 hours 5 minutes.": Until(at=NOW + 51 * HOUR + 300_000, dated=False),
}


@pytest.mark.parametrize("said", SAID)
def test_the_end_of_a_limit_is_read_from_words(said: str) -> None:
    found = in_words(said, NOW)
    assert found is not None
    assert found.moment(NOW) == SAID[said]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "exceeded retry limit, last status: 429 Too Many Requests",
        "Please wait and try again later. To increase your limits, request a quota increase",
        "resets 25pm (UTC)",
        "resets Foo 12, 3pm (UTC)",
        "resets 3pm (Nowhere/Else)",
        "resets Feb 31, 3pm (UTC)",
        "try again in a while",
        "try again in 5 fortnights",
        "again at " * 1000,
        "retry in " + "1 h, " * 5000,
    ],
)
def test_words_without_an_end_say_none(said: str) -> None:
    found = in_words(said, NOW)
    assert found is None or found == Reset(after_ms=5 * HOUR)


@pytest.mark.parametrize(
    "reset",
    [
        Reset(),
        Reset(at=NOW - 1),
        Reset(at=NOW + 40 * 24 * HOUR),
    ],
)
def test_an_end_that_is_past_or_nonsense_is_not_believed(reset: Reset) -> None:
    assert reset.moment(NOW) is None


def test_a_day_of_the_next_year_is_next_year() -> None:
    december = int(datetime(2026, 12, 30, tzinfo=UTC).timestamp() * 1000)
    found = in_words("resets Jan 2, 3am (UTC)", december)
    assert found == Reset(at=at(2, 3, month=1, year=2027).at)


def test_the_stream_is_believed_before_the_words() -> None:
    info = {"status": "rejected", "resetsAt": 1_795_294_765, "rateLimitType": "five_hour"}
    adapter = ClaudeAdapter({})
    seen = adapter.parse({"type": "rate_limit_event", "rate_limit_info": info})
    words = "You've hit your limit · resets 8:59pm (UTC)"
    assert reset_of(seen, words, NOW) == Reset(at=1_795_294_765_000)
    assert reset_of([], words, NOW) == Reset(at=at(21, 20, 59).at)
    warned = {"type": "rate_limit_event", "rate_limit_info": {**info, "status": "allowed_warning"}}
    assert [one.kind for one in adapter.parse(warned)] == [EventKind.RAW]
    asked = {"type": "system", "subtype": "api_retry", "error": "rate_limit"}
    seen = adapter.parse({**asked, "error_status": 429, "retry_delay_ms": 2352})
    assert reset_of(seen, "API Error: Request rejected (429)", NOW) == Reset(after_ms=2352)


def test_data_of_a_good_event_says_nothing_of_a_limit() -> None:
    told = AgentEvent(kind=EventKind.TEXT, data={"resets_at": NOW, "resets_in_ms": 5})
    odd = AgentEvent(kind=EventKind.RETRY, ok=False, data={"resets_at": True, "resets_in_ms": "5"})
    assert reset_of([told, odd], "no", NOW) is None
