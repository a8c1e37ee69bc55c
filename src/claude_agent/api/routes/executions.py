"""Executions: list, show, summary, events, cancel."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import actor, part, read_body, read_query, reply, services
from claude_agent.api.idempotency import reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.wire import AfterQuery, CancelExecution, ExecutionQuery

router = APIRouter(tags=["executions"])


@router.get(
    "/executions",
    summary="List executions",
    openapi_extra=documented(query=ExecutionQuery, answer="ExecutionList"),
)
async def executions(request: Request) -> Response:
    """Return a page of executions, newest first, with the number in each state."""
    wanted = read_query(request, ExecutionQuery).to_filter()
    return await reply(request, services(request).executions, wanted)


@router.get(
    "/executions/{ref}",
    summary="Show one execution",
    openapi_extra=documented(answer="Execution"),
)
async def execution(request: Request) -> Response:
    """Return the execution with this id or ref, with its steps."""
    ref = part(request, "ref")
    return await reply(request, services(request).execution, ref)


@router.get(
    "/executions/{ref}/summary",
    summary="Graph and timeline in one document",
    openapi_extra=documented(answer="ExecutionSummary"),
)
async def summary(request: Request) -> Response:
    """Return everything a page about one execution needs, without logs."""
    ref = part(request, "ref")
    return await reply(request, services(request).summary, ref)


@router.get(
    "/executions/{ref}/events",
    summary="The history of an execution",
    openapi_extra=documented(query=AfterQuery, answer="Events"),
)
async def events(request: Request) -> Response:
    """Return the events of one execution, its steps and their tasks, in order."""
    ref = part(request, "ref")
    wanted = read_query(request, AfterQuery)
    return await reply(request, services(request).execution_events, ref, wanted.after, wanted.limit)


@router.post(
    "/executions/{ref}/cancel",
    status_code=202,
    summary="Cancel an execution",
    openapi_extra=documented(body=CancelExecution, answer="Execution"),
)
async def cancel(request: Request) -> Response:
    """Request the cancel; `compensate` overrides what the definition says about undoing."""
    ref = part(request, "ref")
    body, plain = await read_body(request, CancelExecution)
    work = partial(
        services(request).cancel_execution,
        ref,
        compensate=body.compensate,
        actor=actor(request),
    )
    return await reply_once(request, 202, work, plain)
