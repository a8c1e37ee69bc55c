"""JSON-RPC 2.0 as MCP uses it over HTTP: one request, one answer, nothing kept in between."""

from dataclasses import dataclass

from pydantic_core import to_json
from starlette.responses import Response

from claude_agent.api import problems
from claude_agent.api.asked import Wire
from claude_agent.domain.definition_parts import Data
from claude_agent.errors import ClaudeAgentError

REVISIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Revisions of the protocol that are spoken, the newest first: for tools they mean the same."""
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
UNKNOWN_METHOD = -32601
INVALID_PARAMS = -32602
REFUSED = -32000
"""The door refused: the token, the size, the server's state."""
UNSUPPORTED_REVISION = -32022
MOST_CALLS = 20
"""So many requests may come in one list."""


class Fault(Exception):
    """An error of the protocol, not of a tool."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request; `id` is None for a notification, which gets no answer."""

    id: str | int | None
    method: str
    params: Data


def read_call(message: object) -> Call | None:
    """Return what was asked, None for an answer of the client's. Raises Fault."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise Fault(INVALID_REQUEST, "A request is a JSON object with jsonrpc: 2.0.")
    method, params = message.get("method"), message.get("params")
    if method is None and ("result" in message or "error" in message):
        return None
    number = message.get("id")
    if not isinstance(method, str) or isinstance(number, (bool, float, dict, list)):
        raise Fault(INVALID_REQUEST, "A request has a method, and an id that is text or a number.")
    if not isinstance(params, dict | None):
        raise Fault(INVALID_PARAMS, "The params are no JSON object.")
    return Call(id=number, method=method, params=params or {})


def answer(number: str | int | None, result: Data) -> Wire:
    """Return the message of a result."""
    return {"jsonrpc": "2.0", "id": number, "result": dict(result)}


def fault(number: str | int | None, error: Fault) -> Wire:
    """Return the message of an error."""
    told: Wire = {"code": error.code, "message": error.message}
    if error.data is not None:
        told["data"] = error.data
    return {"jsonrpc": "2.0", "id": number, "error": told}


def refusal(error: ClaudeAgentError, request_id: str) -> Response:
    """Return the answer of a request that the door refused: its status, and why, as a message."""
    told = problems.document(error, request_id)
    words = f"{error.detail} {error.hint}".strip()
    return Response(
        content=to_json(fault(None, Fault(REFUSED, words, told))),
        status_code=problems.status_of(error),
        media_type="application/json",
        headers=problems.headers_of(error),
    )


def revision_of(asked: object) -> str:
    """Return the revision to speak with a client that offers this one."""
    return asked if isinstance(asked, str) and asked in REVISIONS else REVISIONS[0]


def check_revision(header: str | None) -> None:
    """Refuse a revision that is not spoken. Raises Fault."""
    if header is not None and header not in REVISIONS:
        data = {"supported": list(REVISIONS), "requested": header[:40]}
        message = f"This server does not speak revision {header[:40]} of MCP."
        raise Fault(UNSUPPORTED_REVISION, message, data)
