"""Schedules: list, show, pause, resume, trigger, backfill."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import actor, part, read_body, read_query, reply, services
from claude_agent.api.idempotency import answer_once, reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.wire import Nothing
from claude_agent.api.wire_schedules import BackfillSchedule, PauseSchedule, ScheduleQuery

router = APIRouter(tags=["schedules"])


@router.get(
    "/schedules",
    summary="List schedules",
    openapi_extra=documented(query=ScheduleQuery, answer="ScheduleList"),
)
async def schedules(request: Request) -> Response:
    """Return every schedule with its next time and its last firing."""
    query = read_query(request, ScheduleQuery)
    return await reply(request, services(request).schedules, query.workflow)


@router.get(
    "/schedules/{name}",
    summary="Show one schedule",
    openapi_extra=documented(answer="ScheduleDetail"),
)
async def schedule(request: Request) -> Response:
    """Return one schedule with its next times and its newest firings."""
    return await reply(request, services(request).schedule, part(request, "name"))


@router.post(
    "/schedules/{name}/pause",
    summary="Pause a schedule",
    openapi_extra=documented(body=PauseSchedule, answer="ScheduleDetail"),
)
async def pause(request: Request) -> Response:
    """Let it fire no more; newer versions of its workflow do not change that."""
    body, plain = await read_body(request, PauseSchedule)
    port, name = services(request), part(request, "name")
    work = partial(port.pause_schedule, name, reason=body.reason, actor=actor(request))
    return await reply_once(request, 200, work, plain)


@router.post(
    "/schedules/{name}/resume",
    summary="Resume a schedule",
    openapi_extra=documented(body=Nothing, answer="ScheduleDetail"),
)
async def resume(request: Request) -> Response:
    """Let it fire from now on; what fell into the pause is not made up for."""
    _, plain = await read_body(request, Nothing)
    port, name = services(request), part(request, "name")
    work = partial(port.resume_schedule, name, actor=actor(request))
    return await reply_once(request, 200, work, plain)


@router.post(
    "/schedules/{name}/trigger",
    status_code=201,
    summary="Start a schedule's workflow now",
    openapi_extra=documented(body=Nothing, answer="Execution"),
)
async def trigger(request: Request) -> Response:
    """Start it once with the schedule's inputs, whatever runs and also while it is paused."""
    _, plain = await read_body(request, Nothing)
    port, name, who = services(request), part(request, "name"), actor(request)
    return await answer_once(
        request, lambda key: port.trigger_schedule(name, actor=who, key=key), plain
    )


@router.post(
    "/schedules/{name}/backfill",
    summary="Make up for times of the past",
    openapi_extra=documented(body=BackfillSchedule, answer="Backfilled"),
)
async def backfill(request: Request) -> Response:
    """Fire for each time of a span that has started nothing; `dry_run` only tells which."""
    body, plain = await read_body(request, BackfillSchedule)
    work = partial(
        services(request).backfill_schedule,
        part(request, "name"),
        (body.first, body.to),
        limit=body.limit,
        dry_run=body.dry_run,
        actor=actor(request),
    )
    return await reply_once(request, 200, work, plain)
