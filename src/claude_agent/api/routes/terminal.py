"""Sessions of the terminal, and probes of agent programs."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import part, reply, services
from claude_agent.api.openapi import documented

router = APIRouter(tags=["agents"])


@router.get(
    "/sessions", summary="Sessions of the terminal", openapi_extra=documented(answer="SessionList")
)
async def sessions(request: Request) -> Response:
    """Return every session there is, those of people too where tmux is theirs."""
    return await reply(request, services(request).terminal_sessions)


@router.get(
    "/agents/{name}/probe",
    summary="Whether an agent's program can be used",
    openapi_extra=documented(answer="AgentProbe"),
)
async def probe(request: Request) -> Response:
    """Look at the program on the server's machine: missing, too old, not logged in, or fine."""
    name = part(request, "name")
    return await reply(request, services(request).probe_agent, name)
