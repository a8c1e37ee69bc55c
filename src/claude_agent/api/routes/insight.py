"""Why does it wait, and what follows: nothing here changes anything."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import part, read_query, reply, services
from claude_agent.api.openapi import documented
from claude_agent.api.wire_insight import ExplainQuery

router = APIRouter()


@router.get(
    "/executions/{ref}/explain",
    tags=["executions"],
    summary="Why an execution has not ended",
    openapi_extra=documented(query=ExplainQuery, answer="ExecutionExplained"),
)
async def explain_execution(request: Request) -> Response:
    """Return for each step that is not closed why it waits and what follows when it ends."""
    wanted = read_query(request, ExplainQuery)
    ref = part(request, "ref")
    return await reply(request, services(request).explain_execution, ref, wanted.step)


@router.get(
    "/tasks/{ref}/explain",
    tags=["tasks"],
    summary="Why a task has not ended",
    openapi_extra=documented(answer="TaskExplained"),
)
async def explain_task(request: Request) -> Response:
    """Return why a task waits: its lock, its queue, a slot, a time, an approval."""
    return await reply(request, services(request).explain_task, part(request, "ref"))
