import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from claude_agent.agents.control import ShimGone, ShimRefused, ShimSilent, send

Answer = Callable[[socket.socket, bytes], None]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], Path]]:
    """Serve one request in a folder by a function of the connection and the line."""
    threads: list[threading.Thread] = []
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def start(answer: Answer) -> Path:
        monkeypatch.chdir(tmp_path)
        listener.bind("ctl.sock")
        listener.listen()

        def work() -> None:
            client, _address = listener.accept()
            with client:
                answer(client, client.recv(65536))

        threads.append(threading.Thread(target=work))
        threads[-1].start()
        return tmp_path

    yield start
    for thread in threads:
        thread.join(5)
    listener.close()


def test_send_returns_the_answer(serve: Callable[[Answer], Path]) -> None:
    seen: list[bytes] = []

    def answer(client: socket.socket, line: bytes) -> None:
        seen.append(line)
        client.sendall(b'{"ok":true,')  # in pieces
        client.sendall(b'"detail":"x"}\n')

    request = {"run": 1, "fence": 2, "n": 3, "kind": "stop", "data": {}}
    assert send(serve(answer), request) == {"ok": True, "detail": "x"}
    assert json.loads(seen[0]) == request
    assert seen[0].endswith(b"\n")


def test_send_raises_what_the_shim_refused(serve: Callable[[Answer], Path]) -> None:
    text = b'{"ok":false,"error":"fenced","fence":7}\n'
    with pytest.raises(ShimRefused, match="fenced") as caught:
        send(serve(lambda client, _line: client.sendall(text)), {})
    assert caught.value.answer["fence"] == 7


@pytest.mark.parametrize("text", [b"", b'{"ok"', b"[]\n", b"\xff\n", b"nothing\n"])
def test_send_takes_a_broken_answer_for_no_shim(
    serve: Callable[[Answer], Path], text: bytes
) -> None:
    with pytest.raises(ShimGone) as caught:
        send(serve(lambda client, _line: client.sendall(text)), {})
    assert not isinstance(caught.value, ShimSilent)


def test_send_tells_a_silent_shim_from_a_missing_one(serve: Callable[[Answer], Path]) -> None:
    done = threading.Event()

    def answer(_client: socket.socket, _line: bytes) -> None:
        done.wait(5)

    folder = serve(answer)
    with pytest.raises(ShimSilent, match="does not answer"):
        send(folder, {}, timeout=0.05)
    done.set()


def test_send_tells_a_shim_with_a_full_queue_from_a_missing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind("ctl.sock")
        listener.listen(0)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as first:
            first.connect("ctl.sock")
            with pytest.raises(ShimSilent):
                send(tmp_path, {}, timeout=0.05)


def test_send_finds_no_shim_in_an_empty_or_missing_folder(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ShimGone, match="No shim answers"):
            send(folder, {})


def test_send_finds_no_shim_behind_a_socket_that_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind("ctl.sock")
    assert (tmp_path / "ctl.sock").exists()
    with pytest.raises(ShimGone):
        send(tmp_path, {})


def test_send_leaves_no_file_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(ShimGone):
            send(tmp_path, {})
    assert len(list(Path("/proc/self/fd").iterdir())) == before
