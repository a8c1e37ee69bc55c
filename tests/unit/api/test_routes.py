import json
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from claude_agent import api
from tests.unit.api.live_server import LiveServer

MODULES = [
    import_module(f"claude_agent.api.{found.name}")
    for found in iter_modules(api.__path__)
    if found.name.startswith("answers")
]
SOURCE = "name: Two Steps\nsteps: [{id: a, action: noop}, {id: b, action: noop, depends_on: [a]}]"

# Every operation, once as it is meant: method, path, body, status.
CALLS: list[tuple[str, str, Any, int]] = [
    ("GET", "/health", None, 200),
    ("GET", "/health/ready", None, 200),
    ("GET", "/session", None, 200),
    ("POST", "/session", {"token": "operator-token-of-the-tests"}, 200),
    ("POST", "/session/ticket", None, 201),
    ("POST", "/tasks/submit", {"run": "true"}, 201),
    ("GET", "/tasks", None, 200),
    ("GET", "/tasks/T1", None, 200),
    ("GET", "/tasks/T1/result", None, 200),
    ("GET", "/tasks/T1/attempts", None, 200),
    ("GET", "/tasks/T1/log", None, 200),
    ("GET", "/tasks/T1/explain", None, 200),
    ("POST", "/tasks/T1/cancel", None, 202),
    ("POST", "/tasks/T2/resolve", {"outcome": "retry"}, 202),
    ("POST", "/tasks/T1/takeover", None, 202),
    ("POST", "/tasks/T1/handback", {"note": "done by hand"}, 202),
    ("GET", "/tasks/T1/attach", None, 200),
    ("GET", "/hosts", None, 200),
    ("POST", "/hosts/far/lost", None, 200),
    ("GET", "/agents/status", None, 200),
    ("GET", "/agents/testing", None, 200),
    ("GET", "/agents/testing/logs", None, 200),
    ("GET", "/agents/testing/attach", None, 200),
    ("GET", "/agents/testing/probe", None, 200),
    ("GET", "/sessions", None, 200),
    ("GET", "/queues", None, 200),
    ("GET", "/queues/testing", None, 200),
    ("POST", "/queues/testing/pause", {"reason": "a release"}, 200),
    ("POST", "/queues/testing/resume", None, 200),
    ("POST", "/queues/testing/limit", {"limit": 2}, 200),
    ("POST", "/queues/testing/purge", {"reason": "stale"}, 200),
    ("GET", "/resilience", None, 200),
    ("POST", "/resilience/agent:testing/reset", None, 200),
    ("POST", "/events", {"type": "deploy.finished", "data": {"n": 1}}, 201),
    ("POST", "/hooks/deploy", {"ref": "main"}, 202),
    ("GET", "/schedules?workflow=nightly", None, 200),
    ("GET", "/schedules/nightly.1", None, 200),
    ("POST", "/schedules/nightly.1/pause", {"reason": "a freeze"}, 200),
    ("POST", "/schedules/nightly.1/resume", None, 200),
    ("POST", "/schedules/nightly.1/trigger", None, 201),
    ("POST", "/schedules/nightly.1/backfill", {"from": 1, "to": 2, "dry_run": True}, 200),
    ("GET", "/triggers?workflow=nightly&kind=schedule", None, 200),
    ("GET", "/state?pattern=g*&limit=2", None, 200),
    ("GET", "/state/snapshots", None, 200),
    ("POST", "/state/snapshots", {"name": "nightly"}, 201),
    ("GET", "/state/snapshots/nightly", None, 200),
    ("POST", "/state/snapshots/nightly/restore", None, 200),
    ("GET", "/state/greeting", None, 200),
    ("POST", "/state/farewell", {"value": {"x": 1}, "version": 0, "ttl": "10m"}, 200),
    ("POST", "/state/farewell/delete", {"version": 1}, 200),
    ("GET", "/state/greeting/history?after=0", None, 200),
    ("GET", "/questions?state=open&agent=testing&task=t1", None, 200),
    ("GET", "/questions/QU01", None, 200),
    ("POST", "/questions/QU01/answer", {"decision": "deny", "text": "no"}, 200),
    ("GET", "/approvals?state=requested", None, 200),
    ("GET", "/approvals/rules", None, 200),
    ("GET", "/approvals/AP01", None, 200),
    ("POST", "/approvals/AP01/approve", {"note": "seen", "digest": "ab" * 32}, 200),
    ("GET", "/tokens", None, 200),
    ("POST", "/tokens", {"name": "ben", "role": "approver"}, 201),
    ("POST", "/tokens/ann/revoke", None, 200),
    ("GET", "/dead-letters?kind=task&since=1", None, 200),
    ("GET", "/dead-letters/export", None, 200),
    ("POST", "/dead-letters/redrive", {"queue": "testing", "rate": "5/s"}, 201),
    ("GET", "/dead-letters/redrives", None, 200),
    ("GET", "/dead-letters/redrives/r1", None, 200),
    ("POST", "/dead-letters/redrives/r1/stop", None, 200),
    ("GET", "/dead-letters/task/T9", None, 200),
    ("POST", "/dead-letters/task/T9/redrive", {"changes": {"run": "true"}}, 200),
    ("POST", "/dead-letters/message/m1/discard", {"reason": "obsolete"}, 200),
    ("POST", "/workflows/validate", {"source": SOURCE}, 200),
    ("GET", "/workflows", None, 200),
    ("POST", "/workflows", {"source": SOURCE}, 201),
    ("GET", "/workflows/schema", None, 200),
    ("GET", "/workflows/two-steps", None, 200),
    ("POST", "/workflows/import", {"source": "jobs: {}", "origin": "github"}, 200),
    ("GET", "/workflows/two-steps/versions", None, 200),
    ("GET", "/workflows/two-steps/diff?before=a&after=b", None, 200),
    ("POST", "/workflows/-/plan", {"source": SOURCE, "params": {"a": 1}}, 200),
    ("POST", "/workflows/two-steps/execute", {"params": {"env": "prod"}}, 201),
    ("GET", "/executions", None, 200),
    ("GET", "/executions/X1", None, 200),
    ("GET", "/executions/X1/summary", None, 200),
    ("GET", "/executions/X1/events", None, 200),
    ("GET", "/executions/X1/explain?step=a", None, 200),
    ("POST", "/executions/X1/signals/go", {"data": {"n": 1}, "message_id": "1"}, 200),
    ("POST", "/executions/X1/cancel", {"compensate": False}, 202),
    ("POST", "/executions/X1/pause", None, 202),
    ("POST", "/executions/X1/resume", None, 202),
    ("POST", "/executions/X1/retry", {"step": "a", "params": {"n": 1}}, 202),
    ("POST", "/executions/X1/rewind", {"step": "a", "feedback": "again"}, 202),
    ("POST", "/executions/X1/skip", {"step": "a"}, 202),
    ("POST", "/executions/X1/set-output", {"step": "a", "outputs": {"n": 1}}, 202),
    ("POST", "/executions/X1/fork", {}, 201),
    ("POST", "/executions/X1/compensate", {"skip": ["a"]}, 202),
    ("GET", "/events", None, 200),
    ("GET", "/events/head", None, 200),
    ("GET", "/events/verify", None, 200),
    ("GET", "/events/starts", None, 200),
    ("GET", "/apps", None, 200),
    ("POST", "/apps/shop/stop", None, 200),
    ("POST", "/server/stop", {"stop_agents": False}, 202),
    ("POST", "/messages", {"actor": "notify"}, 201),
    ("GET", "/vocabulary", None, 200),
]


