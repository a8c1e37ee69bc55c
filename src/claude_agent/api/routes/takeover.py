"""A person takes a task over, and hands it back."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import actor, part, read_body, reply, services
from claude_agent.api.idempotency import reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.wire import Nothing
from claude_agent.api.wire_takeover import HandBack

router = APIRouter(tags=["tasks"])


@router.post(
    "/tasks/{ref}/takeover",
    status_code=202,
    summary="Take a task over",
    openapi_extra=documented(body=Nothing, answer="Task"),
)
async def take_over(request: Request) -> Response:
    """Stop the agent softly; its own screen opens with the same conversation."""
    ref = part(request, "ref")
    _, plain = await read_body(request, Nothing)
    work = partial(services(request).take_over_task, ref, actor=actor(request))
    return await reply_once(request, 202, work, plain)


@router.post(
    "/tasks/{ref}/handback",
    status_code=202,
    summary="Hand a task back to its agent",
    openapi_extra=documented(body=HandBack, answer="Task"),
)
async def hand_back(request: Request) -> Response:
    """Close the screen; the agent goes on in the same conversation and attempt."""
    ref = part(request, "ref")
    body, plain = await read_body(request, HandBack)
    work = partial(services(request).hand_back_task, ref, body.note, actor=actor(request))
    return await reply_once(request, 202, work, plain)


@router.get(
    "/tasks/{ref}/attach",
    summary="The command that attaches a terminal to a task's window",
    openapi_extra=documented(answer="Attach"),
)
async def attach(request: Request) -> Response:
    """Return the command line; the client executes it on the server's machine."""
    ref, port = part(request, "ref"), services(request)
    return await reply(request, lambda: {"argv": port.attach_task_argv(ref)})
