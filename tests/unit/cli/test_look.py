import io
from typing import Any

import pytest
from typing_extensions import override

from claude_agent.cli.look import Cell, Look, look_at
from tests.wire_samples import shown

TERMINAL = Look(terminal=True, colour=True, unicode=True, columns=40)
PLAIN = Look(terminal=False, colour=False, unicode=False, columns=80)


class Tty(io.TextIOWrapper):
    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    @override
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("state", "icon", "plain"),
    [("working", "●", "*"), ("succeeded", "✓", "+"), ("dead", "✗", "x"), ("idle", "○", "-"),
     ("compensated", "↶", "<")],
)  # fmt: skip
def test_states_have_the_icons_of_the_design(state: str, icon: str, plain: str) -> None:
    document: Any = shown(state)
    assert TERMINAL.icon(document) == icon
    assert PLAIN.icon(document) == plain


def test_waiting_and_healing_have_icons() -> None:
    waiting: Any = {"word": "needs approval", "icon": "hand", "family": "waiting"}
    retrying: Any = {"word": "retrying", "icon": "rotate-ccw", "family": "healing"}
    assert (TERMINAL.icon(waiting), TERMINAL.icon(retrying)) == ("◐", "↻")
    assert (PLAIN.icon(waiting), PLAIN.icon(retrying)) == ("?", "~")


def test_colours_are_the_terminals_own_sixteen() -> None:
    assert TERMINAL.paint("x", "failed") == "\x1b[31mx\x1b[0m"
    assert TERMINAL.paint("x", "idle") == "x"
    assert PLAIN.paint("x", "failed") == "x"


def test_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert look_at(Tty("utf-8")).colour
    monkeypatch.setenv("NO_COLOR", "1")
    assert not look_at(Tty("utf-8")).colour
    assert look_at(Tty("utf-8")).terminal


def test_terminal_without_utf8_gets_plain_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("LC_ALL", raising=False)
    assert look_at(Tty("utf-8")).unicode
    assert not look_at(Tty("latin-1")).unicode
    monkeypatch.setenv("LC_ALL", "C")
    assert not look_at(Tty("utf-8")).unicode
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert look_at(Tty("utf-8")).unicode
    assert not look_at(io.StringIO()).terminal


def test_table_aligns_wide_text_and_colours() -> None:
    lines = TERMINAL.table(("a", "b"), [["你", Cell(text="x", family="ok")], ["abc", "y"]])
    assert lines[1] == "你   \x1b[32mx\x1b[0m"
    assert lines[2] == "abc  y"


def test_table_gives_way_in_the_elastic_column_on_a_terminal_only() -> None:
    row = [["ref", "word " * 20, "end"]]
    line = TERMINAL.table(("", "", ""), row, elastic=1)[0]
    assert len(line) == 40
    assert line.endswith("…  end")
    wide = Look(terminal=False, colour=False, unicode=True, columns=40)
    assert "…" not in wide.table(("", "", ""), row, elastic=1)[0]
