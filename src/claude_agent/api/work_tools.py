"""The tools of an agent at work: their names, what they are for, what each does."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from claude_agent.api import wire_tools as wire
from claude_agent.api.asked import Caller, Wire
from claude_agent.api.context import Context
from claude_agent.api.problems import refusal
from claude_agent.api.wire import Body
from claude_agent.domain.definition_parts import Data
from claude_agent.errors import Conflict

B = TypeVar("B", bound=Body)
INSTRUCTIONS = (
    "These tools speak for the one task that you are working on. When the work is done, call"
    " complete_task with its result; if it is refused, correct the result and call it again. If"
    " the work cannot be done, call fail_task with the reason. Then end as usual."
)
_ENDED = ("succeeded", "dead", "cancelled", "rejected", "expired", "discarded")


class RunOver(Conflict):
    """The run whose token was shown is over; what it says is kept and changes nothing."""

    code = "run_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a tool works with."""

    context: Context
    caller: Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[B]):
    """One tool; its description is the first line of what its arguments mean."""

    name: str
    takes: type[B]
    does: Callable[[Bench, B], Awaitable[Wire]]
    reads: bool = False
    """It changes nothing."""
    late: bool = False
    """It may still be called when the run is over: its words are kept."""

    def describe(self, schema: Data) -> Wire:
        """Return the tool as a client is shown it; `schema`: of the result that the task owes."""
        takes = _plain(self.takes.model_json_schema())
        if self.takes is wire.CompleteTask and schema:
            takes["properties"]["result"] = dict(schema)
        return {
            "name": self.name,
            "description": (self.takes.__doc__ or "").strip(),
            "inputSchema": takes,
            "annotations": {"readOnlyHint": self.reads, "openWorldHint": False},
        }

    async def call(self, bench: Bench, given: object) -> Wire:
        """Check the arguments and do it. Raises our own errors."""
        try:
            asked = self.takes.model_validate(given)
        except ValidationError as error:
            raise refusal(self.takes, error, f"call of {self.name}") from None
        if bench.caller.over and not self.late:
            raise _over(why="its token opens nothing any more", kept=False)
        return await self.does(bench, asked)


async def _progress(bench: Bench, asked: wire.ReportProgress) -> Wire:
    port = bench.context.services
    return _kept(await bench.context.call(port.report_progress, bench.caller, asked.text))


async def _complete(bench: Bench, asked: wire.CompleteTask) -> Wire:
    port = bench.context.services
    return _kept(await bench.context.call(port.report_result, bench.caller, asked.result))


async def _fail(bench: Bench, asked: wire.FailTask) -> Wire:
    port = bench.context.services
    late = await bench.context.call(
        port.report_failure, bench.caller, asked.reason, retryable=asked.retryable
    )
    return _kept(late)


async def _read_state(bench: Bench, asked: wire.ReadState) -> Wire:
    return await bench.context.call(bench.context.services.state_of, asked.key)


async def _write_state(bench: Bench, asked: wire.WriteState) -> Wire:
    await _count(bench)
    return await bench.context.call(
        bench.context.services.set_state,
        asked.key,
        asked.value,
        version=asked.version,
        ttl_ms=None,
        actor=bench.caller.actor,
    )


async def _delegate(bench: Bench, asked: wire.DelegateTask) -> Wire:
    await _count(bench)
    context, loop = bench.context, asyncio.get_running_loop()
    spec = asked.model_dump(exclude_none=True, exclude={"key", "wait_s"})
    deadline = loop.time() + asked.wait_s
    bell = context.hub.bell()
    task = await context.call(context.services.delegate, bench.caller, spec, asked.key or "")
    while True:
        left = deadline - loop.time()
        if task["state"] in _ENDED or left <= 0 or context.hub.closed:
            return {key: task[key] for key in ("ref", "agent", "state", "outputs", "error")}
        await context.hub.wait(bell, left)
        bell = context.hub.bell()
        task = await context.call(context.services.task, str(task["ref"]))


async def _ask_person(bench: Bench, asked: wire.AskPerson) -> Wire:
    told = {"what": "question", "tool": "", "input": {}, "text": asked.question or ""}
    found = await _answer(bench, asked, {**told, "options": asked.options})
    return found if "next" in found else {**found, "answer": found["text"]}


async def _request_approval(bench: Bench, asked: wire.RequestApproval) -> Wire:
    told = {"what": "permission", "tool": asked.tool or "request_approval", "options": []}
    found = await _answer(bench, asked, {**told, "input": asked.input, "text": asked.what or ""})
    return {**found, "allowed": found["decision"] == "allow"}


async def _answer(bench: Bench, asked: wire.Waits, told: Data) -> Wire:
    """Ask, or go on waiting; return what was decided, or how to wait on."""
    await _count(bench)
    context, loop = bench.context, asyncio.get_running_loop()
    deadline, ref = loop.time() + asked.wait_s, asked.ref
    while True:
        bell = context.hub.bell()
        if ref is None:
            found = await context.call(context.services.ask_for, bench.caller, told)
        else:
            found = await context.call(context.services.asked_for, bench.caller, ref)
        left, ref = deadline - loop.time(), str(found["ref"])
        if found["state"] != "open":
            return found
        if left <= 0 or context.hub.closed:
            return {**found, "next": f"Nobody has answered yet: call again with ref {ref}."}
        await context.hub.wait(bell, left)


async def _count(bench: Bench) -> None:
    late = await bench.context.call(bench.context.services.count_call, bench.caller)
    if late:
        raise _over(late, kept=False)


def _kept(late: str) -> Wire:
    if late:
        raise _over(late, kept=True)
    return {"recorded": True}


def _over(why: str, *, kept: bool) -> RunOver:
    said = " What you said was recorded as late; it changes nothing." if kept else ""
    return RunOver(f"This run is over: {why}.{said}", hint="Stop working on it.")


def _plain(schema: Wire) -> Wire:
    """Return a schema without the titles and the description that nobody needs."""
    properties = {
        name: {key: value for key, value in each.items() if key != "title"}
        for name, each in schema.get("properties", {}).items()
    }
    kept = {key: value for key, value in schema.items() if key not in ("title", "description")}
    return {**kept, "properties": properties}


TOOLS: Mapping[str, Tool[Any]] = {
    tool.name: tool
    for tool in (
        Tool(name="complete_task", takes=wire.CompleteTask, does=_complete, late=True),
        Tool(name="fail_task", takes=wire.FailTask, does=_fail, late=True),
        Tool(name="report_progress", takes=wire.ReportProgress, does=_progress, late=True),
        Tool(name="delegate_task", takes=wire.DelegateTask, does=_delegate),
        Tool(name="ask_person", takes=wire.AskPerson, does=_ask_person),
        Tool(name="request_approval", takes=wire.RequestApproval, does=_request_approval),
        Tool(name="get_state", takes=wire.ReadState, does=_read_state, reads=True),
        Tool(name="set_state", takes=wire.WriteState, does=_write_state),
    )
}
"""Nothing in here decides about anything that was asked for."""
