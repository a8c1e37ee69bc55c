"""`claude-agent mcp`: the server for people's assistants, driven by the official client."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from claude_agent.mcp.lineage import run_above
from tests.e2e.gates import gated, made
from tests.e2e.product import PROGRAM, Product

__all__ = ["gated", "made"]
TOOLS = {
    *("submit_task", "get_task", "cancel_task", "list_tasks", "list_agents", "run_workflow"),
    *("get_execution", "list_executions", "list_approvals", "approve", "reject"),
    *("get_state", "set_state"),
}


class Assistant:
    """One open conversation with the server."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def use(self, tool: str, **given: Any) -> Any:
        """Call a tool; return what it answers, or the text of its error."""
        done = await self.client.call_tool(tool, given)
        text = str(getattr(done.content[0], "text", ""))
        return text if done.is_error else json.loads(text)


def assist(
    one: Product, talk: Callable[[Assistant], Awaitable[None]], more: Mapping[str, str] = {}
) -> None:
    """Start the server as an assistant's program does, and talk to it."""
    environ = {**one.environ, **more}
    where = StdioServerParameters(command=str(PROGRAM), args=["mcp"], env=environ, cwd=one.work)

    async def run() -> None:
        async with Client(stdio_client(where), read_timeout_seconds=60) as client:
            await talk(Assistant(client))

    anyio.run(run)


def test_an_assistant_submits_looks_and_decides_for_its_person(gated: Product) -> None:
    always = gated.submit("true # rm -rf one", title="dangerous")
    never = gated.submit("true # rm -rf two", title="worse")

    async def talk(assistant: Assistant) -> None:
        listed = (await assistant.client.list_tools()).tools
        assert {tool.name for tool in listed} == TOOLS
        assert all(tool.description and tool.input_schema for tool in listed)
        assert "There is no agent named zzz." in await assistant.use(
            "submit_task", prompt="x", agent="zzz"
        )
        assert (await assistant.use("list_tasks", limit=5))["counts"]["held"] == 2
        assert (await assistant.use("get_task", ref=always["ref"]))["state"] == "held"
        assert "There is no task NONE" in await assistant.use("get_task", ref="NONE")
        waiting = await assistant.use("list_approvals")
        shown = {each["title"]: each for each in waiting["items"]}
        assert shown["dangerous"]["what"]["text"] == "true # rm -rf one"
        yes, no = shown["dangerous"], shown["worse"]
        stale = await assistant.use("approve", ref=yes["ref"], digest="0" * 64)
        assert isinstance(stale, str)
        done = await assistant.use("approve", ref=yes["ref"], digest=yes["digest"], note="ok")
        assert done["state"] == "approved"
        done = await assistant.use("reject", ref=no["ref"], note="not today")
        assert done["state"] == "rejected"
        assert (await assistant.use("set_state", key="a.b", value=[1]))["version"] == 1
        assert (await assistant.use("get_state", key="a.b"))["value"] == [1]
        refused = await assistant.use("set_state", key="a.b", value=2, version=0)
        assert "at version 1" in refused
        assert "testing" in json.dumps(await assistant.use("list_agents"))
        assert "There is no workflow" in await assistant.use("run_workflow", name="nothing")
        assert isinstance((await assistant.use("list_executions"))["items"], list)
        assert "There is no execution" in await assistant.use("get_execution", ref="NONE")

    assist(gated, talk)
    gated.reaches(always["ref"], "succeeded")
    gated.reaches(never["ref"], "rejected")


def test_an_assistant_inside_a_run_decides_nothing(gated: Product) -> None:
    task = gated.submit("true # rm -rf three")
    approval = gated.system.approvals.get(task["ref"])

    async def talk(assistant: Assistant) -> None:
        for tool, more in (("approve", {"digest": approval["digest"]}), ("reject", {})):
            refused = await assistant.use(tool, ref=approval["ref"], **more)
            assert "works inside the run t.1: agents decide nothing" in refused, tool
        assert (await assistant.use("get_task", ref=task["ref"]))["state"] == "held"

    assist(gated, talk, {"CLAUDE_AGENT_RUN_ID": "t.1"})
    assert gated.system.approvals.get(task["ref"])["state"] == "requested"


def test_without_a_server_a_tool_says_how_to_start_one(empty: Product) -> None:
    async def talk(assistant: Assistant) -> None:
        said = await assistant.use("list_tasks")
        assert "No claude-agent server runs" in said
        assert "claude-agent up --detach" in said

    assist(empty, talk)


def test_a_process_that_is_not_there_works_in_no_run() -> None:
    assert run_above(1) == ""
    assert run_above(2**30) == ""
