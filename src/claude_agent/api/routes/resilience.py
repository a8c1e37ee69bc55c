"""Breakers, restarts, rollbacks: look, and use something again at once."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import actor, part, read_body, reply, services
from claude_agent.api.idempotency import reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.wire import Nothing

router = APIRouter(tags=["resilience"])


@router.get(
    "/resilience", summary="Show what was healed", openapi_extra=documented(answer="Resilience")
)
async def resilience(request: Request) -> Response:
    """Return breakers, restarts and rollbacks, each with its reason."""
    return await reply(request, services(request).resilience)


@router.post(
    "/resilience/{name}/reset",
    summary="Reset a breaker",
    openapi_extra=documented(body=Nothing, answer="Breaker"),
)
async def reset(request: Request) -> Response:
    """Use something again at once that is left alone after failures."""
    _, plain = await read_body(request, Nothing)
    work = partial(services(request).reset_breaker, part(request, "name"), actor=actor(request))
    return await reply_once(request, 200, work, plain)
