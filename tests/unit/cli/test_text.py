import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claude_agent.cli.text import counted, duration, fit, harmless, one_line, seconds_of, width


@given(st.text())
@example("\x1b]0;title\x07x")
@example("\x1b[31m\x9b2J\x1bP+q\x1b\\")
@example("\x1b\x1b[[0m31m")
@example("a\u202eb\u200b")
def test_harmless_text_holds_nothing_that_steers_a_terminal(text: str) -> None:
    shown = harmless(text)
    assert all(c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf"} for c in shown)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)
    assert "\n" not in one_line(text)


def test_harmless_text_keeps_what_people_read() -> None:
    assert harmless("Grüße, 你好\n\tx") == "Grüße, 你好\n\tx"
    assert harmless("\x1b[1;31mred\x1b[0m\r\nend\x07") == "red\nend\\x07"


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_fitted_text_is_never_wider(text: str, columns: int) -> None:
    shown = one_line(text)
    assert width(fit(shown, columns)) <= columns or len(fit(shown, columns)) <= columns


def test_width_counts_columns() -> None:
    assert (width("abc"), width("你好"), width("e\u0301")) == (3, 4, 1)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0 ms"), (350, "350 ms"), (3_000, "3s"), (222_000, "3m 42s"), (7_500_000, "2h 05m"),
     (273_600_000, "3d 4h"), (-5, "0 ms")],
)  # fmt: skip
def test_durations_read_as_people_write_them(milliseconds: int, text: str) -> None:
    assert duration(milliseconds) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("10s", 10), ("5m", 300), ("1h30m", 5400), ("7", 7), ("1.5", 1.5)],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5x", "5m!", "-3", "m", "1h-2m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds_of(text)


def test_counted_nouns() -> None:
    assert (counted(1, "step"), counted(2, "step"), counted(0, "task")) == (
        "1 step",
        "2 steps",
        "0 tasks",
    )
