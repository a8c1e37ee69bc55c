"""Agents, their sessions, and the applications they deployed."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import part, read_body, read_query, reply, services
from claude_agent.api.idempotency import reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.wire import LinesQuery, Nothing

router = APIRouter(tags=["agents"])


@router.get(
    "/agents/status",
    summary="Agents, queues and workers now",
    openapi_extra=documented(answer="AgentsStatus"),
)
async def status(request: Request) -> Response:
    """Return the whole floor at one position of the log."""
    return await reply(request, services(request).agents_status)


@router.get("/agents/{name}", summary="Show one agent", openapi_extra=documented(answer="Agent"))
async def agent(request: Request) -> Response:
    """Return one agent."""
    name = part(request, "name")
    return await reply(request, services(request).agent, name)


@router.get(
    "/agents/{name}/logs",
    summary="The end of an agent's session",
    openapi_extra=documented(query=LinesQuery, answer="AgentLogs"),
)
async def logs(request: Request) -> Response:
    """Return the last lines that the agent's session shows."""
    name = part(request, "name")
    lines = read_query(request, LinesQuery).lines
    return await reply(request, services(request).agent_logs, name, lines)


@router.get(
    "/agents/{name}/attach",
    summary="The command that attaches a terminal",
    openapi_extra=documented(answer="Attach"),
)
async def attach(request: Request) -> Response:
    """Return the command line; the client executes it on the server's machine."""
    name = part(request, "name")
    port = services(request)
    return await reply(request, lambda: {"argv": port.attach_argv(name)})


@router.get("/apps", summary="Deployed applications", openapi_extra=documented(answer="AppList"))
async def apps(request: Request) -> Response:
    """Return the applications that `deploy_local` keeps running."""
    return await reply(request, services(request).apps)


@router.post(
    "/apps/{name}/stop",
    summary="Stop an application",
    openapi_extra=documented(body=Nothing, answer="App"),
)
async def stop_app(request: Request) -> Response:
    """Stop one application and return it."""
    name = part(request, "name")
    _, plain = await read_body(request, Nothing)
    return await reply_once(request, 200, partial(services(request).stop_app, name), plain)