@pytest.fixture
def furnished(server: LiveServer) -> LiveServer:
    """A server with a task, a workflow and an execution."""
    for _ in range(2):
        server.post("/tasks/submit", {"run": "true"})
    server.services.tasks_by_id["task-2"]["state"] = "uncertain"
    server.post("/workflows", {"source": SOURCE})
    server.post("/workflows/two-steps/execute", {})
    return server


def test_every_operation_answers_as_the_document_says(furnished: LiveServer) -> None:
    document = furnished.get("/openapi.json").json()
    called = set()
    for method, path, body, status in CALLS:
        answer = furnished.call(method, path, body)
        assert answer.status == status, (path, answer.raw)
        template = _template(document, path.partition("?")[0])
        called.add((method, template))
        responses = document["paths"][template][method.lower()]["responses"]
        schema = responses[str(status)]["content"]["application/json"]["schema"]
        name = schema["$ref"].rpartition("/")[2]
        model = next(getattr(module, name) for module in MODULES if hasattr(module, name))
        model.model_validate_json(answer.raw)
    documented = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if method != "delete"
    }
    # The one is as `approve`, the other speaks another protocol: `test_at_work.py`.
    assert called == documented - {("POST", "/approvals/{ref}/reject"), ("POST", "/mcp")}


def _template(document: dict[str, Any], path: str) -> str:
    if path in document["paths"]:
        return path
    parts = path.split("/")
    for template in document["paths"]:
        shape = template.split("/")
        if len(shape) == len(parts) and all(
            wanted.startswith("{") or wanted == part
            for wanted, part in zip(shape, parts, strict=True)
        ):
            return str(template)
    msg = f"{path} is not documented"
    raise AssertionError(msg)


