import socket
from collections.abc import Mapping

import pytest
from websockets.exceptions import InvalidStatus

from claude_agent.api.context import Limits
from claude_agent.api.guard import MOST_BYTES
from claude_agent.api.table import RULES, Entry
from claude_agent.errors import Unavailable
from tests.unit.api.conftest import StartServer
from tests.unit.api.live_server import AUTH, Answer, LiveServer
from tests.unit.api.memory_services import TOKEN
from tests.waiting import wait_until

JSON = {"Content-Type": "application/json"}
OPEN = sorted(f"{r.method} {r.path}" for r in RULES if r.entry is Entry.OPEN)
CLOSED = sorted((r.method, r.path) for r in RULES if r.entry is Entry.TOKEN and r.method != "WS")


def refused_socket(server: LiveServer, headers: Mapping[str, str]) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as caught:
        server.follow(headers=headers)
    answer = caught.value.response
    found = {name.lower(): value for name, value in answer.headers.raw_items()}
    return Answer(status=answer.status_code, headers=found, raw=bytes(answer.body)).problem()


def raw_exchange(server: LiveServer, sent: bytes) -> bytes:
    """Send bytes as they are and return all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_guard_leaves_open_only_what_must_be() -> None:
    assert OPEN == [
        "GET /",
        "GET /health",
        "GET /ui",
        "GET /ui/",
        "GET /ui/login",
        "GET /ui/{path:path}",
        "POST /session",
    ]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_guard_asks_for_a_token_at_every_closed_address(
    server: LiveServer, method: str, path: str
) -> None:
    address = path.replace("{", "").replace("}", "")
    answer = server.call(method, address, headers={})
    assert answer.problem() == (401, "unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert server.services.log == []


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer wrong",
        "Bearer ",
        "Bearer",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN} {TOKEN}",
        "Bearer \u00fc\u00df",
    ],
)
def test_guard_refuses_a_wrong_token_everywhere(server: LiveServer, authorization: str) -> None:
    headers = {"Authorization": authorization}
    for path in ("/tasks", "/health", "/ui/", "/nothing"):
        assert server.get(path, headers=headers).problem() == (401, "unauthorized")
    assert refused_socket(server, headers) == (401, "unauthorized")


def test_guard_refuses_a_socket_without_a_token(server: LiveServer) -> None:
    assert refused_socket(server, {}) == (401, "unauthorized")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:{port}",
        "localhost.:{port}",
        "user@127.0.0.1:{port}",
        "127.1:{port}",
        "0.0.0.0:{port}",
        "[::ffff:127.0.0.1]:{port}",
        "",
    ],
)
def test_guard_refuses_a_host_that_is_not_listed_even_with_the_token(
    server: LiveServer, host: str
) -> None:
    headers = {**AUTH, "Host": host.format(port=server.port)}
    assert server.get("/tasks", headers=headers).problem() == (421, "wrong_host")
    assert server.get("/health", headers={"Host": headers["Host"]}).status == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_guard_answers_for_each_name_of_this_machine(server: LiveServer, host: str) -> None:
    assert server.get("/tasks", headers={**AUTH, "Host": f"{host}:{server.port}"}).status == 200


def test_guard_refuses_rebinding_where_origin_equals_host(server: LiveServer) -> None:
    name = f"evil.example:{server.port}"
    headers = {**AUTH, "Host": name, "Origin": f"http://{name}"}
    assert server.get("/tasks", headers=headers).problem() == (421, "wrong_host")
    assert server.post("/tasks/submit", {"run": "true"}, headers).status == 421
    assert server.services.log == []


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{port}.evil.example",
        "http://127.0.0.1:{port}/",
        "file://",
        "",
    ],
)
def test_guard_refuses_pages_of_another_origin(server: LiveServer, origin: str) -> None:
    headers = {**AUTH, "Origin": origin.format(port=server.port)}
    assert server.get("/tasks", headers=headers).problem() == (403, "forbidden")
    assert server.post("/tasks/submit", {"run": "true"}, headers).status == 403
    assert refused_socket(server, headers) == (403, "forbidden")
    assert server.services.log == []


def test_guard_asks_for_the_host_before_the_origin_before_the_token(server: LiveServer) -> None:
    wrong = {"Host": "evil", "Origin": "http://evil", "Authorization": "Bearer wrong"}
    assert server.get("/tasks", headers=wrong).status == 421
    del wrong["Host"]
    assert server.get("/tasks", headers=wrong).status == 403
    del wrong["Origin"]
    assert server.get("/tasks", headers=wrong).status == 401


def test_guard_lets_its_own_pages_in(server: LiveServer) -> None:
    headers = {**AUTH, "Origin": f"http://localhost:{server.port}"}
    assert server.get("/tasks", headers=headers).status == 200
    with server.follow(headers=headers):
        pass


def test_guard_gives_no_other_page_leave_to_read(server: LiveServer) -> None:
    answer = server.get("/health", headers={"Origin": f"http://127.0.0.1:{server.port}"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert server.call("OPTIONS", "/tasks").problem() == (405, "method_not_allowed")


@pytest.mark.parametrize(
    "media",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "x"],
)
def test_guard_takes_only_json(server: LiveServer, media: str) -> None:
    headers = {**AUTH, "Content-Type": media}
    answer = server.call("POST", "/tasks/submit", {"run": "true"}, headers=headers)
    assert answer.problem() == (415, "unsupported_media")
    assert server.services.log == []


def test_guard_takes_json_with_a_charset(server: LiveServer) -> None:
    headers = {"Content-Type": "application/JSON; charset=utf-8"}
    assert server.post("/tasks/submit", {"run": "true"}, headers).status == 201


def test_guard_refuses_compressed_bodies(server: LiveServer) -> None:
    answer = server.post("/tasks/submit", {"run": "true"}, {"Content-Encoding": "gzip"})
    assert answer.problem() == (415, "unsupported_media")


def test_guard_refuses_a_long_body_by_its_length_before_it_comes(server: LiveServer) -> None:
    head = (
        f"POST /tasks/submit HTTP/1.1\r\nHost: {server.host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {MOST_BYTES + 1}\r\n"
        "Connection: close\r\n\r\n"
    )
    answer = raw_exchange(server, head.encode())
    assert b" 413 " in answer.splitlines()[0]
    assert b'"code":"too_large"' in answer


def test_guard_lets_a_client_send_all_of_a_long_body_and_read_the_answer(
    server: LiveServer,
) -> None:
    answer = server.post("/workflows/validate", {"source": "x" * 20 * MOST_BYTES})
    assert answer.problem() == (413, "too_large")
    assert "file" in answer.json()["hint"]


def test_guard_counts_a_body_that_does_not_tell_its_length(server: LiveServer) -> None:
    head = (
        f"POST /tasks/submit HTTP/1.1\r\nHost: {server.host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
        "Connection: close\r\n\r\n"
    ).encode()
    chunk = b"%x\r\n%s\r\n" % (65_536, b" " * 65_536)
    answer = raw_exchange(server, head + chunk * (MOST_BYTES // 65_536) + b"1\r\n \r\n")
    assert b" 413 " in answer.splitlines()[0]
    assert server.services.log == []


def test_guard_takes_a_body_of_exactly_the_limit(server: LiveServer) -> None:
    frame = len(b'{"source":""}')
    source = "#" * (MOST_BYTES - frame)
    raw = b'{"source":"' + source.encode() + b'"}'
    answer = server.call("POST", "/workflows/validate", raw=raw, headers={**AUTH, **JSON})
    assert answer.problem() == (422, "definition_invalid")
    answer = server.call("POST", "/workflows/validate", raw=raw + b" ", headers={**AUTH, **JSON})
    assert answer.problem() == (413, "too_large")


@pytest.mark.parametrize("name", ["Host", "Authorization", "Origin", "Content-Type"])
def test_guard_refuses_a_deciding_header_that_comes_twice(server: LiveServer, name: str) -> None:
    value = {"Host": server.host, "Authorization": f"Bearer {TOKEN}"}.get(name, "x")
    common = f"Host: {server.host}\r\n" if name != "Host" else ""
    head = f"GET /tasks HTTP/1.1\r\n{common}{name}: {value}\r\n{name}: {value}\r\n"
    answer = raw_exchange(server, f"{head}Connection: close\r\n\r\n".encode())
    assert answer.splitlines()[0].split()[1] == b"400"


def test_guard_tells_what_exists_only_to_those_who_may_know(server: LiveServer) -> None:
    assert server.get("/nothing", headers={}).status == 401
    assert server.get("/nothing").problem() == (404, "not_found")
    answer = server.call("PUT", "/tasks/T1/cancel")
    assert answer.problem() == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "path",
    [
        "/tasks/",
        "/tasks//result",
        "//tasks",
        "/Tasks",
        "/tasks/a/b",
        "/tasks/..%2f..%2fhealth",
        "/tasks/a%2Fcancel%2Fx",
        "/ui/../tasks/nothing/at/all",
        "/health/",
    ],
)
def test_guard_knows_no_other_spelling_of_an_address(server: LiveServer, path: str) -> None:
    assert server.get(path).problem() == (404, "not_found")


def test_guard_marks_every_answer(server: LiveServer) -> None:
    for path in ("/health", "/tasks", "/nothing", "/ui/", "/docs"):
        answer = server.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-request-id"]
    assert server.get("/tasks").headers["cache-control"] == "no-store"


def test_guard_keeps_the_callers_request_id_where_it_is_harmless(server: LiveServer) -> None:
    answer = server.get("/nothing", headers={**AUTH, "X-Request-Id": "abc-1"})
    assert answer.json()["id"] == answer.headers["x-request-id"] == "abc-1"
    answer = server.get("/nothing", headers={**AUTH, "X-Request-Id": 'a"; b'})
    assert answer.json()["id"] != 'a"; b'


def test_guard_keeps_a_traceback_inside(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> dict[str, object]:
        msg = "a secret of the server"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr(server.services, "agents_status", broken)
    answer = server.get("/agents/status")
    assert answer.problem() == (500, "internal")
    assert b"secret" not in answer.raw
    assert b"Traceback" not in answer.raw
    logged = wait_until(
        lambda: [record for record in caplog.records if record.exc_info], what="the log entry"
    )
    assert logged[0].__dict__["request_id"] == answer.json()["id"]
    assert answer.json()["id"] in answer.json()["hint"]


def test_guard_answers_429_when_too_many_wait(server: LiveServer) -> None:
    server.app.state.context.limits = type(server.app.state.context.limits)(waiting=0)
    answer = server.get("/tasks")
    assert answer.problem() == (429, "too_many_requests")
    assert answer.headers["retry-after"] == "1"


def test_guard_ends_a_body_that_does_not_come(start: StartServer) -> None:
    server = start(limits=Limits(body_s=0.1))
    head = (
        f"POST /tasks/submit HTTP/1.1\r\nHost: {server.host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{"
    )
    answer = raw_exchange(server, head.encode())
    assert b" 408 " in answer.splitlines()[0]
    assert b'"code":"slow_body"' in answer


def test_guard_lets_the_client_of_a_part_that_is_down_try_again(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down() -> dict[str, object]:
        msg = "The database does not answer."
        raise Unavailable(msg, hint="Try again in a moment.")

    monkeypatch.setattr(server.services, "agents_status", down)
    answer = server.get("/agents/status")
    assert answer.problem() == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["hint"] == "Try again in a moment."
