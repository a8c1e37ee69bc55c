"""The server process: `python -m claude_agent.server --home H --fd N --pipe N`, kept by a keeper.

It serves on the socket it was handed, beats on the pipe, and hands over when the keeper dies.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from types import FrameType

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

import claude_agent
from claude_agent import server_home
from claude_agent.api.gateway import create_app
from claude_agent.app import App
from claude_agent.clock import SystemClock
from claude_agent.core.collector import collect_seldom
from claude_agent.errors import ClaudeAgentError, HomeLocked, Invalid, SetupError
from claude_agent.keeper import keeper_pid
from claude_agent.observe.logs import configure_logging
from claude_agent.settings import Settings

_LOG = logging.getLogger("claude_agent.server")
BEAT_S = 2.0
GRACE_S = 5
WS_BYTES = 65_536
OK, FAILED, USAGE, CONFLICT = 0, 1, 2, 6


def main(argv: list[str] | None = None) -> int:
    """Run one life of the server; return its exit code."""
    wanted = _arguments(argv)
    keeper = socket.socket(fileno=wanted.pipe) if wanted.pipe is not None else None
    try:
        settings = Settings.load(wanted.home)
        token = server_home.operator_token(settings.home)
        path = settings.home / "logs" / "server.jsonl"
        configure_logging(path, tty=sys.stderr.isatty(), secrets=[token])
        return _serve(settings, wanted.fd, keeper)
    except ClaudeAgentError as error:
        _LOG.error("%s %s", error.detail, error.hint)
        sys.stderr.write(f"error: {error.detail}\n  {error.hint}\n")
        _say(keeper, b"refused\n")
        return _code(error)


def _code(error: ClaudeAgentError) -> int:
    if isinstance(error, HomeLocked):
        return CONFLICT
    return USAGE if isinstance(error, Invalid) and not isinstance(error, SetupError) else FAILED


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m claude_agent.server")
    parser.add_argument("--home")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--pipe", type=int)
    return parser.parse_args(argv)


def _serve(settings: Settings, fd: int, keeper: socket.socket | None) -> int:
    collect_seldom()
    listener = socket.socket(fileno=fd)
    host, port = listener.getsockname()[:2]
    clock = SystemClock()
    lock = server_home.take_lock(settings.home, pid=os.getpid(), at=clock.now())
    app = App(settings, port=port, token=server_home.operator_token(settings.home))
    try:
        adopted = app.start()
        for note in settings.notes:
            _LOG.info("%s", note)
        _LOG.info("serving on port %d; %d running tasks were adopted", port, adopted)
        server = _Server(app, keeper)
        document = {
            "url": f"http://{f'[{host}]' if ':' in host else host}:{port}",
            "pid": os.getpid(),
            "keeper_pid": keeper_pid(str(settings.home)),
            "version": claude_agent.__version__,
            "started_at": clock.now(),
        }
        server_home.write_address(settings.home, document)
        server.run(listener)
        if server.orphaned:
            # Whoever types `up` waits for our lock; a crash costs nothing, so nor does haste.
            os._exit(OK)
    finally:
        app.stop()
        server_home.forget_address(settings.home, os.getpid())
        os.close(lock)
    return OK


class _Uvicorn(uvicorn.Server):
    """uvicorn that lets long polls and followers go at once when a signal ends it."""

    def __init__(self, config: uvicorn.Config, gateway: FastAPI) -> None:
        super().__init__(config)
        self._gateway = gateway

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._gateway.state.context.hub.close()
        super().handle_exit(sig, frame)


class _Server:
    """uvicorn on the handed socket, with the keeper's beats beside it."""

    def __init__(self, app: App, keeper: socket.socket | None) -> None:
        self._app = app
        self._keeper = keeper
        self._gateway = create_app(app.services)
        config = uvicorn.Config(
            self._gateway,
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_max_size=WS_BYTES,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_S,
            server_header=False,
        )
        self._uvicorn = _Uvicorn(config, self._gateway)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.orphaned = False
        app.on_stop = self._stop_soon

    def run(self, listener: socket.socket) -> None:
        """Serve until asked to stop."""
        self._uvicorn.config.load()
        loop_factory = self._uvicorn.config.get_loop_factory()
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(self._run(listener))

    async def _run(self, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        beats = asyncio.create_task(self._beat())
        orphaned = asyncio.create_task(self._watch_keeper())
        try:
            await self._uvicorn.serve(sockets=[listener])
        finally:
            _say(self._keeper, b"stop\n")
            for task in (beats, orphaned):
                task.cancel()

    async def _beat(self) -> None:
        # Bound and listening already: whoever connects now waits in the backlog.
        _say(self._keeper, b"ready\n")
        while True:
            _say(self._keeper, b"loop\n")
            if self._app.dispatching():
                _say(self._keeper, b"disp\n")
            await asyncio.sleep(BEAT_S)

    async def _watch_keeper(self) -> None:
        """A dead keeper closes the pipe: hand over and exit."""
        if self._keeper is None:
            return
        self._keeper.settimeout(0.0)
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(OSError):
                if await loop.sock_recv(self._keeper, 64):
                    continue
            _LOG.warning("the keeper is gone; handing over")
            self.orphaned = True
            self._end()
            return

    def _end(self) -> None:
        self._gateway.state.context.hub.close()
        self._uvicorn.should_exit = True

    def _stop_soon(self) -> None:
        if self._loop is not None:
            # After the answer has gone out: the request that asked for it is still open.
            self._loop.call_soon_threadsafe(self._loop.call_later, 0.1, self._end)


def _say(keeper: socket.socket | None, line: bytes) -> None:
    if keeper is not None:
        with contextlib.suppress(OSError):
            keeper.send(line, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    sys.exit(main())
