import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from claude_agent.api.services import IdempotencyKey
from tests.unit.api.live_server import Answer, LiveServer

SOURCE = "name: Two Steps\nsteps: [{id: a, action: noop}, {id: b, action: noop, depends_on: [a]}]"


def keyed(server: LiveServer, path: str, body: object, key: str = "k1") -> Answer:
    return server.post(path, body, {"Idempotency-Key": key})


def test_submit_with_one_key_and_one_body_is_one_task(server: LiveServer) -> None:
    first = keyed(server, "/tasks/submit", {"run": "true", "title": "x"})
    again = keyed(server, "/tasks/submit", {"title": "x", "run": "true"})
    assert (first.status, again.status) == (201, 201)
    assert first.json() == again.json()
    assert len(server.services.tasks_by_id) == 1


def test_submit_with_one_key_and_another_body_is_a_conflict(server: LiveServer) -> None:
    keyed(server, "/tasks/submit", {"run": "true"})
    answer = keyed(server, "/tasks/submit", {"run": "false"})
    assert answer.problem() == (409, "idempotency_mismatch")
    assert len(server.services.tasks_by_id) == 1


def test_a_key_is_bound_to_its_address(server: LiveServer) -> None:
    server.post("/tasks/submit", {"run": "true"})
    server.post("/tasks/submit", {"run": "true"})
    assert keyed(server, "/tasks/T1/cancel", {}).status == 202
    assert keyed(server, "/tasks/T2/cancel", {}).problem() == (409, "idempotency_mismatch")


def test_submit_without_a_key_is_a_new_task_each_time(server: LiveServer) -> None:
    for _ in range(2):
        server.post("/tasks/submit", {"run": "true"})
    assert len(server.services.tasks_by_id) == 2


def test_a_refused_submit_leaves_its_key_free(server: LiveServer) -> None:
    assert keyed(server, "/tasks/submit", {"run": "true", "agent": "nobody"}).status == 422
    assert server.services.answers == {}
    assert keyed(server, "/tasks/submit", {"run": "true"}).status == 201


def test_execute_with_one_key_is_one_execution(server: LiveServer) -> None:
    body = {"source": SOURCE, "params": {"env": "prod"}}
    ids = {keyed(server, "/workflows/-/execute", body).json()["id"] for _ in range(3)}
    assert len(ids) == 1
    assert len(server.services.executions_by_id) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tasks/T1/cancel", {}),
        ("/executions/X1/cancel", {"compensate": True}),
        ("/workflows/validate", {"source": SOURCE}),
        ("/workflows", {"source": SOURCE}),
        ("/apps/shop/stop", {}),
        ("/server/stop", {"stop_agents": True}),
        ("/messages", {"actor": "notify", "args": [1]}),
    ],
)
def test_every_post_gives_the_stored_answer_again(
    server: LiveServer, path: str, body: object
) -> None:
    server.post("/tasks/submit", {"run": "true"})
    server.post("/workflows/-/execute", {"source": SOURCE})
    first = keyed(server, path, body)
    again = keyed(server, path, body)
    assert first.status in {200, 201, 202}
    assert (again.status, again.json()) == (first.status, first.json())
    assert len(server.services.messages) <= 1
    wrong = keyed(server, path, {"source": "x", "actor": "y"})
    assert wrong.status in {409, 422}


def test_a_second_request_waits_for_the_first_with_its_key(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, calls = threading.Event(), threading.Event(), []
    original = server.services.stop_app

    def slow(*args: Any) -> dict[str, Any]:
        calls.append(args)
        begun.set()
        go.wait(5)
        return original(*args)

    monkeypatch.setattr(server.services, "stop_app", slow)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(keyed, server, "/apps/shop/stop", {}) for _ in range(4)]
        assert begun.wait(5)
        go.set()
        states = {answer.result().json()["state"] for answer in answers}
    assert states == {"stopped"}
    assert len(calls) == 1
    assert server.app.state.context.in_progress == {}


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "\u00fc"])
def test_an_unusable_key_is_refused(server: LiveServer, key: str) -> None:
    answer = server.post("/tasks/submit", {"run": "true"}, {"Idempotency-Key": key})
    assert answer.problem() == (422, "invalid")
    assert server.services.tasks_by_id == {}


def test_the_port_gets_the_key_with_the_hash_of_the_request(server: LiveServer) -> None:
    keyed(server, "/tasks/submit", {"run": "true"})
    hashed, _ = server.services.answers["k1"]
    assert len(hashed) == 64
    assert server.services.recall(IdempotencyKey(key="k1", body_hash=hashed))
