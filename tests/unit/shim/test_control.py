import json
import os
import socket
from typing import Any

import pytest

from claude_agent.agents.control import ShimRefused
from claude_agent.agents.run_folder import RunFolder
from tests.unit.shim.harness import ShimLab, ask, lines, listening, verdict
from tests.waiting import wait_until

WAITS = "echo up; until [ -e go ]; do sleep 0.02; done"


@pytest.fixture
def folder(lab: ShimLab) -> RunFolder:
    return lab.running(lab.spec(sh=WAITS))[0]


def refused(folder: RunFolder, kind: str, **more: Any) -> dict[str, Any]:
    with pytest.raises(ShimRefused) as caught:
        ask(folder, kind, **more)
    return dict(caught.value.answer)


def connect(folder: RunFolder) -> socket.socket:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    fd = os.open(folder.path, os.O_PATH)
    try:
        client.connect(f"/proc/self/fd/{fd}/ctl.sock")  # waits for room in the queue
    finally:
        os.close(fd)
    client.settimeout(5)
    return client


def acks(folder: RunFolder) -> list[dict[str, Any]]:
    return [line for line in lines(folder) if line["kind"] == "ack"]


def test_status_tells_what_runs(folder: RunFolder) -> None:
    told = ask(folder, "status")
    assert told["ok"]
    assert (told["run"], told["fence"], told["state"], told["index"]) == (1, 3, "running", 0)
    assert told["command"] == "work"
    assert told["output_bytes"] == 3
    assert told["n"] == 2
    assert told["stopping"] is None


def test_lower_fence_is_refused_once_a_higher_one_was_seen(folder: RunFolder) -> None:
    assert ask(folder, "status", fence=7)["fence"] == 7
    assert refused(folder, "stop", fence=6, n=1) == {"ok": False, "error": "fenced", "fence": 7}
    assert refused(folder, "status", fence=3)["error"] == "fenced"
    assert ask(folder, "interrupt", fence=7, n=1)["ok"]


def test_fence_of_the_specification_counts_from_the_start(folder: RunFolder) -> None:
    assert refused(folder, "status", fence=2)["fence"] == 3


def test_fenced_command_may_be_sent_again_by_the_one_who_drives(folder: RunFolder) -> None:
    ask(folder, "status", fence=4)
    assert refused(folder, "stop", fence=3, n=1)["error"] == "fenced"
    assert "again" not in ask(folder, "stop", fence=4, n=1)


def test_wrong_run_is_refused_and_its_fence_is_not_kept(folder: RunFolder) -> None:
    assert refused(folder, "stop", run=2, fence=9, n=1) == {"ok": False, "error": "wrong_run"}
    assert ask(folder, "status")["fence"] == 3


def test_command_is_performed_once_however_often_it_is_sent(lab: ShimLab) -> None:
    text = "trap 'echo hit' INT; echo up; until [ -e go ]; do sleep 0.02; done"
    folder, shim = lab.running(lab.spec(sh=text))
    assert ask(folder, "interrupt", n=5) == {"ok": True, "detail": "interrupted"}
    for _ in range(5):
        assert ask(folder, "interrupt", n=5) == {"ok": True, "again": True}
    wait_until(lambda: b"hit" in folder.tail(100), what="the trap")
    (lab.home / "go").touch()
    assert shim.wait(60) == 0
    assert folder.tail(100).count(b"hit") == 1
    assert [line["cmd"] for line in acks(folder)] == [5]


def test_ack_is_in_the_journal_before_the_answer(folder: RunFolder) -> None:
    ask(folder, "interrupt", n=2)
    (line,) = acks(folder)
    assert (line["cmd"], line["request"], line["ok"]) == (2, "interrupt", True)


def test_send_is_acknowledged_as_not_possible_for_a_plain_command(folder: RunFolder) -> None:
    assert refused(folder, "send", n=1, data={"text": "hi"}) == {"ok": False, "error": "no_input"}
    assert acks(folder)[0]["ok"] is False


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"kind": "dance", "n": 1}, "unknown_kind"),
        ({"kind": "stop"}, "malformed"),
        ({"kind": "stop", "n": "1"}, "malformed"),
        ({"kind": "stop", "n": True}, "malformed"),
        ({"kind": "stop", "n": 1, "fence": "3"}, "malformed"),
        ({"kind": "status", "run": None}, "malformed"),
        ({"kind": ["stop"], "n": 1}, "malformed"),
        ({"kind": "stop", "n": 1, "data": {"stage": "sideways"}}, "unknown_stage"),
        ({"kind": "stop", "n": 1, "data": {"stage": []}}, "unknown_stage"),
    ],
)
def test_request_that_means_nothing_is_refused_and_changes_nothing(
    folder: RunFolder, more: dict[str, Any], error: str
) -> None:
    assert refused(folder, **more)["error"] == error
    assert ask(folder, "status")["state"] == "running"
    assert ask(folder, "status")["stopping"] is None


@pytest.mark.parametrize("text", [b"hello\n", b"[]\n", b"\xff\xfe\n", b"{\n", b"\n", b"1e999\n"])
def test_garbage_is_answered_as_malformed(folder: RunFolder, text: bytes) -> None:
    with connect(folder) as client:
        client.sendall(text)
        assert json.loads(client.recv(1000)) == {"ok": False, "error": "malformed"}
        client.sendall(b'{"run":1,"fence":3,"kind":"status"}\n')
        assert json.loads(client.recv(1000))["ok"]


def test_requests_may_come_in_pieces_and_together(folder: RunFolder) -> None:
    one = b'{"run":1,"fence":3,"kind":"status"}\n'
    with connect(folder) as client:
        client.sendall(one[:10])
        assert listening(folder)  # another client is served meanwhile
        client.sendall(one[10:] + one)
        text = b""
        while text.count(b"\n") < 2:
            text += client.recv(1 << 16)
    assert all(json.loads(line)["ok"] for line in text.splitlines())


def pour(client: socket.socket, text: bytes, times: int) -> None:
    """Send a lot without reading what comes back."""
    for _ in range(times):
        client.sendall(text)


def test_request_over_the_limit_is_cut_off(folder: RunFolder) -> None:
    with connect(folder) as client, pytest.raises((BrokenPipeError, ConnectionResetError)):
        pour(client, b"x" * 65536, 100)
    assert listening(folder)


def test_client_that_does_not_read_its_answers_is_let_go(folder: RunFolder) -> None:
    with connect(folder) as client:
        client.settimeout(0.0)
        with pytest.raises((BrokenPipeError, ConnectionResetError, BlockingIOError)):
            pour(client, b'{"run":1,"fence":3,"kind":"status"}\n' * 4, 20_000)
        assert listening(folder)


def test_many_idle_clients_do_not_keep_others_out(folder: RunFolder) -> None:
    idle = [connect(folder) for _ in range(40)]
    try:
        wait_until(lambda: listening(folder), what="an answer")
        idle[0].settimeout(5)
        assert idle[0].recv(1) == b""  # the oldest had to go
    finally:
        for client in idle:
            client.close()


def test_socket_works_in_a_folder_with_a_long_path(lab: ShimLab) -> None:
    lab.home = lab.home / ("long" * 40)
    lab.home.mkdir()
    folder, shim = lab.running(lab.spec(sh=WAITS))
    assert len(str(folder.path)) > 160
    assert ask(folder, "status")["ok"]
    (lab.home / "go").touch()
    assert shim.wait(60) == 0
    assert verdict(folder).ok
    assert not (folder.path / "ctl.sock").exists()
