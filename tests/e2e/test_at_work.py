"""The tools of agents at work on the whole product: the official client, a fake agent, deaths."""

import json
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from tests.e2e.gates import gated, made
from tests.e2e.product import TERMINAL, Product, product
from tests.e2e.test_approvals import agent_token
from tests.waiting import wait_until

__all__ = ["gated", "made"]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
Talk = Callable[[Client], Awaitable[Any]]


def talk(one: Product, token: str, say: Talk, mode: str = "auto") -> Any:
    """Speak with the server as the agent of a run does, by the official client."""

    async def run() -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            where = streamable_http_client(f"{one.address().url}/mcp", http_client=http)
            async with Client(where, mode=mode, read_timeout_seconds=60) as client:
                return await say(client)

    return anyio.run(run)


def use(
    one: Product, token: str, tool: str, /, *, mode: str = "auto", **given: Any
) -> tuple[bool, str]:
    """Call a tool; return whether it went well, and its text."""

    async def call(client: Client) -> tuple[bool, str]:
        try:
            done = await client.call_tool(tool, given)
        except MCPError as error:
            return False, f"error of the protocol: {error}"
        return not done.is_error, str(getattr(done.content[0], "text", ""))

    found: tuple[bool, str] = talk(one, token, call, mode)
    return found


def reports(one: Product, task: Any) -> list[Any]:
    """Return what was reported of a task: (run, result, late)."""
    told = [x for x in one.system.events.all() if x["id"] == task["id"]]
    return [x["data"] for x in told if x["type"] == "task.reported"]


def test_official_client_finds_the_tools_and_hands_over_a_result(gated: Product) -> None:
    task, token = agent_token(gated, "official")
    again = {}

    async def look(client: Client) -> Any:
        again[client.protocol_version] = [tool.name for tool in (await client.list_tools()).tools]
        return client.instructions

    assert "complete_task" in talk(gated, token, look)
    assert "complete_task" in talk(gated, token, look, mode="legacy")
    assert again == {"2025-11-25": again["2025-11-25"]}
    assert not [name for name in again["2025-11-25"] if "approve" in name or "reject" in name]
    assert use(gated, token, "report_progress", text="half")[0]
    assert use(gated, token, "set_state", key="at.work", value={"x": [1]})[0]
    ok, text = use(gated, token, "get_state", key="at.work")
    assert (ok, json.loads(text)["value"]) == (True, {"x": [1]})
    assert use(gated, token, "get_state", key="not.there")[0] is False
    assert use(gated, token, "complete_task", result={"n": 1, "more": "ä"})[0]
    gated.let_go("official")
    done = gated.reaches(task["ref"], "succeeded")
    assert done["outputs"] == {"n": 1, "more": "ä"}
    changed = gated.system.state.get("at.work")
    assert changed["version"] == 1
    # The token died with the run; what still comes by it is kept as late.
    ok, text = use(gated, token, "complete_task", result={"n": 2})
    assert ok is False
    assert "the task is succeeded already. What you said was recorded as late" in text
    assert use(gated, token, "set_state", key="at.work", value=2)[0] is False
    assert [each["late"] != "" for each in reports(gated, task)] == [False, True]
    assert gated.task(task["ref"])["outputs"] == done["outputs"]
    assert gated.system.state.get("at.work")["version"] == 1


@pytest.mark.parametrize("token", ["run.nobody", "nonsense"])
def test_a_wrong_token_opens_nothing(gated: Product, token: str) -> None:
    with pytest.raises((MCPError, ExceptionGroup)):
        use(gated, token, "report_progress", text="x")


def test_a_result_of_ten_megabytes_is_refused_and_the_agent_goes_on(gated: Product) -> None:
    task, token = agent_token(gated, "large")
    ok, text = use(gated, token, "complete_task", result={"text": "x" * 10_000_000})
    assert (ok, "error of the protocol: The body is over 1048576 bytes" in text) == (False, True)
    ok, text = use(gated, token, "complete_task", result={"text": "x" * 100_000})
    assert (ok, "64 kB are allowed" in text) == (False, True)
    assert "There is no tool approve" in use(gated, token, "approve")[1]
    assert reports(gated, task) == []


