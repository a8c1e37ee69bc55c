"""MCP for agents at work: the messages as they go over the wire, good and bad."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.api.live_server import AUTH, Answer, LiveServer
from tests.unit.api.memory_at_work import LATE, SCHEMA, MemoryAtWork

RUN = {"Authorization": "Bearer run.testing"}
OVER = {"Authorization": "Bearer run.over"}
HEAD = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def said() -> Iterator[list[tuple[str, object]]]:
    MemoryAtWork.said.clear()
    MemoryAtWork.delegated.clear()
    yield MemoryAtWork.said
    MemoryAtWork.said.clear()
    MemoryAtWork.delegated.clear()


def send(server: LiveServer, message: object, **headers: str) -> Answer:
    return server.call("POST", "/mcp", message, headers={**RUN, **headers})


def ask(server: LiveServer, method: str, who: dict[str, str] = RUN, **params: Any) -> Any:
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    answer = server.call("POST", "/mcp", message, headers=who)
    assert answer.status == 200, answer.raw
    found = answer.json()
    assert (found["jsonrpc"], found["id"]) == ("2.0", 7)
    return found.get("result", found.get("error"))


def use(server: LiveServer, tool: str, who: dict[str, str] = RUN, /, **arguments: Any) -> Any:
    return ask(server, "tools/call", who, name=tool, arguments=arguments)


@pytest.mark.parametrize(
    ("offered", "spoken"),
    [
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
        (7, "2025-11-25"),
    ],
)
def test_each_revision_is_spoken_and_an_unknown_one_gets_the_newest(
    server: LiveServer, offered: object, spoken: str
) -> None:
    found = ask(server, "initialize", protocolVersion=offered, capabilities={}, clientInfo={})
    assert found["protocolVersion"] == spoken
    assert found["serverInfo"]["name"] == "claude-agent"
    assert "complete_task" in found["instructions"]
    assert send(server, {"jsonrpc": "2.0", "method": "notifications/initialized"}).status == 202
    assert ask(server, "ping") == {}


def test_tools_show_the_schema_of_the_result_that_this_very_task_owes(server: LiveServer) -> None:
    tools = {tool["name"]: tool for tool in ask(server, "tools/list")["tools"]}
    assert set(tools) == {
        *("complete_task", "fail_task", "report_progress"),
        *("delegate_task", "ask_person", "request_approval", "get_state", "set_state"),
    }
    takes = tools["complete_task"]["inputSchema"]
    assert takes["properties"]["result"] == SCHEMA
    assert (takes["type"], takes["required"]) == ("object", ["result"])
    assert tools["get_state"]["annotations"]["readOnlyHint"] is True
    assert all(tool["description"] for tool in tools.values())


def test_result_is_checked_at_the_call_and_can_be_corrected(
    server: LiveServer, said: list[Any]
) -> None:
    refused = use(server, "complete_task", result={"n": "x"})
    assert refused["isError"] is True
    text = refused["content"][0]["text"]
    assert "result.n must be a whole number, not 'x'" in text
    assert "Correct it and call again." in text
    done = use(server, "complete_task", result={"n": 1})
    assert (done["isError"], done["structuredContent"]) == (False, {"recorded": True})
    assert said == [("complete", {"n": 1})]


def test_the_other_words_reach_the_server(server: LiveServer, said: list[Any]) -> None:
    assert use(server, "report_progress", text="half")["isError"] is False
    assert use(server, "fail_task", reason="no key", retryable=False)["isError"] is False
    assert said == [("progress", "half"), ("fail", ("no key", False))]
    found = use(server, "get_state", key="greeting")["structuredContent"]
    assert (found["value"], found["version"]) == ("hello", 1)
    refused = use(server, "set_state", key="greeting", value=1, version=0)
    assert "is at version 1" in refused["content"][0]["text"]


def test_a_task_is_delegated_once_for_each_key(server: LiveServer) -> None:
    for key in ({}, {}, {"key": "a"}):
        found = use(server, "delegate_task", prompt="write docs", **key)["structuredContent"]
        assert (found["ref"], found["state"]) == ("T2", "ready")
    assert set(MemoryAtWork.delegated) == {"write docs", "a"}


def test_waiting_for_a_delegated_task_ends_with_it(server: LiveServer) -> None:
    ended = {"ref": "T3", "agent": "x", "state": "dead", "outputs": None, "error": {"kind": "y"}}
    MemoryAtWork.delegated["k"] = ended
    found = use(server, "delegate_task", prompt="p", key="k", wait_s=50)["structuredContent"]
    assert found == ended


def test_a_person_is_asked_and_who_waits_is_told_how_to_wait_on(
    server: LiveServer, said: list[Any]
) -> None:
    first = use(server, "ask_person", question="which?", options=["a"], wait_s=0)
    found = first["structuredContent"]
    assert (found["ref"], "call again with ref Q1" in found["next"]) == ("Q1", True)
    assert said[-1] == (
        "ask",
        {"what": "question", "tool": "", "input": {}, "text": "which?", "options": ["a"]},
    )
    assert use(server, "ask_person", ref="Q4")["structuredContent"]["answer"] == "because"
    given = {"what": "drop a table", "tool": "psql", "input": {"x": 1}, "wait_s": 0}
    waits = use(server, "request_approval", **given)["structuredContent"]
    assert (waits["allowed"], waits["state"]) == (False, "open")
    assert said[-1][1]["what"] == "permission"
    for ref, allowed in (("Q2", True), ("Q3", False), ("Q4", False)):
        found = use(server, "request_approval", ref=ref)["structuredContent"]
        assert found["allowed"] is allowed, ref
    for bad in ({}, {"question": "x", "ref": "Q1"}):
        refused = use(server, "ask_person", **bad)
        assert "give question to ask, or the ref" in refused["content"][0]["text"]


def test_a_run_that_is_over_is_told_so_and_what_it_reports_is_kept_as_late(
    server: LiveServer, said: list[Any]
) -> None:
    late = use(server, "complete_task", OVER, result={"n": "whatever"})
    assert late["isError"] is True
    assert late["content"][0]["text"] == (
        f"This run is over: {LATE}. What you said was recorded as late; it changes nothing."
        " Stop working on it."
    )
    assert said == [("complete", {"n": "whatever"})]
    for tool, given in (
        ("delegate_task", {"prompt": "x"}),
        ("set_state", {"key": "k", "value": 1}),
        ("get_state", {"key": "greeting"}),
    ):
        refused = use(server, tool, OVER, **given)
        assert refused["content"][0]["text"].startswith("This run is over"), tool
    assert server.call("GET", "/tasks/t1", headers=OVER).status == 401


def test_what_the_server_cannot_do_just_now_is_told_to_the_agent(server: LiveServer) -> None:
    refused = use(server, "report_progress", text="down")
    assert refused["isError"] is True
    assert refused["content"][0]["text"] == "The database does not answer. Try again in a moment."


@pytest.mark.parametrize(
    ("tool", "given", "told"),
    [
        ("complete_task", {}, "lacks the field result"),
        ("complete_task", {"result": [1]}, "no JSON object at result"),
        ("complete_task", {"result": {}, "extra": 1}, "unknown field extra"),
        ("report_progress", {"text": ""}, "wrong at text"),
        ("report_progress", {"text": "x" * 2_001}, "wrong at text"),
        ("delegate_task", {"prompt": "x", "wait_s": 51}, "wrong at wait_s"),
        ("set_state", {"key": "k"}, "lacks the field value"),
    ],
)
def test_bad_arguments_are_told_to_the_agent(
    server: LiveServer, tool: str, given: Any, told: str
) -> None:
    refused = use(server, tool, **given)
    assert refused["isError"] is True
    assert told in refused["content"][0]["text"]


def test_unknown_tools_and_methods_are_errors_of_the_protocol(server: LiveServer) -> None:
    found = use(server, "approve", ref="AP01")
    assert found["code"] == -32602
    assert "There is no tool approve. Tools: complete_task" in found["message"]
    assert ask(server, "resources/list")["code"] == -32601
    assert ask(server, "tools/call")["code"] == -32602


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "params": {"x": "\\u0000"}}', -32700),
        (b"7", -32600),
        (b"{}", -32600),
        (b'{"jsonrpc": "2.0", "id": 1}', -32600),
        (b'{"jsonrpc": "2.0", "id": [], "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}', -32602),
    ],
)
def test_what_is_no_message_is_refused(server: LiveServer, raw: bytes, code: int) -> None:
    answer = server.call("POST", "/mcp", headers={**RUN, **HEAD}, raw=raw)
    assert answer.json()["error"]["code"] == code
    assert answer.status == (200 if code == -32602 else 400)


def test_an_unknown_revision_in_the_header_is_refused_with_those_that_are_spoken(
    server: LiveServer,
) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "server/discover"}
    answer = send(server, message, **{"MCP-Protocol-Version": "2026-07-28"})
    assert answer.status == 400
    error = answer.json()["error"]
    assert (error["code"], error["data"]["requested"]) == (-32022, "2026-07-28")
    assert "2025-06-18" in error["data"]["supported"]


def test_several_messages_in_one_list_are_answered_in_one(server: LiveServer) -> None:
    ping = {"jsonrpc": "2.0", "method": "ping"}
    found = send(server, [{**ping, "id": 1}, ping, {**ping, "id": "b"}, 7]).json()
    assert [each.get("id") for each in found] == [1, "b", None]
    assert found[2]["error"]["code"] == -32600
    assert send(server, [ping]).status == 202
    assert send(server, {"jsonrpc": "2.0", "id": 4, "result": {}}).status == 202


def test_the_door_lets_in_runs_alone(server: LiveServer) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    for headers, status, code in (
        ({}, 401, "unauthorized"),
        ({"Authorization": "Bearer run.unknown"}, 401, "unauthorized"),
        ({"Authorization": "Bearer person.vic"}, 403, "forbidden"),
    ):
        answer = server.call("POST", "/mcp", message, headers=headers)
        assert answer.problem() == (status, code)
    assert server.call("POST", "/mcp", message, headers=AUTH).problem() == (403, "forbidden")
    assert server.call("GET", "/mcp", headers=RUN).status == 405
    assert server.call("DELETE", "/mcp", headers=RUN).status == 405


def test_a_result_of_ten_megabytes_is_refused_with_the_limit(server: LiveServer) -> None:
    params = {"name": "complete_task", "arguments": {"result": {"text": "x" * 10_000_000}}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    answer = server.call("POST", "/mcp", headers={**RUN, **HEAD}, raw=json.dumps(message).encode())
    assert answer.status == 413
    assert "over 1048576 bytes" in answer.json()["error"]["message"]
