import gzip
import json
from pathlib import Path

import pytest

from claude_agent.api.sessions import COOKIE, SESSION_MS, TICKET_MS
from tests.unit.api.conftest import StartServer
from tests.unit.api.live_server import Answer, LiveServer
from tests.unit.api.memory_services import TOKEN


def cookie_of(answer: Answer) -> dict[str, str]:
    sent = answer.headers["set-cookie"]
    assert "HttpOnly" in sent
    assert "SameSite=strict" in sent
    assert "Path=/" in sent
    assert TOKEN not in sent
    return {"Cookie": sent.partition(";")[0]}


def log_in(server: LiveServer) -> tuple[dict[str, str], str]:
    answer = server.call("POST", "/session", {"token": TOKEN}, headers={})
    assert answer.status == 200
    return cookie_of(answer), answer.json()["csrf"]


def test_session_lets_a_browser_read(server: LiveServer) -> None:
    cookie, csrf = log_in(server)
    assert server.get("/tasks", headers=cookie).status == 200
    told = server.get("/session", headers=cookie).json()
    assert told == {
        "actor": "operator",
        "csrf": csrf,
        "expires_at": server.clock.now() + SESSION_MS,
    }
    assert server.get("/health", headers=cookie).json()["components"]


def test_session_lets_a_browser_write_only_with_the_csrf_header(server: LiveServer) -> None:
    cookie, csrf = log_in(server)
    body = {"run": "true"}
    for wrong in ({}, {"X-CSRF": ""}, {"X-CSRF": "x" * 64}, {"X-CSRF": "\u00fc"}):
        answer = server.call("POST", "/tasks/submit", body, headers={**cookie, **wrong})
        assert answer.problem() == (403, "forbidden")
    assert server.services.log == []
    headers = {**cookie, "X-CSRF": csrf}
    assert server.call("POST", "/tasks/submit", body, headers=headers).status == 201


def test_csrf_value_of_another_session_is_refused(server: LiveServer) -> None:
    cookie, _ = log_in(server)
    _, csrf = log_in(server)
    headers = {**cookie, "X-CSRF": csrf}
    assert server.call("POST", "/tasks/submit", {"run": "true"}, headers=headers).status == 403


def test_session_opens_a_socket_only_for_our_own_page(server: LiveServer) -> None:
    cookie, _ = log_in(server)
    with server.follow(headers={**cookie, "Origin": f"http://{server.host}"}) as client:
        client.send('{"subscribe": ["*"]}')
        assert json.loads(client.recv(timeout=5))["kind"] == "hello"
    for origin in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        with pytest.raises(Exception, match="HTTP 403"):
            server.follow(headers={**cookie, **origin})


def test_session_is_refused_for_a_wrong_token(server: LiveServer) -> None:
    answer = server.call("POST", "/session", {"token": "wrong"}, headers={})
    assert answer.problem() == (401, "unauthorized")
    assert "set-cookie" not in answer.headers


def test_session_ends_after_its_time_and_the_page_still_loads(server: LiveServer) -> None:
    cookie, _ = log_in(server)
    server.clock.advance(SESSION_MS)
    assert server.get("/session", headers=cookie).problem() == (401, "unauthorized")
    assert server.get("/ui/", headers=cookie).status == 200


def test_log_out_takes_the_cookie_away(server: LiveServer) -> None:
    cookie, csrf = log_in(server)
    assert server.call("DELETE", "/session", headers=cookie).status == 403
    answer = server.call("DELETE", "/session", headers={**cookie, "X-CSRF": csrf})
    assert answer.status == 204
    assert f'{COOKIE}=""' in answer.headers["set-cookie"]
    assert "Max-Age=0" in answer.headers["set-cookie"]


def test_bearer_has_no_csrf_value(server: LiveServer) -> None:
    assert server.get("/session").json() == {"actor": "operator", "csrf": None, "expires_at": None}


