"""The server itself: health, stop, messages, words, and the description of this API."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from claude_agent.api import openapi
from claude_agent.api.context import (
    actor,
    context,
    encode,
    read_body,
    reply,
    services,
    visitor,
)
from claude_agent.api.idempotency import answer_once, reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.services import MessageToSend
from claude_agent.api.wire import SendMessage, StopServer

router = APIRouter(tags=["system"])

DISPENSABLE = frozenset({"broker"})
"""Components without which work only waits a little longer."""


@router.get("/", summary="To the dashboard", include_in_schema=False)
async def root() -> Response:
    """Send a browser to the dashboard."""
    return RedirectResponse("/ui/", status_code=307)


@router.get("/health", summary="Is the server well", openapi_extra=documented(answer="Health"))
async def health(request: Request) -> Response:
    """Return status and version; with a token also each component."""
    found = await context(request).call(services(request).health)
    if visitor(request).actor is None:
        found = {"status": found["status"], "version": found["version"]}
    return Response(content=encode(found), media_type="application/json")


@router.get("/health/ready", summary="Can it take work", openapi_extra=documented(answer="Health"))
async def ready(request: Request) -> Response:
    """Answer 200 while work is taken and done, 503 otherwise."""
    found = await context(request).call(services(request).health)
    well = all(each["ok"] for name, each in found["components"].items() if name not in DISPENSABLE)
    return Response(
        content=encode(found),
        status_code=200 if well else 503,
        headers={} if well else {"Retry-After": "1"},
        media_type="application/json",
    )


@router.post(
    "/server/stop",
    status_code=202,
    summary="Stop the server",
    openapi_extra=documented(body=StopServer, answer="Stopping"),
)
async def stop(request: Request) -> Response:
    """Begin to stop; the answer names the tasks that go on without the server."""
    body, plain = await read_body(request, StopServer)
    work = partial(
        services(request).stop_server, stop_agents=body.stop_agents, actor=actor(request)
    )
    return await reply_once(request, 202, work, plain)


@router.post(
    "/messages",
    status_code=201,
    summary="Send an ordinary message",
    openapi_extra=documented(body=SendMessage, answer="MessageSent"),
)
async def send_message(request: Request) -> Response:
    """Enqueue a Dramatiq message by the name of its actor."""
    body, plain = await read_body(request, SendMessage)
    port = services(request)
    message = MessageToSend(actor=body.actor, args=body.args, kwargs=body.kwargs, queue=body.queue)
    return await answer_once(request, lambda key: port.send_message(message, key=key), plain)


@router.get(
    "/vocabulary",
    summary="Every state and how it is shown",
    openapi_extra=documented(answer="Vocabulary"),
)
async def vocabulary(request: Request) -> Response:
    """Return the words, icons and colour families, so that no client has its own."""
    return await reply(request, services(request).vocabulary)


@router.get("/openapi.json", include_in_schema=False)
async def openapi_json(request: Request) -> Response:
    """Return the OpenAPI 3.1 document."""
    return Response(content=await _document(request), media_type="application/json")


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """Return a page that lists the addresses."""
    return HTMLResponse(await context(request).call(lambda: openapi.page(request.app.openapi())))


async def _document(request: Request) -> bytes:
    return await context(request).call(lambda: encode(request.app.openapi()))
