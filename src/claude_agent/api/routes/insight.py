"""Why does it wait, and what follows: nothing here changes anything."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import part, read_body, read_query, reply, services
from claude_agent.api.idempotency import reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.services import WorkflowStart
from claude_agent.api.wire import ExecuteWorkflow
from claude_agent.api.wire_insight import DiffQuery, ExplainQuery, ImportWorkflow

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


@router.post(
    "/workflows/{name}/plan",
    tags=["workflows"],
    summary="What an execution would do",
    openapi_extra=documented(body=ExecuteWorkflow, answer="WorkflowPlan"),
)
async def plan(request: Request) -> Response:
    """Return levels, agents, conditions, waits and the undoing; nothing is stored or started."""
    body, plain = await read_body(request, ExecuteWorkflow)
    start = WorkflowStart(
        name=part(request, "name"),
        params=body.params,
        source=body.source,
        file=body.file,
        cwd=body.cwd,
    )
    return await reply_once(request, 200, partial(services(request).plan_workflow, start), plain)


@router.post(
    "/workflows/import",
    tags=["workflows"],
    summary="Another system's workflow in our format",
    openapi_extra=documented(body=ImportWorkflow, answer="WorkflowImported"),
)
async def import_(request: Request) -> Response:
    """Return our YAML and, with its line, each thing that did not map; nothing is stored."""
    body, plain = await read_body(request, ImportWorkflow)
    work = partial(services(request).import_workflow, body.source, body.file, body.origin or "")
    return await reply_once(request, 200, work, plain)


@router.get(
    "/workflows/{name}/versions",
    tags=["workflows"],
    summary="The versions of a workflow",
    openapi_extra=documented(answer="WorkflowVersions"),
)
async def versions(request: Request) -> Response:
    """Return the versions that were defined under this name, the newest first."""
    return await reply(request, services(request).workflow_versions, part(request, "name"))


@router.get(
    "/workflows/{name}/diff",
    tags=["workflows"],
    summary="What changed between two versions",
    openapi_extra=documented(query=DiffQuery, answer="WorkflowDiff"),
)
async def diff(request: Request) -> Response:
    """Return each added, removed and changed step and field, and the diff of the texts."""
    wanted, name = read_query(request, DiffQuery), part(request, "name")
    return await reply(request, services(request).workflow_diff, name, wanted.before, wanted.after)
