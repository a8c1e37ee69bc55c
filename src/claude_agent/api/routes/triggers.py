"""Triggers: what starts which workflow by itself."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import read_query, reply, services
from claude_agent.api.openapi import documented
from claude_agent.api.wire_triggers import TriggerQuery

router = APIRouter(tags=["triggers"])


@router.get(
    "/triggers",
    summary="List triggers",
    openapi_extra=documented(query=TriggerQuery, answer="TriggerList"),
)
async def triggers(request: Request) -> Response:
    """Return every schedule, webhook and event that starts a workflow, with its last firing."""
    query = read_query(request, TriggerQuery)
    return await reply(request, services(request).triggers, query.workflow, query.kind or "")
