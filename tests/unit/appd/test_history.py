from pathlib import Path

import pytest

from claude_agent.appd.history import History, read


def test_history_reads_back_what_was_appended(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    History(path).append("started", release="1-aaaaaaa", pid=3)
    History(path).append("crashed", code=-9)
    events = list(read(path))
    assert [event["event"] for event in events] == ["started", "crashed"]
    assert events[0]["pid"] == 3
    assert isinstance(events[0]["at"], int)
    assert path.stat().st_mode & 0o077 == 0


def test_history_passes_over_a_line_that_a_crash_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    History(path).append("started")
    with path.open("a") as file:
        file.write('{"at": 1, "event": "hea')
    History(path).append("healthy")
    assert [event["event"] for event in read(path)] == ["started", "healthy"]


def test_history_goes_on_without_a_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    History(tmp_path / "gone" / "history.jsonl").append("crashed", code=1)
    assert '"event": "crashed"' in capsys.readouterr().err
    assert list(read(tmp_path / "gone" / "history.jsonl")) == []
