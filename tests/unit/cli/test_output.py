import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.cli.output import View, json_line, show

EVIL = "a\x9b2J\u202e\x7f\U000e0001 ok ä你"


@given(st.text())
def test_json_line_is_printable_and_says_the_same(text: str) -> None:
    line = json_line({"text": text})
    assert line.isprintable()
    assert json.loads(line) == {"text": text}


@pytest.mark.parametrize("form", ["json", "jsonl", "yaml", "name"])
def test_no_format_lets_a_name_steer_the_terminal(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {"name": EVIL}
    show(View(document=document, items=[document], name="name", table=lambda _: []), form)
    out = capsys.readouterr().out
    assert all(char.isprintable() or char == "\n" for char in out)
    if form != "name":
        assert (yaml.safe_load(out) if form == "yaml" else json.loads(out)) == document
