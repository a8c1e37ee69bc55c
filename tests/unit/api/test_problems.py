import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claude_agent.api.problems import nearest
from tests.unit.api.live_server import AUTH, LiveServer

JSON = {**AUTH, "Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "code", "pointer", "hint"),
    [
        ({"rum": "true"}, "unknown_name", "/rum", "Did you mean run?"),
        ({"run": "x", "priority": "HIHG"}, "unknown_name", "/priority", "Did you mean HIGH?"),
        ({"run": "x", "agent": "testin"}, "unknown_name", "/agent", "Did you mean testing?"),
        ({"run": "x", "retry": {"max_atempts": 2}}, "unknown_name", "/retry/max_atempts", "max_a"),
        ({"run": "x", "timeout": {"idel": 1}}, "unknown_name", "/timeout/idel", "mean idle?"),
        ({"run": "x", "gates": ["a", {"rn": "b"}]}, "unknown_name", "/gates/1/rn", "mean run?"),
        ({}, "invalid", "", ""),
        ({"run": "x", "prompt": "y"}, "invalid", "", ""),
        ({"run": ""}, "invalid", "/run", ""),
        ({"run": None}, "invalid", "", ""),
        ({"run": 1}, "invalid", "/run", ""),
        ({"run": "x", "timeout": "5 min"}, "invalid", "/timeout/run", ""),
        ({"run": "x", "timeout": -1}, "invalid", "/timeout/run", ""),
        ({"run": "x", "timeout": True}, "invalid", "/timeout/run", ""),
        ({"run": "x", "delay": 1.5}, "invalid", "/delay", ""),
        ({"run": "x", "cwd": "relative"}, "invalid", "/cwd", ""),
        ({"run": "x", "env": {"a=b": "c"}}, "invalid", "/env/a=b", ""),
        ({"run": "x", "env": {"a/b~": "c"}}, "invalid", "/env/a~1b~0", ""),
        ({"run": "x", "env": {"A": 1}}, "invalid", "/env/A", ""),
        ({"run": "x", "idempotent": "yes"}, "invalid", "/idempotent", ""),
        ({"run": "x", "retry": {"max_attempts": 0}}, "invalid", "/retry/max_attempts", ""),
        ([], "invalid", "", ""),
        ("run", "invalid", "", ""),
        (None, "invalid", "", ""),
    ],
)
def test_submit_says_what_is_wrong_and_where(
    server: LiveServer, body: object, code: str, pointer: str, hint: str
) -> None:
    answer = server.call("POST", "/tasks/submit", raw=json.dumps(body).encode(), headers=JSON)
    assert answer.problem() == (422, code)
    assert answer.json()["pointer"] == pointer
    assert hint in answer.json()["hint"]
    assert server.services.tasks_by_id == {}
    assert server.services.log == []


def test_submit_lists_everything_that_is_wrong_at_once(server: LiveServer) -> None:
    body = {"rum": "x", "run": 3, "retry": {"facto": 1}}
    answer = server.post("/tasks/submit", body).json()
    pointers = [problem["pointer"] for problem in answer["problems"]]
    assert sorted(pointers) == ["/retry/facto", "/rum", "/run"]
    assert pointers[-1] == "/run", "misspelt names stand in front"


def test_a_body_full_of_errors_gets_a_short_answer(server: LiveServer) -> None:
    answer = server.post("/tasks/submit", {f"x{n}": n for n in range(10_000)})
    assert answer.status == 422
    assert len(answer.json()["problems"]) == 20
    assert len(answer.raw) < 10_000


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 60_000,
        b'{"run": NaN}',
        b'{"run": "x", "with": {"a": 1e999}}',
        b'{"run": "x", "with": {"a": 99999999999999999999}}',
        b'{"run": "x", "with": {"a": ' + b"9" * 5_000 + b"}}",
        b'{"run": "a\\u0000b"}',
        b'{"run": "x", "env": {"A": "\\u0000"}}',
        b'{"run": "\\ud800"}',
        b'{"run": "x", "with": ' + b'{"a":' * 80 + b"1" + b"}" * 80 + b"}",
        b"\xef\xbb\xbf{}",
    ],
)
def test_json_that_the_log_cannot_keep_is_refused(server: LiveServer, raw: bytes) -> None:
    answer = server.call("POST", "/tasks/submit", raw=raw, headers=JSON)
    assert answer.problem() == (400, "malformed")
    assert server.services.log == []


def test_definition_problems_keep_their_places(server: LiveServer) -> None:
    answer = server.post("/workflows/validate", {"source": "- no", "file": "deploy.yaml"})
    assert answer.problem() == (422, "definition_invalid")
    assert answer.json()["problems"][0]["file"] == "deploy.yaml"
    assert answer.json()["problems"][0]["line"] == 1


def test_what_does_not_exist_is_a_problem_of_its_own(server: LiveServer) -> None:
    for path in ("/tasks/none", "/executions/none/summary", "/agents/none", "/workflows/none"):
        answer = server.get(path)
        assert answer.problem() == (404, "not_found")
        assert "none" in answer.json()["detail"]


def test_degraded_is_503_with_retry_after(server: LiveServer) -> None:
    assert server.get("/health/ready").status == 200
    server.services.degraded = True
    answer = server.get("/health/ready")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["components"]["database"]["ok"] is False


def test_nearest_names_the_closest_word_or_all_of_them() -> None:
    assert nearest("pririty", ["priority", "prompt"]) == "Did you mean priority?"
    assert nearest("zzz", ["b", "a"]) == "Known here: a, b."
    assert nearest("zzz", []) == ""


def json_values() -> st.SearchStrategy[object]:
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    return st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
    )


FIELDS = ("run", "prompt", "action", "with", "env", "timeout", "retry", "gates", "x", "priority")


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=st.dictionaries(st.sampled_from(FIELDS), json_values()) | json_values())
def test_no_body_at_all_makes_the_server_fail(server: LiveServer, body: object) -> None:
    raw = json.dumps(body).encode()
    for path in ("/tasks/submit", "/workflows/x/execute", "/messages", "/executions/x/cancel"):
        answer = server.call("POST", path, raw=raw, headers=JSON)
        assert answer.status in {201, 400, 404, 422}
        if answer.status != 201:
            answer.problem()
