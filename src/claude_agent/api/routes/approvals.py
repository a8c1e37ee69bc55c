"""Approvals: list, show, approve, reject, the rules; and the tokens of those who decide."""

from functools import partial

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
from claude_agent.api.wire import Nothing
from claude_agent.api.wire_approvals import ApprovalQuery, CreateToken, DecideApproval

router = APIRouter(tags=["approvals"])


@router.get(
    "/approvals",
    summary="List approvals",
    openapi_extra=documented(query=ApprovalQuery, answer="ApprovalList"),
)
async def approvals(request: Request) -> Response:
    """Return a page of approvals, newest first, with the number in each state."""
    wanted = read_query(request, ApprovalQuery).to_filter()
    return await reply(request, services(request).approvals, wanted)


@router.get(
    "/approvals/rules",
    summary="The policy of approvals",
    openapi_extra=documented(answer="ApprovalRules"),
)
async def rules(request: Request) -> Response:
    """Return the rules in their order, and what is decided where none matches."""
    return await reply(request, services(request).approval_rules)


@router.get(
    "/approvals/{ref}", summary="Show one approval", openapi_extra=documented(answer="Approval")
)
async def approval(request: Request) -> Response:
    """Return the approval with this id or ref, or a task's, with exactly what would run."""
    work = partial(services(request).approval, caller=caller(request))
    return await reply(request, work, part(request, "ref"))


@router.post(
    "/approvals/{ref}/approve",
    summary="Approve",
    openapi_extra=documented(body=DecideApproval, answer="Approval"),
)
async def approve(request: Request) -> Response:
    """Say yes to exactly what was shown; 409 when somebody was first or it has changed."""
    return await _decide(request, yes=True)


@router.post(
    "/approvals/{ref}/reject",
    summary="Reject",
    openapi_extra=documented(body=DecideApproval, answer="Approval"),
)
async def reject(request: Request) -> Response:
    """Say no; 409 when somebody was first."""
    return await _decide(request, yes=False)


async def _decide(request: Request, *, yes: bool) -> Response:
    body, plain = await read_body(request, DecideApproval)
    port, ref, who = services(request), part(request, "ref"), caller(request)
    decision = body.to_decision(yes=yes)
    return await answer_once(
        request, lambda key: port.decide_approval(ref, decision, caller=who, key=key), plain
    )


@router.get("/tokens", summary="List tokens", openapi_extra=documented(answer="TokenList"))
async def tokens(request: Request) -> Response:
    """Return every token that was made, without what it is."""
    return await reply(request, services(request).tokens)


@router.post(
    "/tokens",
    status_code=201,
    summary="Make a token",
    openapi_extra=documented(body=CreateToken, answer="TokenMade"),
)
async def create(request: Request) -> Response:
    """Make a token for a person with a role; it is shown this once and not stored."""
    body, _ = await read_body(request, CreateToken)
    work = partial(services(request).create_token, body.name, body.role, actor=actor(request))
    # Without the idempotency store: an answer that holds a token is kept nowhere.
    return await reply_with(request, 201, work)


@router.post(
    "/tokens/{name}/revoke",
    summary="Revoke a token",
    openapi_extra=documented(body=Nothing, answer="TokenRevoked"),
)
async def revoke(request: Request) -> Response:
    """Let a token open nothing any more."""
    _, plain = await read_body(request, Nothing)
    work = partial(services(request).revoke_token, part(request, "name"), actor=actor(request))
    return await reply_once(request, 200, work, plain)
