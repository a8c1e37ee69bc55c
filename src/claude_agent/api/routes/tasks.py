"""Tasks: submit, list, show, result, log, cancel, resolve."""

from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import (
    actor,
    caller,
    part,
    read_body,
    read_query,
    reply,
    reply_with,
    services,
)
from claude_agent.api.idempotency import answer_once, reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.wire import LogQuery, Nothing, ResolveTask, TaskQuery, TaskSpec
from claude_agent.errors import Forbidden

router = APIRouter(tags=["tasks"])


@router.post(
    "/tasks/submit",
    status_code=201,
    summary="Submit one task",
    openapi_extra=documented(body=TaskSpec, answer="Task"),
)
async def submit(request: Request) -> Response:
    """Accept one task with exactly one of `prompt`, `run`, `action`; 201 means it is durable."""
    spec, plain = await read_body(request, TaskSpec)
    port, who = services(request), caller(request)
    return await answer_once(
        request,
        lambda key: port.submit_task(spec.to_spec(), actor=who.actor, key=key, caller=who),
        plain,
    )


@router.get(
    "/tasks", summary="List tasks", openapi_extra=documented(query=TaskQuery, answer="TaskList")
)
async def tasks(request: Request) -> Response:
    """Return a page of tasks, newest first, with the number in each state."""
    wanted = read_query(request, TaskQuery).to_filter()
    return await reply(request, services(request).tasks, wanted)


@router.get("/tasks/{ref}", summary="Show one task", openapi_extra=documented(answer="Task"))
async def task(request: Request) -> Response:
    """Return the task with this id or ref."""
    ref, port, who = part(request, "ref"), services(request), caller(request)

    def work() -> dict[str, Any]:
        found = port.task(ref)
        if who.role == "agent" and found["id"] != who.task_id:
            message = "The token of a run shows its own task only."
            raise Forbidden(message)
        return found

    return await reply_with(request, 200, work)


@router.get(
    "/tasks/{ref}/result",
    summary="What came of a task",
    openapi_extra=documented(answer="TaskResult"),
)
async def result(request: Request) -> Response:
    """Return outputs, exit and evidence of the newest attempt."""
    ref = part(request, "ref")
    return await reply(request, services(request).task_result, ref)


@router.get(
    "/tasks/{ref}/attempts",
    summary="How each attempt of a task ended",
    openapi_extra=documented(answer="TaskAttempts"),
)
async def attempts(request: Request) -> Response:
    """Return the attempts that have ended: outcome, evidence, tokens and cost."""
    ref = part(request, "ref")
    return await reply(request, services(request).task_attempts, ref)


@router.get(
    "/tasks/{ref}/log",
    summary="A part of a task's output",
    openapi_extra=documented(query=LogQuery, answer="TaskLog"),
)
async def task_log(request: Request) -> Response:
    """Return output from a byte offset on, with terminal escapes made harmless."""
    ref = part(request, "ref")
    wanted = read_query(request, LogQuery).to_range()
    return await reply(request, services(request).task_log, ref, wanted)


@router.post(
    "/tasks/{ref}/cancel",
    status_code=202,
    summary="Cancel a task",
    openapi_extra=documented(body=Nothing, answer="Task"),
)
async def cancel(request: Request) -> Response:
    """Request the cancel; it is done when the task's state says so."""
    ref = part(request, "ref")
    _, plain = await read_body(request, Nothing)
    work = partial(services(request).cancel_task, ref, actor=actor(request))
    return await reply_once(request, 202, work, plain)


@router.post(
    "/tasks/{ref}/resolve",
    status_code=202,
    summary="Say what happened in an uncertain task",
    openapi_extra=documented(body=ResolveTask, answer="Task"),
)
async def resolve(request: Request) -> Response:
    """Decide an uncertain task: it succeeded, is tried again, or failed."""
    ref = part(request, "ref")
    body, plain = await read_body(request, ResolveTask)
    work = partial(
        services(request).resolve_task, ref, body.outcome, body.note, actor=actor(request)
    )
    return await reply_once(request, 202, work, plain)
