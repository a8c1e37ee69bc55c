"""The command line on a real terminal: redrawing, Ctrl-C."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest

from tests import wire_samples as samples
from tests.waiting import wait_until
from tests.wire_server import WireServer

PROGRAM = [sys.executable, "-m", "claude_agent.cli.main"]


class Terminal:
    """A program on a pseudo-terminal and what it has written."""

    def __init__(self, argv: list[str], **environment: str) -> None:
        self._main, child = pty.openpty()
        self.process = subprocess.Popen(
            [*PROGRAM, *argv],
            stdin=child,
            stdout=child,
            stderr=child,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"} | environment,
            start_new_session=True,
        )
        os.close(child)
        self.text = ""

    def read(self) -> str:
        while select.select([self._main], [], [], 0)[0]:
            try:
                piece = os.read(self._main, 65536)
            except OSError:
                break
            if not piece:
                break
            self.text += piece.decode()
        return self.text

    def until(self, text: str) -> None:
        wait_until(lambda: text in self.read(), timeout=15, what=repr(text))

    def end(self) -> int:
        deadline = monotonic() + 15
        while self.process.poll() is None and monotonic() < deadline:
            self.read()
            select.select([self._main], [], [], 0.05)
        self.read()
        return self.process.wait(timeout=1)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._main)


@contextmanager
def terminal(*argv: str, **environment: str) -> Iterator[Terminal]:
    running = Terminal(list(argv), **environment)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture
def execution(server: WireServer) -> WireServer:
    made = samples.execution("X1")
    server.world.executions[made["id"]] = made
    return server


def test_monitor_redraws_in_place_and_restores_the_terminal(execution: WireServer) -> None:
    with terminal("monitor", "--execution-id", "X1") as screen:
        screen.until("not started")
        execution.world.move_step("X1", "build", "running", started_at=1)
        screen.until("running")
        execution.world.end_execution("X1")
        assert screen.end() == 0
    assert "\x1b[3A" in screen.text  # three lines up: the head and two steps
    assert screen.text.count("\x1b[?25l") == screen.text.count("\x1b[?25h") == 1
    assert screen.text.rindex("\x1b[?25h") > screen.text.rindex("\x1b[?25l")


def test_monitor_without_colour_draws_the_same(execution: WireServer) -> None:
    execution.world.move_step("X1", "build", "succeeded", started_at=1, ended_at=2)
    execution.world.end_execution("X1")
    with terminal("monitor", "--execution-id", "X1", NO_COLOR="1") as screen:
        assert screen.end() == 0
    assert "✓ build" in screen.text
    assert not re.search(r"\x1b\[\d*m", screen.text)


def test_control_c_detaches_and_says_how_to_come_back(execution: WireServer) -> None:
    with terminal("monitor", "--execution-id", "X1") as screen:
        screen.until("not started")
        screen.process.send_signal(signal.SIGINT)
        assert screen.end() == 130
    assert "claude-agent monitor --execution-id X1" in screen.text
    assert "the work goes on" in screen.text
    assert "Traceback" not in screen.text
    assert "\x1b[?25h" in screen.text
    assert execution.world.executions["id-X1"]["state"] == "running"


def test_control_c_while_waiting_cancels_nothing(server: WireServer) -> None:
    with terminal("submit", "--run", "sleep 9", "--wait") as screen:
        wait_until(lambda: [s for s in server.seen if s.query.get("wait_ms")], what="the wait")
        screen.process.send_signal(signal.SIGINT)
        assert screen.end() == 130
    assert "claude-agent task wait T1" in screen.text
    assert server.world.tasks["id-T1"]["state"] == "ready"
    assert not server.bodies("/tasks/T1/cancel")


def test_monitor_of_everything_shows_agents_and_executions(execution: WireServer) -> None:
    with terminal("monitor") as screen:
        screen.until("Deploy shop")
        assert "testing" in screen.text
        screen.process.send_signal(signal.SIGINT)
        assert screen.end() == 130


def test_tail_prints_events_and_ends_with_a_cursor(server: WireServer) -> None:
    with terminal("event", "tail") as screen:
        wait_until(lambda: any(s.headers.get("Upgrade") for s in server.seen), what="the tail")
        threading.Timer(0.1, server.world.happen, ("task.started", "id-1")).start()
        screen.until("task.started")
        screen.process.send_signal(signal.SIGINT)
        assert screen.end() == 130
    assert "claude-agent event tail --after e1:1" in screen.text


def test_many_steps_fit_the_screen(server: WireServer) -> None:
    made = samples.execution("X1")
    made["steps"] = [samples.step(f"step{n}", "testing") for n in range(60)]
    server.world.executions[made["id"]] = made
    with terminal("monitor", "--execution-id", "X1") as screen:
        screen.until("more above")
        server.world.end_execution("X1")
        assert screen.end() == 0
    assert "step0 " in screen.text  # at the end everything is shown
