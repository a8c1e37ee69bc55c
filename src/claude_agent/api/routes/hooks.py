"""Webhooks in: signed deliveries that start workflows."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api import strict_json
from claude_agent.api.context import context, encode, part, read_bytes, services
from claude_agent.api.openapi import documented

router = APIRouter(tags=["webhooks"])


@router.post(
    "/hooks/{path}",
    status_code=202,
    summary="Deliver a webhook",
    openapi_extra=documented(answer="HookTaken"),
)
async def deliver(request: Request) -> Response:
    """Start what waits at this address; no token, but the body signed with its secret."""
    raw = await read_bytes(request)
    body = strict_json.parse(raw) if raw else {}
    work = partial(
        services(request).receive_hook, part(request, "path"), raw, body, dict(request.headers)
    )

    def answer() -> tuple[int, bytes]:
        status, told = work()
        return status, encode(told)

    status, content = await context(request).call(answer)
    return Response(content=content, status_code=status, media_type="application/json")