def test_ticket_logs_a_browser_in_once(server: LiveServer) -> None:
    made = server.post("/session/ticket")
    assert made.status == 201
    url = made.json()["url"]
    assert url.startswith("/ui/login?ticket=")
    answer = server.get(url, headers={})
    assert answer.status == 303
    assert answer.headers["location"] == "/ui/"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert server.get("/tasks", headers=cookie_of(answer)).status == 200
    again = server.get(url, headers={})
    assert again.problem() == (401, "unauthorized")
    assert "claude-agent open" in again.json()["hint"]


def test_ticket_is_too_old_after_thirty_seconds(server: LiveServer) -> None:
    url = server.post("/session/ticket").json()["url"]
    server.clock.advance(TICKET_MS)
    assert server.get(url, headers={}).status == 401


def test_ticket_is_only_for_those_with_the_token(server: LiveServer) -> None:
    assert server.call("POST", "/session/ticket", headers={}).status == 401


@pytest.mark.parametrize("query", ["", "?ticket=", "?ticket=x&ticket=y", "?tiket=x"])
def test_login_without_a_usable_ticket_is_a_problem(server: LiveServer, query: str) -> None:
    assert server.get(f"/ui/login{query}", headers={}).status == 422


def test_root_and_bare_ui_lead_to_the_dashboard(server: LiveServer) -> None:
    for path in ("/", "/ui"):
        answer = server.get(path, headers={})
        assert (answer.status, answer.headers["location"]) == (307, "/ui/")


def test_ui_says_how_to_build_it_when_it_is_missing(server: LiveServer) -> None:
    answer = server.get("/ui/", headers={})
    assert answer.status == 200
    assert b"make dashboard" in answer.raw
    assert answer.headers["cache-control"] == "no-cache"


@pytest.fixture
def built(tmp_path: Path, start: StartServer) -> LiveServer:
    folder = tmp_path / "dashboard"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><p>the page</p>")
    (folder / "assets" / "index-D4f8aB_1.js").write_text("console.log(1)" * 100)
    packed = gzip.compress(b"console.log(1)" * 100)
    (folder / "assets" / "index-D4f8aB_1.js.gz").write_bytes(packed)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / ".secret.json").write_text("{}")
    (folder / "notes.bin").write_text("x")
    (tmp_path / "outside.json").write_text("{}")
    (folder / "link.json").symlink_to(tmp_path / "outside.json")
    (folder / "loop.json").symlink_to(folder / "loop.json")
    return start(dashboard=folder)


def test_ui_serves_the_built_page_and_its_files(built: LiveServer) -> None:
    page = built.get("/ui/", headers={})
    assert page.raw == b"<!doctype html><p>the page</p>"
    assert page.headers["cache-control"] == "no-cache"
    asset = built.get("/ui/assets/index-D4f8aB_1.js", headers={})
    assert asset.headers["content-type"].startswith("text/javascript")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    icon = built.get("/ui/favicon.svg", headers={})
    assert icon.headers["content-type"].startswith("image/svg+xml")
    assert icon.headers["cache-control"] == "no-cache"


def test_ui_sends_the_packed_file_to_those_who_take_it(built: LiveServer) -> None:
    path = "/ui/assets/index-D4f8aB_1.js"
    packed = built.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.raw) == built.get(path, headers={}).raw


def test_ui_policy_lets_nothing_in_from_elsewhere(built: LiveServer) -> None:
    policy = built.get("/ui/", headers={}).headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert f"connect-src 'self' ws://{built.host} wss://{built.host};" in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    "path",
    [
        "../outside.json",
        "..%2foutside.json",
        "%2e%2e/outside.json",
        "assets/../../outside.json",
        "assets/..%2f..%2foutside.json",
        "%2fetc%2fpasswd",
        "/etc/hostname.json",
        "link.json",
        "loop.json",
        ".secret.json",
        "assets/",
        "assets",
        "notes.bin",
        "index.html%00.js",
        "nothing.js",
        "..\\outside.json",
        "a" * 5000 + ".js",
    ],
)
def test_ui_serves_nothing_but_its_own_files(built: LiveServer, path: str) -> None:
    assert built.get(f"/ui/{path}").problem() == (404, "not_found")
