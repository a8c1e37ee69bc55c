import socket
from pathlib import Path

import pytest

from claude_agent.appd import sockets
from claude_agent.appd.errors import AppError


def _connects(port: int) -> bool:
    try:
        with socket.create_connection((sockets.HOST, port), timeout=1):
            return True
    except ConnectionRefusedError:
        return False


def test_bind_takes_a_port_for_itself() -> None:
    with sockets.bind(0, beside_orphan=False) as mine:
        port = mine.getsockname()[1]
        assert not _connects(port)
        mine.listen()
        assert _connects(port)
        with pytest.raises(AppError, match=f"port {port} cannot be used: Address already in use"):
            sockets.bind(port, beside_orphan=False)


def test_bind_beside_an_orphan_gets_no_connection_before_it_listens() -> None:
    with sockets.bind(0, beside_orphan=False) as orphan:
        orphan.listen()
        port = orphan.getsockname()[1]
        with sockets.bind(port, beside_orphan=True) as heir:
            for _ in range(20):
                assert _connects(port)
                orphan.accept()[0].close()
            orphan.close()
            assert not _connects(port)
            heir.listen()
            assert _connects(port)


def test_bind_does_not_share_a_port_with_a_stranger() -> None:
    with (
        socket.create_server((sockets.HOST, 0)) as stranger,
        pytest.raises(AppError, match="cannot be used"),
    ):
        sockets.bind(stranger.getsockname()[1], beside_orphan=True)
    with pytest.raises(AppError, match="port 70000 cannot be used"):
        sockets.bind(70000, beside_orphan=False)


def test_control_socket_works_in_a_folder_with_a_long_path(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / ("longer" * 20)
    folder.mkdir(parents=True)
    for _ in range(2):
        with sockets.bind_control(folder) as listener, socket.socket(socket.AF_UNIX) as client:
            with sockets.control_address(folder) as address:
                client.connect(address)
            listener.accept()[0].close()
    assert (folder / sockets.CONTROL).stat().st_mode & 0o077 == 0
