"""Errors become RFC 9457 problem documents: one sentence, where, what to do, never a traceback."""

import difflib
import logging
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.errors import ClaudeAgentError, Invalid, NotFound, UnknownName

log = logging.getLogger("claude_agent.api")

MEDIA = "application/problem+json"
_RETRY_AFTER_S = {429: 1, 503: 1, 507: 10}
_MANY = 20
"""No more than so many problems are listed: a bad body must not make a huge answer."""


class MethodNotAllowed(ClaudeAgentError):
    """The address exists, and this method does not."""

    code = "method_not_allowed"
    status = 405

    def __init__(self, detail: str, *, allow: Sequence[str]) -> None:
        super().__init__(detail, hint=f"Use {' or '.join(allow)}.")
        self.allow = tuple(allow)


class Misdirected(ClaudeAgentError):
    """The request names a host that this server does not answer for."""

    code = "wrong_host"
    status = 421


class SlowBody(ClaudeAgentError):
    """The body did not arrive in time."""

    code = "slow_body"
    status = 408


class TooManyRequests(ClaudeAgentError):
    """More came in than is let in at once; nothing accepted is lost."""

    code = "too_many_requests"
    status = 429


class Unreadable(ClaudeAgentError):
    """The HTTP layer refused the request before it reached us."""

    code = "http_error"

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.http_status = status


def status_of(error: ClaudeAgentError) -> int:
    """Return the HTTP status of an error."""
    return error.http_status if isinstance(error, Unreadable) else error.status


def document(error: ClaudeAgentError, request_id: str) -> dict[str, Any]:
    """Return the problem document of an error."""
    status = status_of(error)
    answer: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.detail,
        "code": error.code,
        "hint": error.hint,
        "pointer": error.pointer,
        "id": request_id,
    }
    if error.problems:
        answer["problems"] = [dict(problem) for problem in error.problems]
    return answer


def headers_of(error: ClaudeAgentError) -> dict[str, str]:
    """Return the headers that belong to an error."""
    headers: dict[str, str] = {}
    status = status_of(error)
    if status in _RETRY_AFTER_S:
        headers["Retry-After"] = str(_RETRY_AFTER_S[status])
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="claude-agent"'
    if status == HTTPStatus.REQUEST_TIMEOUT:
        # Not at 413: most clients read no answer before they have sent all, so the rest of a
        # long body is received and thrown away.
        headers["Connection"] = "close"
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allow)
    return headers


def response(error: ClaudeAgentError, request_id: str) -> Response:
    """Return the answer that tells an error."""
    if status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning(
            "request failed: %s", error.detail, extra={"request_id": request_id, "code": error.code}
        )
    return Response(
        content=to_json(document(error, request_id)),
        status_code=status_of(error),
        media_type=MEDIA,
        headers=headers_of(error),
    )


def unforeseen(error: BaseException, request_id: str) -> ClaudeAgentError:
    """Log what nobody foresaw, with its traceback; return what the caller may know of it."""
    log.error("unforeseen error", exc_info=error, extra={"request_id": request_id})
    return ClaudeAgentError(
        "The server failed at this request.",
        hint=f"Look for {request_id} in the server's log.",
    )


async def on_error(request: Request, error: Exception) -> Response:
    """Answer one of our own errors."""
    if request.scope["type"] == "websocket":
        raise error  # the guard knows whether the socket is open already
    known = (
        error if isinstance(error, ClaudeAgentError) else unforeseen(error, request_id_of(request))
    )
    return response(known, request_id_of(request))


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer what Starlette refused by itself."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    known: ClaudeAgentError
    if status == HTTPStatus.NOT_FOUND:
        known = NotFound(f"There is nothing at {request.url.path}.", hint="See /docs.")
    else:
        known = Unreadable(status, f"{HTTPStatus(status).phrase}.")
    return response(known, request_id_of(request))


def request_id_of(request: Request) -> str:
    """Return the id that the guard gave this request."""
    return str(request.scope.get("state", {}).get("request_id", "-"))


def nearest(wrong: str, known: Iterable[str]) -> str:
    """Return a hint that names the known word nearest to a wrong one, or all of a few."""
    words = sorted(known)
    close = difflib.get_close_matches(wrong, words, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]}?"
    return f"Known here: {', '.join(words)}." if words else ""


def refusal(model: type[BaseModel], error: ValidationError, what: str) -> Invalid:
    """Return the problem that tells all that is wrong with a body or query, the first in front."""
    problems = [_problem(model, item, what) for item in error.errors(include_url=False)[:_MANY]]
    # A misspelt name stands in front: a field that is missing is often just that.
    problems.sort(key=lambda problem: not problem["unknown"])
    first = problems[0]
    kind = UnknownName if first["unknown"] else Invalid
    return kind(
        first["message"],
        hint=first["hint"],
        pointer=first["pointer"],
        problems=[{key: one[key] for key in ("message", "pointer", "hint")} for one in problems]
        if len(problems) > 1
        else (),
    )


def _problem(model: type[BaseModel], item: Mapping[str, Any], what: str) -> dict[str, Any]:
    location = [part for part in item["loc"] if part != "[key]"]
    place = ".".join(str(part) for part in location)
    pointer = "/" + "/".join(_escape(str(part)) for part in location) if location else ""
    match item["type"]:
        case "extra_forbidden":
            message, unknown = f"The {what} has an unknown field {place}.", True
            hint = nearest(str(location[-1]), _known_fields(model, location[:-1]))
        case "literal_error":
            message, unknown = f"The {what} has an unknown value at {place}.", True
            hint = nearest(str(item["input"]), _expected(item))
        case "model_type" | "dict_type":
            at = f" at {place}" if place else ""
            message, unknown, hint = f"The {what} is no JSON object{at}.", False, ""
        case "missing":
            message, unknown, hint = f"The {what} lacks the field {place}.", False, f"Add {place}."
        case _:
            told = str(item["msg"]).removeprefix("Value error, ")
            told = told[:1].lower() + told[1:]
            at = f" at {place}" if place else ""
            message, unknown, hint = f"The {what} is wrong{at}: {told}.", False, ""
    return {"message": message, "pointer": pointer, "hint": hint, "unknown": unknown}


def _expected(item: Mapping[str, Any]) -> list[str]:
    text = str(item.get("ctx", {}).get("expected", ""))
    return [word.strip(" '") for part in text.split(" or ") for word in part.split(", ")]


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _known_fields(model: type[BaseModel], path: Sequence[object]) -> list[str]:
    here: type[BaseModel] | None = model
    for part in path:
        if isinstance(part, str) and here is not None:
            found = {field.alias or name: field for name, field in here.model_fields.items()}
            here = _model_in(found[part].annotation) if part in found else None
    return [field.alias or name for name, field in here.model_fields.items()] if here else []


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)
