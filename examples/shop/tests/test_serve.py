import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import unittest
from pathlib import Path

from tests.shop_case import ShopCase

ROOT = Path(__file__).resolve().parent.parent


class TestRelease(ShopCase):
    """The shop as a deployment starts it: with sockets and a pipe instead of a port."""

    def setUp(self) -> None:
        super().setUp()
        self.public = socket.create_server(("127.0.0.1", 0))
        self.probe = socket.create_server(("127.0.0.1", 0))
        self.go_out, self.go_in = os.pipe()
        self.addCleanup(self.public.close)
        self.addCleanup(self.probe.close)
        handed = {
            "APP_FD": self.public.fileno(),
            "APP_PROBE_FD": self.probe.fileno(),
            "APP_GO_FD": self.go_out,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "shop.serve"],
            cwd=ROOT,
            pass_fds=list(handed.values()),
            env={
                **os.environ,
                **{name: str(number) for name, number in handed.items()},
                "APP_DATABASE": str(self.database),
                "APP_RELEASE": "7-abcdef0",
            },
        )
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        os.close(self.go_out)

    def ask_at(self, listener: socket.socket) -> dict[str, object]:
        connection = http.client.HTTPConnection(*listener.getsockname(), timeout=10)
        self.addCleanup(connection.close)
        connection.request("GET", "/health")
        return dict(json.loads(connection.getresponse().read()))

    def test_the_probe_answers_first_and_the_public_after_go(self) -> None:
        self.assertEqual(self.ask_at(self.probe)["release"], "7-abcdef0")
        waiting = socket.create_connection(self.public.getsockname(), timeout=0.2)
        self.addCleanup(waiting.close)
        waiting.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        with self.assertRaises(TimeoutError):
            waiting.recv(1)
        os.write(self.go_in, b"go\n")
        waiting.settimeout(10)
        self.assertTrue(waiting.recv(64).startswith(b"HTTP/1.0 200"))
        os.close(self.go_in)
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(10), 0)

    def test_a_release_that_never_goes_live_ends_with_its_deployer(self) -> None:
        self.ask_at(self.probe)
        os.close(self.go_in)
        self.assertEqual(self.process.wait(10), 0)

    def test_a_request_that_has_begun_is_finished(self) -> None:
        os.write(self.go_in, b"go\n")
        os.close(self.go_in)
        self.ask_at(self.public)
        slow = socket.create_connection(self.public.getsockname(), timeout=10)
        self.addCleanup(slow.close)
        slow.sendall(b"GET /health HT")
        self.ask_at(self.public)  # accepted later than `slow`: so `slow` has begun
        self.process.send_signal(signal.SIGTERM)
        slow.sendall(b"TP/1.0\r\n\r\n")
        self.assertTrue(slow.recv(64).startswith(b"HTTP/1.0 200"))
        self.assertEqual(self.process.wait(10), 0)


if __name__ == "__main__":
    unittest.main()
