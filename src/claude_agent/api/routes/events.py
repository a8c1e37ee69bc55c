"""The log by position: read, wait, check, and the list of every start."""

import asyncio
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import (
    actor,
    context,
    encode,
    read_body,
    read_query,
    reply,
    services,
)
from claude_agent.api.idempotency import answer_once
from claude_agent.api.openapi import documented
from claude_agent.api.stream import follow_events
from claude_agent.api.wire import EventQuery
from claude_agent.api.wire_events import PublishEvent

router = APIRouter(tags=["events"])


@router.get(
    "/events",
    summary="Events after a cursor",
    openapi_extra=documented(query=EventQuery, answer="Events"),
)
async def events(request: Request) -> Response:
    """Return events in order; with `wait_ms` wait so long for the first one."""
    wanted = read_query(request, EventQuery)
    found = await _events(request, wanted)
    return Response(content=encode(found), media_type="application/json")


@router.post(
    "/events",
    status_code=201,
    summary="Say an event",
    openapi_extra=documented(body=PublishEvent, answer="EventPublished"),
)
async def publish(request: Request) -> Response:
    """Tell the steps that wait for its type, and start the workflows that it is to start."""
    body, plain = await read_body(request, PublishEvent)
    work = partial(services(request).publish_event, body.type, body.data, actor=actor(request))
    return await answer_once(request, lambda key: work(key=key), plain)


async def _events(request: Request, wanted: EventQuery) -> dict[str, Any]:
    ctx, loop = context(request), asyncio.get_running_loop()
    topics = None if wanted.topic in {None, "*"} else (str(wanted.topic),)
    deadline = loop.time() + wanted.wait_ms / 1000
    after = wanted.after
    while True:
        bell = ctx.hub.bell()
        found = await ctx.call(ctx.services.events_after, after, wanted.limit, topics)
        left = deadline - loop.time()
        if found["items"] or found["reset"] or left <= 0 or ctx.hub.closed:
            return found
        after = found["cursor"]
        await ctx.hub.wait(bell, left)


@router.get("/events/head", summary="The newest position", openapi_extra=documented(answer="Head"))
async def head(request: Request) -> Response:
    """Return the cursor of the newest event and the head of the hash chain."""
    port = services(request)
    return await reply(request, lambda: {"cursor": port.head(), "hash": port.head_hash()})


@router.get(
    "/events/verify", summary="Check the hash chain", openapi_extra=documented(answer="Verified")
)
async def verify(request: Request) -> Response:
    """Read the whole log and recompute its chain."""
    return await reply(request, services(request).verify_log)


@router.get(
    "/events/starts",
    summary="Every start of a run, and why",
    openapi_extra=documented(answer="Starts"),
)
async def starts(request: Request) -> Response:
    """Return all starts, to be compared with a ledger that the commands kept themselves."""
    return await reply(request, services(request).starts)


router.add_api_websocket_route("/events", follow_events)
