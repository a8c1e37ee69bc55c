"""Queues: list, show, pause, resume, limit, purge."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import actor, part, read_body, reply, services
from claude_agent.api.idempotency import reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.wire import Nothing
from claude_agent.api.wire_queues import LimitQueue, PauseQueue, PurgeQueue

router = APIRouter(tags=["queues"])


@router.get("/queues", summary="List queues", openapi_extra=documented(answer="QueueList"))
async def queues(request: Request) -> Response:
    """Return every queue with its depth."""
    return await reply(request, services(request).queues)


@router.get(
    "/queues/{name}", summary="Show a queue", openapi_extra=documented(answer="QueueDetail")
)
async def queue(request: Request) -> Response:
    """Return one queue with its depth by state, its rate and its history."""
    return await reply(request, services(request).queue, part(request, "name"))


@router.post(
    "/queues/{name}/pause",
    summary="Pause a queue",
    openapi_extra=documented(body=PauseQueue, answer="QueueDetail"),
)
async def pause(request: Request) -> Response:
    """Start nothing from it until it is resumed, also after a restart; what runs goes on."""
    body, plain = await read_body(request, PauseQueue)
    name, port = part(request, "name"), services(request)
    work = partial(port.pause_queue, name, reason=body.reason, actor=actor(request))
    return await reply_once(request, 200, work, plain)


@router.post(
    "/queues/{name}/resume",
    summary="Resume a queue",
    openapi_extra=documented(body=Nothing, answer="QueueDetail"),
)
async def resume(request: Request) -> Response:
    """Start from it again."""
    _, plain = await read_body(request, Nothing)
    work = partial(services(request).resume_queue, part(request, "name"), actor=actor(request))
    return await reply_once(request, 200, work, plain)


@router.post(
    "/queues/{name}/limit",
    summary="Limit a queue",
    openapi_extra=documented(body=LimitQueue, answer="QueueDetail"),
)
async def limit(request: Request) -> Response:
    """Let at most so many of its tasks run at once; it wins over the configuration."""
    body, plain = await read_body(request, LimitQueue)
    name, port = part(request, "name"), services(request)
    work = partial(port.limit_queue, name, body.limit, actor=actor(request))
    return await reply_once(request, 200, work, plain)


@router.post(
    "/queues/{name}/purge",
    summary="Purge a queue",
    openapi_extra=documented(body=PurgeQueue, answer="QueuePurged"),
)
async def purge(request: Request) -> Response:
    """Cancel every task that waits in it; what runs, and what undoes a workflow, goes on."""
    body, plain = await read_body(request, PurgeQueue)
    name, port = part(request, "name"), services(request)
    work = partial(port.purge_queue, name, reason=body.reason, actor=actor(request))
    return await reply_once(request, 200, work, plain)
