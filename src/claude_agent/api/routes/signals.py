"""Signals: something that happened outside, for the steps that wait for it."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import actor, part, read_body, services
from claude_agent.api.idempotency import reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.services_signals import SignalSent
from claude_agent.api.wire_signals import Signal

router = APIRouter(tags=["executions"])


@router.post(
    "/executions/{ref}/signals/{name}",
    summary="Send a signal to an execution",
    openapi_extra=documented(body=Signal, answer="Execution"),
)
async def signal(request: Request) -> Response:
    """Let a step that waits for the signal go on; kept for one that will wait for it later."""
    body, plain = await read_body(request, Signal)
    sent = SignalSent(
        name=part(request, "name"),
        data=body.data,
        source=body.source,
        message_id=body.message_id,
    )
    ref = part(request, "ref")
    work = partial(services(request).signal_execution, ref, sent, actor=actor(request))
    return await reply_once(request, 200, work, plain)