def test_document_is_openapi_31_and_whole(furnished: LiveServer) -> None:
    document = furnished.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    text = json.dumps(document)
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    used = set(text.split('"$ref": "')[1:])
    assert {reference.partition('"')[0] for reference in used} <= known
    names = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            names.append(operation["operationId"])
            assert operation["summary"], path
            assert "default" in operation["responses"]
            assert "422" not in operation["responses"]
            parameters = [parameter["name"] for parameter in operation.get("parameters", [])]
            assert ("Idempotency-Key" in parameters) == (method == "post")
            for name in (part[1:-1] for part in path.split("/") if part.startswith("{")):
                assert name in parameters
    assert len(names) == len(set(names))
    assert "x-body" not in text
    assert document["paths"]["/health"]["get"]["security"][0] == {}
    assert {} not in document["paths"]["/tasks"]["get"]["security"]


def test_docs_page_lists_every_address_without_a_script(server: LiveServer) -> None:
    page = server.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    text = page.raw.decode()
    assert "/tasks/submit" in text
    assert "<script" not in text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_health_without_a_token_tells_only_status_and_version(server: LiveServer) -> None:
    assert server.get("/health", headers={}).json() == {"status": "ok", "version": "0.1.0"}
    assert server.get("/health").json()["components"]


def test_submit_hands_the_long_forms_to_the_port(server: LiveServer) -> None:
    body = {
        "run": "make",
        "with": {"a": [1, {"b": None}]},
        "timeout": "5m",
        "gates": ["ls", {"name": "lint", "run": "ruff"}],
        "retry": {"max_attempts": 3, "delay": "1s", "on": ["timeout.run"]},
        "priority": "high",
        "env": {"A": "b"},
        "delay": 10,
        "idempotent": False,
        "title": None,
    }
    assert server.post("/tasks/submit", body).status == 201
    assert server.services.submitted == [
        {
            "run": "make",
            "with": {"a": [1, {"b": None}]},
            "timeout": {"run": "5m"},
            "gates": [{"run": "ls"}, {"name": "lint", "run": "ruff"}],
            "retry": {"max_attempts": 3, "delay": "1s", "on": ["timeout.run"]},
            "priority": "HIGH",
            "env": {"A": "b"},
            "delay": 10,
            "idempotent": False,
        }
    ]


def test_lists_are_pages_with_counts(server: LiveServer) -> None:
    for _ in range(5):
        server.post("/tasks/submit", {"run": "true"})
    server.post("/tasks/T1/cancel")
    first = server.get("/tasks?limit=2").json()
    assert [task["ref"] for task in first["items"]] == ["T5", "T4"]
    assert first["counts"] == {"ready": 4, "cancelled": 1}
    rest = server.get(f"/tasks?limit=10&cursor={first['next']}").json()
    assert [task["ref"] for task in rest["items"]] == ["T3", "T2", "T1"]
    assert rest["next"] is None
    assert [task["ref"] for task in server.get("/tasks?state=cancelled").json()["items"]] == ["T1"]


def test_cancel_takes_no_body_or_an_empty_one(server: LiveServer) -> None:
    server.post("/tasks/submit", {"run": "true"})
    assert server.post("/tasks/T1/cancel", {"now": True}).problem() == (422, "unknown_name")
    assert server.post("/tasks/T1/cancel").status == 202
    assert server.post("/tasks/T1/cancel").problem() == (409, "conflict")


def test_log_is_read_by_offset(furnished: LiveServer) -> None:
    log = furnished.get("/tasks/T1/log?offset=2&limit=2").json()
    assert (log["text"], log["next"], log["total"]) == ("ll", 4, 6)
    assert furnished.get("/tasks/T1/log?limit=0").problem() == (422, "invalid")


def test_message_to_an_unknown_actor_is_refused(server: LiveServer) -> None:
    assert server.post("/messages", {"actor": "nobody"}).problem() == (422, "unknown_name")
    assert server.services.messages == []


def test_cancel_of_an_execution_passes_on_whether_to_undo(furnished: LiveServer) -> None:
    answer = furnished.post("/executions/X1/cancel", {"compensate": True})
    assert answer.json()["state"] == "compensated"


def test_stop_tells_what_goes_on(server: LiveServer) -> None:
    answer = server.post("/server/stop", {"stop_agents": False})
    assert answer.json() == {"left_running": [{"ref": "R1", "agent": "a", "title": "t"}]}
    assert server.services.stopping is False


def test_resolve_decides_only_what_is_uncertain(furnished: LiveServer) -> None:
    wrong = furnished.post("/tasks/T2/resolve", {"outcome": "suceeded"})
    assert wrong.problem() == (422, "unknown_name")
    assert wrong.json()["hint"] == "Did you mean succeeded?"
    answer = furnished.post("/tasks/T2/resolve", {"outcome": "succeeded", "note": "I looked"})
    assert answer.json()["state"] == "succeeded"
    assert furnished.services.log[-1]["data"] == {"outcome": "succeeded", "note": "I looked"}
    again = furnished.post("/tasks/T2/resolve", {"outcome": "succeeded"})
    assert again.problem() == (409, "conflict")
