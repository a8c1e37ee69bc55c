"""Shared state: list, read, set, delete, history, snapshots."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import actor, part, read_body, read_query, reply, services
from claude_agent.api.idempotency import reply_once
from claude_agent.api.openapi import documented
from claude_agent.api.wire import Nothing
from claude_agent.api.wire_state import (
    DeleteState,
    SetState,
    StateHistoryQuery,
    StateQuery,
    TakeSnapshot,
)
from claude_agent.domain.duration import parse_duration

router = APIRouter(tags=["state"])


@router.get(
    "/state",
    summary="List shared state",
    openapi_extra=documented(query=StateQuery, answer="StateList"),
)
async def states(request: Request) -> Response:
    """Return a page of the keys that match, in order."""
    query = read_query(request, StateQuery)
    return await reply(request, services(request).states, query.pattern, query.page())


@router.get(
    "/state/snapshots", summary="List snapshots", openapi_extra=documented(answer="SnapshotList")
)
async def snapshots(request: Request) -> Response:
    """Return the newest snapshots."""
    return await reply(request, services(request).snapshots)


@router.post(
    "/state/snapshots",
    summary="Take a snapshot",
    status_code=201,
    openapi_extra=documented(body=TakeSnapshot, answer="Snapshot"),
)
async def take(request: Request) -> Response:
    """Copy the whole state."""
    body, plain = await read_body(request, TakeSnapshot)
    work = partial(services(request).take_snapshot, body.name, actor=actor(request))
    return await reply_once(request, 201, work, plain)


@router.get(
    "/state/snapshots/{name}",
    summary="Show a snapshot",
    openapi_extra=documented(answer="SnapshotDetail"),
)
async def snapshot(request: Request) -> Response:
    """Return a snapshot, by its id or the newest of a name, with what it holds."""
    return await reply(request, services(request).snapshot, part(request, "name"))


@router.post(
    "/state/snapshots/{name}/restore",
    summary="Restore a snapshot",
    openapi_extra=documented(body=Nothing, answer="SnapshotRestored"),
)
async def restore(request: Request) -> Response:
    """Make the state what the snapshot holds; each change is an event of its key."""
    _, plain = await read_body(request, Nothing)
    work = partial(services(request).restore_snapshot, part(request, "name"), actor=actor(request))
    return await reply_once(request, 200, work, plain)


@router.get(
    "/state/{key}", summary="Read shared state", openapi_extra=documented(answer="StateEntry")
)
async def state(request: Request) -> Response:
    """Return the newest value of a key with its version."""
    return await reply(request, services(request).state_of, part(request, "key"))


@router.post(
    "/state/{key}",
    summary="Set shared state",
    openapi_extra=documented(body=SetState, answer="StateEntry"),
)
async def set_(request: Request) -> Response:
    """Set a key; with `version` only if it still is at that version."""
    body, plain = await read_body(request, SetState)
    ttl = None if body.ttl is None else parse_duration(body.ttl)
    work = partial(
        services(request).set_state,
        part(request, "key"),
        body.value,
        version=body.version,
        ttl_ms=ttl,
        actor=actor(request),
    )
    return await reply_once(request, 200, work, plain)


@router.post(
    "/state/{key}/delete",
    summary="Delete shared state",
    openapi_extra=documented(body=DeleteState, answer="StateDeletion"),
)
async def delete(request: Request) -> Response:
    """Delete a key; its history stays."""
    body, plain = await read_body(request, DeleteState)
    key, port = part(request, "key"), services(request)
    work = partial(port.delete_state, key, version=body.version, actor=actor(request))
    return await reply_once(request, 200, work, plain)


@router.get(
    "/state/{key}/history",
    summary="Show a key's history",
    openapi_extra=documented(query=StateHistoryQuery, answer="StateHistory"),
)
async def history(request: Request) -> Response:
    """Return who changed a key, when and to what."""
    query = read_query(request, StateHistoryQuery)
    work = services(request).state_history
    key = part(request, "key")
    return await reply(request, work, key, after=query.after, limit=query.limit)
