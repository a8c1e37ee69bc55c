import socket
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typing_extensions import override

from claude_agent.actions.errors import ActionFailed, BadParameter
from claude_agent.actions.performing import perform_in_worker

PAGE = b'<!doctype html><link rel="stylesheet" href="/a.css"><script src="/a.js"></script>'


class _Site(ThreadingHTTPServer):
    """A server whose answers a test sets; `unready` answers 503 so many times first."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str, bytes]] = {
            "/": (200, "text/html", PAGE),
            "/a.css": (200, "text/css", b""),
            "/a.js": (200, "text/javascript", b""),
            "/health": (200, "application/json", b'{"ok": true, "db": {"schema": 3}}'),
            "/moved": (302, "text/plain", b""),
        }
        self.unready = 0
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site = self.server
        assert isinstance(site, _Site)
        status, kind, body = site.answers.get(self.path, (404, "text/plain", b"no"))
        if site.unready > 0:
            site.unready -= 1
            status = 503
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[_Site]:
    server = _Site()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def _check(values: Mapping[str, object], waits: list[float] | None = None) -> Mapping[str, object]:
    wait = waits if waits is not None else []
    said: list[str] = []
    return perform_in_worker("http_check", values, say=said.append, wait=wait.append)


def test_http_check_follows_pages_and_their_assets(site: _Site) -> None:
    found = _check(
        {
            "url": f"{site.url}/health",
            "json": {"ok": True, "db.schema": 3},
            "paths": ["/"],
            "assets": True,
        }
    )
    assert found["checked"] == [f"{site.url}{p}" for p in ("/health", "/", "/a.css", "/a.js")]


def test_http_check_tries_again_until_the_server_is_ready(site: _Site) -> None:
    site.unready = 2
    waits: list[float] = []
    assert _check({"url": site.url, "delay": 0.25}, waits)["attempts"] == 3
    assert waits == [0.25, 0.25]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"path": "/none"}, "answered 404, expected 200"),
        ({"path": "/moved"}, "answered 302, expected 200"),
        ({"path": "/", "contains": "welcome"}, "does not contain 'welcome'"),
        ({"path": "/", "json": {"ok": True}}, "did not answer JSON"),
        ({"path": "/health", "json": {"db.schema": 4}}, "db.schema is 3, expected 4"),
        ({"path": "/health", "json": {"db.none.deep": 1}}, "is None, expected 1"),
        ({"path": "/health", "paths": ["/gone"]}, "/gone answered 404"),
        ({"path": "/health", "assets": True}, "names a script or style sheet"),
    ],
)
def test_http_check_says_what_was_not_as_expected(
    site: _Site, values: dict[str, object], problem: str
) -> None:
    path = values.pop("path")
    with pytest.raises(ActionFailed, match=problem):
        _check({"url": f"{site.url}{path}", "retries": 1, **values})


def test_http_check_finds_a_missing_asset(site: _Site) -> None:
    del site.answers["/a.js"]
    with pytest.raises(ActionFailed, match=r"/a\.js answered 404"):
        _check({"url": site.url, "assets": True, "retries": 0})


def test_http_check_reports_a_closed_port() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # ours, and nobody listens
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(ActionFailed, match=r"1 tries: .*refused"):
            _check({"url": url, "retries": 0})


@pytest.mark.parametrize(
    "url", ["", "ftp://x/", "http://", "http://a b/", "http://a/\nHost: b", "http://a:x/", "//a"]
)
def test_http_check_refuses_what_is_no_web_address(url: str) -> None:
    with pytest.raises(BadParameter):
        _check({"url": url})
