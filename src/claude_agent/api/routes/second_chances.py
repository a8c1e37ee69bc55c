"""Second chances: pause, resume, retry, rewind, skip, set an output, fork, compensate."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.asked import SecondChance
from claude_agent.api.context import actor, part, read_body, services
from claude_agent.api.idempotency import answer_once
from claude_agent.api.openapi import documented
from claude_agent.api.wire import Nothing
from claude_agent.api.wire_executions import (
    CompensateExecution,
    ForkExecution,
    RetryExecution,
    RewindExecution,
    SetOutput,
    SkipStep,
)

router = APIRouter(tags=["executions"])

_Body = (
    RetryExecution | RewindExecution | SkipStep | SetOutput | ForkExecution | CompensateExecution
)
"""What says which second chance of an execution is asked for."""


async def _answer(request: Request, asked: SecondChance, plain: object) -> Response:
    work = partial(services(request).second_chance, asked, actor=actor(request))
    return await answer_once(request, lambda key: work(key=key), plain)


async def _asked(request: Request, kind: type[_Body]) -> Response:
    ref = part(request, "ref")
    body, plain = await read_body(request, kind)
    return await _answer(request, body.to_asked(ref), plain)


@router.post(
    "/executions/{ref}/pause",
    status_code=202,
    summary="Pause an execution",
    openapi_extra=documented(body=Nothing, answer="Execution"),
)
async def pause(request: Request) -> Response:
    """Let nothing new start; what runs goes on."""
    ref = part(request, "ref")
    _, plain = await read_body(request, Nothing)
    return await _answer(request, SecondChance(ref=ref, what="pause"), plain)


@router.post(
    "/executions/{ref}/resume",
    status_code=202,
    summary="Let a paused execution go on",
    openapi_extra=documented(body=Nothing, answer="Execution"),
)
async def resume(request: Request) -> Response:
    """Look at every step again and start what is ready."""
    ref = part(request, "ref")
    _, plain = await read_body(request, Nothing)
    return await _answer(request, SecondChance(ref=ref, what="resume"), plain)


@router.post(
    "/executions/{ref}/retry",
    status_code=202,
    summary="Retry an execution",
    openapi_extra=documented(body=RetryExecution, answer="Execution"),
)
async def retry(request: Request) -> Response:
    """Open a new generation that runs again what is not in force, and a chosen step."""
    return await _asked(request, RetryExecution)


@router.post(
    "/executions/{ref}/rewind",
    status_code=202,
    summary="Rewind an execution",
    openapi_extra=documented(body=RewindExecution, answer="Execution"),
)
async def rewind(request: Request) -> Response:
    """Open a new generation that goes back to a step, which is told the feedback."""
    return await _asked(request, RewindExecution)


@router.post(
    "/executions/{ref}/skip",
    status_code=202,
    summary="Skip a step",
    openapi_extra=documented(body=SkipStep, answer="Execution"),
)
async def skip(request: Request) -> Response:
    """Open a new generation that goes on without a step."""
    return await _asked(request, SkipStep)


@router.post(
    "/executions/{ref}/set-output",
    status_code=202,
    summary="Set the outputs of a step",
    openapi_extra=documented(body=SetOutput, answer="Execution"),
)
async def set_output(request: Request) -> Response:
    """Open a new generation in which a step counts as done, with these outputs."""
    return await _asked(request, SetOutput)


@router.post(
    "/executions/{ref}/fork",
    status_code=201,
    summary="Fork an execution",
    openapi_extra=documented(body=ForkExecution, answer="Execution"),
)
async def fork(request: Request) -> Response:
    """Start a new execution that takes over what is in force in this one."""
    return await _asked(request, ForkExecution)


@router.post(
    "/executions/{ref}/compensate",
    status_code=202,
    summary="Undo an execution",
    openapi_extra=documented(body=CompensateExecution, answer="Execution"),
)
async def compensate(request: Request) -> Response:
    """Undo what is in force; resume an undoing that failed, without some steps if need be."""
    return await _asked(request, CompensateExecution)
