"""Every line parses, carries its ids and holds no secret, whoever wrote it."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from claude_agent.observe import logs
from claude_agent.observe.logs import configure_logging

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Lines]:
    path = tmp_path / "logs" / "server.jsonl"
    restore = configure_logging(path, tty=False, secrets=["the-operators-token"])
    yield lambda: [json.loads(line) for line in path.read_text().splitlines()]
    restore()


def test_log_line_has_the_fields_of_ecs(log: Lines) -> None:
    logging.getLogger("claude_agent.core").info("task %s started", "T1")
    (line,) = log()
    assert line["message"] == "task T1 started"
    assert line["log.level"] == "info"
    assert line["log"] == {"logger": "claude_agent.core"}
    assert line["@timestamp"].endswith("Z")
    assert len(line["@timestamp"]) == len("2026-01-01T00:00:00.000Z")
    assert line["ecs.version"]
    assert line["service"]["name"] == "claude-agent"
    assert line["process"]["thread"]["name"] == threading.current_thread().name


def test_log_line_carries_bound_ids_as_labels_whoever_logs(log: Lines) -> None:
    with structlog.contextvars.bound_contextvars(task_id="t1", execution_id="e1"):
        logging.getLogger("a").info("plain", extra={"agent": "testing", "count": 3})
        structlog.get_logger("b").info("bound", request_id="r1", count=4)
    logging.getLogger("a").info("later")
    first, second, third = log()
    assert first["labels"] == {"task_id": "t1", "execution_id": "e1", "agent": "testing"}
    assert first["claude_agent"] == {"count": 3}
    assert second["labels"] == {"task_id": "t1", "execution_id": "e1", "request_id": "r1"}
    assert second["claude_agent"] == {"count": 4}
    assert "labels" not in third


@pytest.mark.parametrize("name", logs.OWN_HANDLERS)
def test_log_takes_lines_of_libraries_once(log: Lines, name: str) -> None:
    logging.getLogger(name).error("from %s", name)
    assert [line["message"] for line in log()] == [f"from {name}"]


def test_log_keeps_one_line_when_a_message_has_line_breaks(log: Lines) -> None:
    logging.getLogger("a").info("one\ntwo\r\u2028three\x1b[31m\udce4")
    logging.getLogger("a").info("next")
    first, second = log()
    assert first["message"].startswith("one\ntwo\r\u2028three\x1b[31m")
    assert second["message"] == "next"


def test_log_holds_no_secret_in_message_extra_or_traceback(log: Lines, tmp_path: Path) -> None:
    try:
        int("token=topsecret1 the-operators-token")
    except ValueError:
        logging.getLogger("a").exception(
            "Authorization: Bearer topsecret2", extra={"password": "topsecret3"}
        )
    text = (tmp_path / "logs" / "server.jsonl").read_text()
    line = json.loads(text)
    assert "topsecret" not in text
    assert "the-operators-token" not in text
    assert line["error"]["type"] == "ValueError"
    assert "Traceback" in line["error"]["stack_trace"]


def test_log_cuts_a_message_when_it_is_very_long(log: Lines) -> None:
    logging.getLogger("a").info("x" * 100_000)
    (line,) = log()
    assert len(line["message"]) < 33_000
    assert "100000 characters" in line["message"]


def test_log_takes_values_that_json_cannot_hold(log: Lines) -> None:
    logging.getLogger("a").info("odd", extra={"path": Path("/x"), "many": {1}, "d": {"a.b": {2}}})
    (line,) = log()
    assert line["claude_agent"] == {"path": "/x", "many": "{1}", "d": {"a_b": "{2}"}}


def test_log_records_the_error_that_ends_a_thread(log: Lines) -> None:
    def fail() -> None:
        raise RuntimeError("boom")  # noqa: EM101 - shorter

    thread = threading.Thread(target=fail, name="worker-1")
    thread.start()
    thread.join()
    (line,) = log()
    assert line["log.level"] == "critical"
    assert "worker-1" in line["message"]
    assert line["error"]["message"] == "boom"


def test_log_takes_warnings(log: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old thing", stacklevel=1)
    assert "old thing" in log()[0]["message"]


def test_log_file_is_private_and_rotates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 2_000)
    path = tmp_path / "server.jsonl"
    restore = configure_logging(path, tty=False)
    for n in range(50):
        logging.getLogger("a").info("line %d", n)
    restore()
    files = sorted(tmp_path.glob("server.jsonl*"))
    assert len(files) == logs.FILES_KEPT + 1
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert all(json.loads(line) for file in files for line in file.read_text().splitlines())


def test_log_is_readable_and_harmless_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    restore = configure_logging(None, tty=True)
    logging.getLogger("claude_agent.core").warning(
        "bad \x1b]0;title\x07 token=abcdef99", extra={"agent": "testing"}
    )
    restore()
    said = screen.getvalue()
    assert "warning" in said
    assert "agent=testing" in said
    assert "\x1b" not in said
    assert "abcdef99" not in said


def test_log_stays_quiet_below_its_level(tmp_path: Path) -> None:
    restore = configure_logging(tmp_path / "x.jsonl", tty=False, level="warning")
    logging.getLogger("a").info("no")
    structlog.get_logger("a").info("no")
    logging.getLogger("a").warning("yes")
    restore()
    assert (tmp_path / "x.jsonl").read_text().count("\n") == 1
    assert logging.getLogger().level == logging.WARNING, "pytest's own level is back"
