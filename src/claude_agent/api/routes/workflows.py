"""Workflow definitions: validate, define, show, execute."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import actor, part, read_body, reply, services
from claude_agent.api.idempotency import answer_once, reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.services import WorkflowStart
from claude_agent.api.wire import DefineWorkflow, ExecuteWorkflow, ValidateWorkflow

router = APIRouter(tags=["workflows"])


@router.post(
    "/workflows/validate",
    summary="Look for problems in a definition",
    openapi_extra=documented(body=ValidateWorkflow, answer="Validated"),
)
async def validate(request: Request) -> Response:
    """Compile a definition without storing it; all problems come at once, with their lines."""
    body, plain = await read_body(request, ValidateWorkflow)
    work = partial(services(request).validate_workflow, body.source, body.file)
    return await reply_once(request, 200, work, plain)


@router.get("/workflows", summary="List workflows", openapi_extra=documented(answer="WorkflowList"))
async def workflows(request: Request) -> Response:
    """Return the shipped and the user's own workflows."""
    return await reply(request, services(request).workflows)


@router.post(
    "/workflows",
    status_code=201,
    summary="Define a workflow",
    openapi_extra=documented(body=DefineWorkflow, answer="Defined"),
)
async def define(request: Request) -> Response:
    """Store a definition under its slug; its hash is its version."""
    body, plain = await read_body(request, DefineWorkflow)
    work = partial(services(request).define_workflow, body.source, body.file, actor=actor(request))
    return await reply_once(request, 201, work, plain)


@router.get(
    "/workflows/schema",
    summary="The format as JSON Schema",
    openapi_extra=documented(answer="FormatSchema"),
)
async def schema(request: Request) -> Response:
    """Return the JSON Schema (draft 2020-12) of definition files; editors check with it."""
    return await reply(request, services(request).workflow_schema)


@router.get(
    "/workflows/{name}", summary="Show one workflow", openapi_extra=documented(answer="Workflow")
)
async def workflow(request: Request) -> Response:
    """Return one workflow."""
    name = part(request, "name")
    return await reply(request, services(request).workflow, name)


@router.post(
    "/workflows/{name}/execute",
    status_code=201,
    summary="Start an execution",
    openapi_extra=documented(body=ExecuteWorkflow, answer="Execution"),
)
async def execute(request: Request) -> Response:
    """Start a defined workflow; with `source` define it first (`{name}` may then be `-`)."""
    name = part(request, "name")
    body, plain = await read_body(request, ExecuteWorkflow)
    start = WorkflowStart(
        name=name, params=body.params, source=body.source, file=body.file, cwd=body.cwd
    )
    port, who = services(request), actor(request)
    return await answer_once(
        request, lambda key: port.execute_workflow(start, actor=who, key=key), plain
    )
