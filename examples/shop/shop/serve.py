"""Start the shop: `python -m shop.serve [--port N]`, or as a deployed release.

A deployment hands over sockets instead of a port (all file descriptor numbers):
APP_PROBE_FD  a private listening socket: served at once, for the health check
APP_FD        the public listening socket: served once `go` arrives
APP_GO_FD     a pipe: `go` means serve the public, end of file before that means give up
On SIGTERM the shop stops accepting, finishes what it has begun, and ends.
"""

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from http.server import ThreadingHTTPServer

import shop
from shop.database import connect
from shop.migrations import load, up
from shop.settings import Settings, from_environment
from shop.web import Handler

POLL_S = 0.05


class Site(ThreadingHTTPServer):
    """Serves a listening socket that others may share."""

    daemon_threads = False  # closing waits for the requests that have begun
    request_queue_size = 128

    def __init__(self, listener: socket.socket, settings: Settings) -> None:
        handler = type("ShopHandler", (Handler,), {"settings": settings})
        super().__init__(listener.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        # Two releases share the socket during a switch: a lost race to accept must not block.
        listener.setblocking(False)
        self.socket = listener
        self._idle = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(target=self.serve_forever, args=(POLL_S,))
        self._thread.start()

    def finish(self) -> None:
        """Accept what already waits, then let every request that has begun end."""
        if self._thread:
            self.shutdown()
            self._thread.join()
            self.timeout = 0
            for _ in range(self.request_queue_size):
                if self._idle:
                    break
                self.handle_request()
        self.server_close()

    def handle_timeout(self) -> None:
        """Nobody waits any more."""
        self._idle = True


def serve_release(settings: Settings, stop: threading.Event) -> None:
    """Run as a deployed release until `stop`."""
    probe = Site(_inherited("APP_PROBE_FD"), settings)
    public = Site(_inherited("APP_FD"), settings)
    probe.start()

    def wait_for_go() -> None:
        if os.read(int(os.environ["APP_GO_FD"]), 16).startswith(b"go"):
            public.start()
        else:
            stop.set()

    threading.Thread(target=wait_for_go, daemon=True).start()
    stop.wait()
    public.finish()
    probe.finish()


def serve_here(settings: Settings, port: int, stop: threading.Event) -> None:
    """Run on a port of this machine, for development, on an up-to-date database."""
    with connect(settings.database) as connection:
        up(connection, load())
    site = Site(socket.create_server(("127.0.0.1", port)), settings)
    site.start()
    print(f"{shop.RELEASE} at http://127.0.0.1:{site.server_address[1]}/", flush=True)
    stop.wait()
    site.finish()


def _inherited(name: str) -> socket.socket:
    return socket.socket(fileno=int(os.environ[name]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m shop.serve")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if "APP_FD" in os.environ:
        serve_release(from_environment(), stop)
    else:
        serve_here(from_environment(), given.port, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
