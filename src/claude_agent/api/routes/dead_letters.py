"""Dead letters: list, export, show, re-drive one or many, discard."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import actor, part, read_body, read_query, reply, services
from claude_agent.api.idempotency import answer_once, reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.wire import Nothing
from claude_agent.api.wire_queues import DiscardLetter, LetterQuery, RedriveLetter, RedriveLetters

router = APIRouter(tags=["dead letters"])


@router.get(
    "/dead-letters",
    summary="List dead letters",
    openapi_extra=documented(query=LetterQuery, answer="DeadLetterList"),
)
async def dead_letters(request: Request) -> Response:
    """Return a page of dead tasks and messages, the newest death first."""
    wanted = read_query(request, LetterQuery).to_filter()
    return await reply(request, services(request).dead_letters, wanted)


@router.get(
    "/dead-letters/export",
    summary="Export dead letters",
    openapi_extra=documented(query=LetterQuery, answer="DeadLetterExport"),
)
async def export(request: Request) -> Response:
    """Return a page of dead letters with all their evidence."""
    wanted = read_query(request, LetterQuery).to_filter()
    return await reply(request, services(request).export_dead_letters, wanted)


@router.post(
    "/dead-letters/redrive",
    status_code=201,
    summary="Re-drive many dead letters",
    openapi_extra=documented(body=RedriveLetters, answer="Redrive"),
)
async def redrive_many(request: Request) -> Response:
    """Begin to re-drive all that match and are dead by now; it goes on over restarts."""
    body, plain = await read_body(request, RedriveLetters)
    port, who = services(request), actor(request)
    return await answer_once(
        request,
        lambda key: port.redrive_dead_letters(body.to_criteria(), body.rate, actor=who, key=key),
        plain,
    )


@router.get(
    "/dead-letters/redrives",
    summary="List re-drives of many",
    openapi_extra=documented(answer="RedriveList"),
)
async def redrives(request: Request) -> Response:
    """Return the newest re-drives of many, and how far they are."""
    return await reply(request, services(request).redrives)


@router.get(
    "/dead-letters/redrives/{id}",
    summary="Show a re-drive of many",
    openapi_extra=documented(answer="Redrive"),
)
async def redrive_of_many(request: Request) -> Response:
    """Return how far a re-drive of many is."""
    return await reply(request, services(request).redrive, part(request, "id"))


@router.post(
    "/dead-letters/redrives/{id}/stop",
    summary="Stop a re-drive of many",
    openapi_extra=documented(body=Nothing, answer="Redrive"),
)
async def stop_redrive(request: Request) -> Response:
    """End it before it is through; what was re-driven stays so."""
    _, plain = await read_body(request, Nothing)
    work = partial(services(request).stop_redrive, part(request, "id"), actor=actor(request))
    return await reply_once(request, 200, work, plain)


@router.get(
    "/dead-letters/{kind}/{ref}",
    summary="Show a dead letter",
    openapi_extra=documented(answer="DeadLetterDetail"),
)
async def dead_letter(request: Request) -> Response:
    """Return one letter with its errors, its payload, the end of its output, its history."""
    return await reply(
        request, services(request).dead_letter, part(request, "kind"), part(request, "ref")
    )


@router.post(
    "/dead-letters/{kind}/{ref}/redrive",
    summary="Re-drive a dead letter",
    openapi_extra=documented(body=RedriveLetter, answer="HandledLetter"),
)
async def redrive(request: Request) -> Response:
    """Let it run again with its attempts reset, changed if wished."""
    body, plain = await read_body(request, RedriveLetter)
    work = partial(
        services(request).redrive_dead_letter,
        (part(request, "kind"), part(request, "ref")),
        changes=body.changes.to_spec() if body.changes else {},
        reason=body.reason,
        actor=actor(request),
    )
    return await answer_once(request, lambda key: work(key=key), plain)


@router.post(
    "/dead-letters/{kind}/{ref}/discard",
    summary="Discard a dead letter",
    openapi_extra=documented(body=DiscardLetter, answer="HandledLetter"),
)
async def discard(request: Request) -> Response:
    """Put it aside for good, with a reason."""
    body, plain = await read_body(request, DiscardLetter)
    work = partial(
        services(request).discard_dead_letter,
        (part(request, "kind"), part(request, "ref")),
        reason=body.reason,
        actor=actor(request),
    )
    return await answer_once(request, lambda key: work(key=key), plain)