def test_a_report_of_an_older_attempt_is_late_and_the_newer_one_stands(gated: Product) -> None:
    gate = gated.work / "attempts"
    waits = f"while [ ! -e {gate}.$CLAUDE_AGENT_ATTEMPT ]; do sleep 0.05; done"
    run = f"{gated.entry('attempts')}\n{waits}"
    body = {"agent": "testing", "auto_approve": True, "result_schema": SCHEMA}
    task = gated.submit(
        f"{run}\n[ $CLAUDE_AGENT_ATTEMPT = 2 ]",
        retry={"max_attempts": 2, "delay": "0s"},
        **body,
    )
    gated.started("attempts")
    first = (gated.folder(f"{task['id']}.1") / "token").read_text()
    assert use(gated, first, "complete_task", result={"n": 1})[0]
    gate.with_name("attempts.1").touch()
    gated.started("attempts", 2)
    second = (gated.folder(f"{task['id']}.2") / "token").read_text()
    assert use(gated, second, "complete_task", result={"n": 2})[0]
    ok, text = use(gated, first, "complete_task", result={"n": 3})
    assert (ok, "run 1 is over, run 2 took its place" in text) == (False, True)
    gate.with_name("attempts.2").touch()
    done = gated.reaches(task["ref"], *TERMINAL)
    assert (done["state"], done["outputs"]) == ("succeeded", {"n": 2})
    told = [(each["run"], each["late"] != "") for each in reports(gated, task)]
    assert told == [(1, False), (2, False), (1, True)]


AGENTS = """
[agents.testing]
adapter = "fake"
[agents.database]
adapter = "fake"
[agents.frontend-ui]
adapter = "fake"
[approvals]
agent_requests = "auto"
[[approvals.rules]]
match = { requester = "agent", agent = ["frontend-ui"] }
decide = "manual"
"""


@pytest.fixture(scope="module")
def fakes() -> Iterator[Product]:
    with product(up=False) as one:
        (one.work / "claude-agent.toml").write_text(AGENTS)
        one.up()
        yield one


def script(*steps: Any) -> str:
    return "\n".join(["[[fake]]", *(json.dumps(step) for step in steps)])


def tool(name: str, **given: Any) -> dict[str, Any]:
    return {"tool": {"name": name, "args": given}}


def test_fake_agents_report_give_up_and_delegate_as_deep_as_they_may(fakes: Product) -> None:
    base = {"agent": "testing", "cwd": str(fakes.work)}

    def submit(prompt: str, **more: Any) -> Any:
        return fakes.system.tasks.submit({"prompt": prompt, **base, **more})

    wrong, right = tool("complete_task", result={}), tool("complete_task", result={"n": 7})
    good = submit(script(wrong, right), result_schema=SCHEMA)
    gives_up = submit(script(tool("fail_task", reason="no key", retryable=False)))
    silent = submit(script({"say": "done"}), result_schema=SCHEMA)
    # The deepest one may not delegate any more, is told so, and does the work itself.
    refused = tool("delegate_task", prompt="no more", agent="database")
    deep = script(refused, tool("complete_task", result={"n": 3}))
    for _ in range(3):
        deep = script(tool("delegate_task", prompt=deep, agent="database", wait_s=40))
    chain = submit(deep)

    done = fakes.reaches(good["ref"], *TERMINAL)
    assert (done["state"], done["outputs"]["n"]) == ("succeeded", 7), done
    failed = fakes.reaches(gives_up["ref"], *TERMINAL)
    assert (failed["state"], failed["error"]["kind"]) == ("dead", "agent_error")
    assert failed["error"]["message"] == "The agent says that it failed: no key"
    owing = fakes.reaches(silent["ref"], *TERMINAL)
    assert (owing["state"], owing["error"]["kind"]) == ("dead", "outputs")
    assert "did not call complete_task" in owing["error"]["message"]
    fakes.reaches(chain["ref"], "succeeded", timeout=90)
    listed = fakes.system.tasks.list(agent="database", limit=50)["items"]
    assert [each["state"] for each in listed] == ["succeeded"] * 3
    assert sorted((each["outputs"] or {}).get("n", 0) for each in listed) == [0, 0, 3]
    last = next(each for each in listed if (each["outputs"] or {}).get("n") == 3)
    told = fakes.system.tasks.log(last["ref"])["text"]
    assert "Agents delegate 3 levels deep, and this task is the last of them." in told


