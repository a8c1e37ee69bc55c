"""`POST /mcp`: the tools of agents at work, by MCP over HTTP; the token says which run it is."""

import json
import logging

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

import claude_agent
from claude_agent.api import json_rpc, strict_json
from claude_agent.api.asked import Wire
from claude_agent.api.context import caller, context, encode, read_bytes
from claude_agent.api.json_rpc import Call, Fault
from claude_agent.api.openapi import documented
from claude_agent.api.work_tools import INSTRUCTIONS, TOOLS, Bench
from claude_agent.domain.definition_parts import Data
from claude_agent.errors import ClaudeAgentError, Forbidden, Malformed

router = APIRouter(tags=["agents at work"])
_LOG = logging.getLogger(__name__)
_BAD = frozenset({json_rpc.PARSE_ERROR, json_rpc.INVALID_REQUEST, json_rpc.UNSUPPORTED_REVISION})


@router.post(
    "/mcp", summary="The tools of an agent at work (MCP)", openapi_extra=documented(answer="")
)
async def mcp(request: Request) -> Response:
    """Answer one message of MCP's streamable HTTP, without a session and without a stream."""
    who = caller(request)
    if who.role != "agent":
        message = "These tools are for agents at work, with the token of their run."
        raise Forbidden(message, hint="For your own assistant: claude-agent mcp")
    bench = Bench(context=context(request), caller=who)
    try:
        json_rpc.check_revision(request.headers.get("mcp-protocol-version"))
        sent = _parsed(await read_bytes(request))
    except Fault as error:
        return _response(json_rpc.fault(None, error), 400)
    except ClaudeAgentError as error:
        return json_rpc.refusal(error, request.scope["state"]["request_id"])
    if isinstance(sent, list):
        told = [each for one in _few(sent) if (each := await _one(bench, one)) is not None]
        return _response(told, 200) if told else Response(status_code=202)
    answer = await _one(bench, sent)
    if answer is None:
        return Response(status_code=202)
    return _response(answer, 400 if answer.get("error", {}).get("code") in _BAD else 200)


def _parsed(raw: bytes) -> object:
    try:
        return strict_json.parse(raw)
    except Malformed as error:
        raise Fault(json_rpc.PARSE_ERROR, error.detail) from error


def _few(messages: list[object]) -> list[object]:
    return messages[: json_rpc.MOST_CALLS] or [None]


async def _one(bench: Bench, message: object) -> Wire | None:
    """Return the answer to one message, None where it gets none."""
    number = message.get("id") if isinstance(message, dict) else None
    try:
        call = json_rpc.read_call(message)
        if call is None or call.id is None:
            return None
        return json_rpc.answer(call.id, await _answer(bench, call))
    except Fault as error:
        return json_rpc.fault(number if isinstance(number, (str, int)) else None, error)


async def _answer(bench: Bench, call: Call) -> Data:
    match call.method:
        case "initialize":
            return {
                "protocolVersion": json_rpc.revision_of(call.params.get("protocolVersion")),
                "capabilities": {"tools": {"listChanged": False}},
                "serverInfo": {"name": "claude-agent", "version": claude_agent.__version__},
                "instructions": INSTRUCTIONS,
            }
        case "ping":
            return {}
        case "tools/list":
            work = await bench.context.call(bench.context.services.work_of, bench.caller)
            return {"tools": [tool.describe(work["schema"]) for tool in TOOLS.values()]}
        case "tools/call":
            return await _use(bench, call.params)
        case _:
            raise Fault(json_rpc.UNKNOWN_METHOD, f"There is no method {call.method[:80]}.")


async def _use(bench: Bench, params: Data) -> Wire:
    """Call a tool; what goes wrong in it is told to the agent, who can do something about it."""
    name = params.get("name")
    tool = TOOLS.get(name) if isinstance(name, str) else None
    if tool is None:
        known = ", ".join(TOOLS)
        raise Fault(json_rpc.INVALID_PARAMS, f"There is no tool {str(name)[:80]}. Tools: {known}.")
    try:
        result = await tool.call(bench, params.get("arguments") or {})
    except ClaudeAgentError as error:
        _LOG.info("an agent's call of %s was refused: %s", tool.name, error.detail)
        return {"content": _text(f"{error.detail} {error.hint}".strip()), "isError": True}
    return {"content": _text(json.dumps(result)), "structuredContent": result, "isError": False}


def _text(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


def _response(body: object, status: int) -> Response:
    return Response(content=encode(body), status_code=status, media_type="application/json")
