# ruff: noqa: S106 - the tokens of a test
import threading
from itertools import islice
from pathlib import Path

import pytest

from claude_sdk import ClaudeSystem, LiveEvents, Patience, ServerUnreachable, Unauthorized
from claude_sdk.discovery import locator
from claude_sdk.live import RESET
from claude_sdk.transport import Transport
from tests.waiting import wait_until
from tests.wire_server import WireServer


def wait_for(seen: list[int], count: int) -> None:
    wait_until(lambda: len(seen) >= count, what="most events")


def positions(live: LiveEvents, count: int) -> list[int]:
    return [frame["pos"] for frame in islice(live, count)]


def test_live_events_begin_after_the_cursor(server: WireServer, system: ClaudeSystem) -> None:
    for name in "abc":
        server.world.happen("task.started", name)
    with system.live(after="e1:1") as live:
        assert positions(live, 2) == [2, 3]


def test_live_events_without_a_cursor_begin_now(server: WireServer, system: ClaudeSystem) -> None:
    server.world.happen("task.started", "old")
    with system.live() as live:
        assert live.next(timeout=0.3) is None
        server.world.happen("task.started", "new")
        assert positions(live, 1) == [2]


def test_live_events_keep_to_their_topics(server: WireServer, system: ClaudeSystem) -> None:
    server.world.happen("task.started", "a")
    server.world.happen("execution.started", "b")
    with system.live(["executions"], after="e1:0") as live:
        assert positions(live, 1) == [2]


def test_live_events_resume_after_a_cut_without_loss_or_repeat(
    server: WireServer, system: ClaudeSystem
) -> None:
    seen: list[int] = []

    def follow() -> None:
        with system.live(after="e1:0") as live:
            seen.extend(frame["pos"] for frame in islice(live, 30))

    reader = threading.Thread(target=follow)
    reader.start()
    for number in range(1, 31):
        server.world.happen("task.started", f"t{number}")
        if number % 7 == 3:
            wait_for(seen, number - 2)
            server.stop()
            server.start()
    reader.join(timeout=20)
    assert seen == list(range(1, 31))


def test_live_events_say_reset_for_a_cursor_of_another_log(
    server: WireServer, system: ClaudeSystem
) -> None:
    with system.live(after="old:7") as live:
        frame = live.next(timeout=5)
        assert frame is not None
        assert frame["type"] == RESET
        assert live.cursor == "e1:0"


def test_live_events_next_returns_none_when_nothing_happens(system: ClaudeSystem) -> None:
    with system.live() as live:
        assert live.next(timeout=0.05) is None


def test_live_events_give_up_when_the_server_stays_away(server: WireServer, tmp_path: Path) -> None:
    transport = Transport(locator(home=tmp_path / "home"))
    server.stop()
    patience = Patience(budget=0.2, first=0.05, most=0.05)
    with LiveEvents(transport, patience=patience) as live, pytest.raises(ServerUnreachable):
        live.next(timeout=1)


def test_live_events_refuse_a_wrong_token(server: WireServer) -> None:
    with (
        ClaudeSystem(url=server.url, token="wrong") as system,
        system.live() as live,
        pytest.raises(Unauthorized),
    ):
        live.next(timeout=1)


def test_monitor_gives_history_then_live_and_ends_with_the_execution(
    server: WireServer, system: ClaudeSystem
) -> None:
    system.run_workflow("deploy")
    server.world.move_step("X1", "build", "running")

    def go_on() -> None:
        server.world.happen("task.started", "id-other")
        server.world.move_step("X1", "build", "succeeded")
        server.cut()
        server.world.end_execution("X1", "succeeded")

    threading.Timer(0.3, go_on).start()
    types = [frame["type"] for frame in system.monitor("X1")]
    assert types == [
        "execution.submitted",
        "step.running",
        "step.succeeded",
        "execution.succeeded",
    ]


def test_monitor_of_an_ended_execution_gives_its_history_alone(
    server: WireServer, system: ClaudeSystem
) -> None:
    system.run_workflow("deploy")
    server.world.end_execution("X1", "failed")
    assert [frame["type"] for frame in system.monitor("X1")][-1] == "execution.failed"
    assert not any(seen.headers.get("Upgrade") for seen in server.seen)


def test_monitor_reads_the_history_again_after_a_reset(
    server: WireServer, system: ClaudeSystem
) -> None:
    system.run_workflow("deploy")

    def restore() -> None:
        with server.world.changed:
            server.world.epoch = "e2"
        server.cut()
        server.world.end_execution("X1", "cancelled")

    threading.Timer(0.3, restore).start()
    types = [frame["type"] for frame in system.monitor("X1")]
    assert types[-1] == "execution.cancelled"