def test_what_an_agent_delegates_is_its_request_and_it_decides_nothing(fakes: Product) -> None:
    _, token = agent_token(fakes, "delegates", "testing")
    ok, text = use(fakes, token, "delegate_task", prompt="write docs", agent="frontend-ui")
    found = json.loads(text)
    assert (ok, found["state"]) == (True, "held")
    asked = fakes.system.approvals.get(found["ref"])
    assert (asked["requester"], asked["requester_kind"]) == ("testing", "agent")
    # The same words again are the same task; another key is another one.
    assert (
        json.loads(use(fakes, token, "delegate_task", prompt="write docs", agent="frontend-ui")[1])[
            "ref"
        ]
        == found["ref"]
    )
    other = use(fakes, token, "delegate_task", prompt="write docs", agent="frontend-ui", key="b")
    assert json.loads(other[1])["ref"] != found["ref"]
    for way in ("approve", "reject"):
        status, _ = fakes.ask("POST", f"/approvals/{asked['ref']}/{way}", {}, token=token)
        assert status == 403


def test_a_tool_call_after_the_server_was_killed_is_answered_by_the_next_one(
    gated: Product,
) -> None:
    task, token = agent_token(gated, "killed")
    old = gated.server
    gated.kill(old)
    # Nobody waits for the next one here: the keeper holds the door, and the call waits at it.
    assert use(gated, token, "complete_task", result={"n": 9})[0]
    assert gated.server != old
    gated.let_go("killed")
    assert gated.reaches(task["ref"], "succeeded")["outputs"] == {"n": 9}


def test_a_person_is_asked_and_no_agent_answers_itself(gated: Product) -> None:
    _, token = agent_token(gated, "asks-people")
    _, other = agent_token(gated, "asks-too", "database")
    with ThreadPoolExecutor() as pool:
        asked = {"what": "drop the table", "tool": "psql", "wait_s": 50}
        first = pool.submit(use, gated, token, "request_approval", **asked)
        questions = gated.system.questions
        wait_until(lambda: questions.list(state="open")["items"], timeout=40, what="a question")
        (one,) = questions.list(state="open")["items"]
        assert (one["what"], one["text"], one["tool"]) == ("permission", "drop the table", "psql")
        for who in (token, other):
            body = {"decision": "allow"}
            status, _ = gated.ask("POST", f"/questions/{one['ref']}/answer", body, token=who)
            assert status == 403
        # The same request again, as after a lost answer, is the same question.
        again = use(gated, token, "request_approval", **{**asked, "wait_s": 0})
        waits = json.loads(again[1])
        assert (waits["ref"], waits["allowed"], waits["state"]) == (one["ref"], False, "open")
        gated.cli("question", "deny", one["ref"], "not today")
        told = json.loads(first.result(60)[1])
    assert (told["allowed"], told["decision"]) == (False, "deny")
    assert "not today" in told["text"]
    ok, text = use(gated, token, "ask_person", question="which port?", wait_s=0)
    waits = json.loads(text)
    assert (ok, waits["state"]) == (True, "open")
    gated.cli("question", "answer", waits["ref"], "7420")
    answered = json.loads(use(gated, token, "ask_person", ref=waits["ref"])[1])
    assert "7420" in answered["answer"]
    stranger = use(gated, other, "ask_person", ref=waits["ref"])
    assert (stranger[0], "was not asked by this run" in stranger[1]) == (False, True)
