import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from claude_agent.api.context import Limits
from tests.unit.api.live_server import LiveServer, serve

StartServer = Callable[..., LiveServer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartServer]:
    """Return a function that starts one more real server with the limits given."""
    with ExitStack() as stack:

        def begin(*, limits: Limits | None = None, dashboard: Path | None = None) -> LiveServer:
            listening = socket.create_server(("127.0.0.1", 0))
            folder = dashboard or tmp_path / "no-dashboard"
            return stack.enter_context(serve(listening, limits or Limits(), folder))

        yield begin


@pytest.fixture
def server(start: StartServer) -> LiveServer:
    return start()
