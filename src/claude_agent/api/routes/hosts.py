"""Hosts: list, and a person's word that one is lost for good."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import actor, part, read_body, reply, services
from claude_agent.api.idempotency import reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.wire import Nothing

router = APIRouter(tags=["hosts"])


@router.get("/hosts", summary="List hosts", openapi_extra=documented(answer="HostList"))
async def hosts(request: Request) -> Response:
    """Return every host with its worker processes."""
    return await reply(request, services(request).hosts)


@router.post(
    "/hosts/{name}/lost",
    summary="Declare a host lost",
    openapi_extra=documented(body=Nothing, answer="HostLost"),
)
async def lost(request: Request) -> Response:
    """Record that a host is lost for good: its runs count as ended and are decided."""
    _, plain = await read_body(request, Nothing)
    work = partial(services(request).lose_host, part(request, "name"), actor=actor(request))
    return await reply_once(request, 200, work, plain)
