"""What the routes share: the services, the thread limit, reading bodies, writing answers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ParamSpec, TypeVar, cast

import anyio
from anyio import CapacityLimiter, to_thread
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from claude_agent.api import strict_json
from claude_agent.api.asked import Caller
from claude_agent.api.guard import Visitor
from claude_agent.api.hub import Hub
from claude_agent.api.problems import SlowBody, TooManyRequests, refusal
from claude_agent.api.services import Access, Services
from claude_agent.api.sessions import Sessions
from claude_agent.api.wire import Body, Query

P = ParamSpec("P")
T = TypeVar("T")
B = TypeVar("B", bound=Body)
Q = TypeVar("Q", bound=Query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of the gateway; tests make them small."""

    threads: int = 40
    """Service calls at one time."""
    waiting: int = 1_000
    """Requests that may wait for a thread; more are answered 429."""
    body_s: float = 30.0
    """A body must have arrived within this time."""
    sockets: int = 200
    """Open sockets at one time."""
    heartbeat_s: float = 15.0
    """A silent socket gets a sign of life this often."""
    first_message_s: float = 10.0
    """A socket must subscribe within this time."""
    backlog_bytes: int = 1_048_576
    """A socket that is further behind is reset."""
    stall_s: float = 10.0
    """A socket that takes nothing for so long is reset once it takes again."""
    drop_s: float = 30.0
    """A socket that takes nothing for so long is closed."""


@dataclass(kw_only=True)
class Turn:
    """One request at a time under one idempotency key."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    takers: int = 0
    """How many requests hold the lock or wait for it."""


@dataclass(kw_only=True)
class Context:
    """One gateway's parts."""

    services: Services
    access: Access
    sessions: Sessions
    limits: Limits
    hub: Hub
    in_progress: dict[str, Turn] = field(default_factory=dict)
    """The idempotency keys that are being worked on."""
    _limiter: CapacityLimiter | None = None

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a service in a thread. Raises TooManyRequests when too many wait already."""
        # Made here, because a limiter belongs to the event loop in which it is born.
        limiter = self._limiter = self._limiter or CapacityLimiter(self.limits.threads)
        if limiter.statistics().tasks_waiting >= self.limits.waiting:
            msg = "Too many requests wait already."
            raise TooManyRequests(msg, hint="Try again in a second.")
        return await to_thread.run_sync(partial(work, *args, **kwargs), limiter=limiter)


def context(connection: HTTPConnection) -> Context:
    """Return the gateway's parts."""
    return cast("Context", connection.app.state.context)


def services(connection: HTTPConnection) -> Services:
    """Return the port."""
    return context(connection).services


def visitor(connection: HTTPConnection) -> Visitor:
    """Return who was let in."""
    return cast("Visitor", connection.scope["state"]["visitor"])


def actor(connection: HTTPConnection) -> str:
    """Return the name under which this is recorded."""
    return visitor(connection).actor or "nobody"


def caller(connection: HTTPConnection) -> Caller:
    """Return who asks, with their role."""
    return visitor(connection).caller


def part(request: Request, name: str) -> str:
    """Return a part of the address.

    Read from the request instead of declared, because FastAPI builds a validator for each
    declared one and imports all of pydantic v1 for it: 1.5 MB that say "text is text".
    """
    return str(request.path_params[name])


async def reply(
    request: Request, work: Callable[P, dict[str, Any]], *args: P.args, **kwargs: P.kwargs
) -> Response:
    """Call a service and answer 200 with what it returns."""
    return await reply_with(request, 200, partial(work, *args, **kwargs))


async def reply_with(request: Request, status: int, work: Callable[[], dict[str, Any]]) -> Response:
    """Call a service and answer `status` with what it returns; both in the thread."""
    body = await context(request).call(lambda: encode(work()))
    return Response(content=body, status_code=status, media_type="application/json")


def encode(answer: object) -> bytes:
    """Return the JSON of an answer; what is no JSON number becomes null."""
    return to_json(answer, inf_nan_mode="null")


async def read_body(request: Request, model: type[B]) -> tuple[B, object]:
    """Return the checked body and the plain one. Raises Malformed, Invalid, TooLarge, SlowBody."""
    raw = await read_bytes(request)
    plain = strict_json.parse(raw) if raw else {}
    try:
        return model.model_validate(plain), plain
    except ValidationError as error:
        raise refusal(model, error, "body") from None


async def read_bytes(request: Request) -> bytes:
    """Return the body as it came. Raises TooLarge, SlowBody."""
    chunks = bytearray()
    try:
        with anyio.fail_after(context(request).limits.body_s):
            async for chunk in request.stream():
                chunks += chunk
    except TimeoutError as error:
        msg = "The body did not arrive in time."
        raise SlowBody(msg, hint="Send it again.") from error
    return bytes(chunks)


def read_query(request: Request, model: type[Q]) -> Q:
    """Return the checked query. Raises Invalid, UnknownName."""
    return strict_json.query(model, request.query_params.multi_items())
