"""The dashboard's files and the browser's login."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from claude_agent.api import pages
from claude_agent.api.context import actor, context, encode, part, read_body, read_query, visitor
from claude_agent.api.openapi import documented
from claude_agent.api.sessions import COOKIE, SESSION_MS, Session
from claude_agent.api.wire import Nothing, OpenSession, TicketQuery
from claude_agent.errors import Unauthorized

router = APIRouter(tags=["browser"])


@router.get("/session", summary="Who is logged in", openapi_extra=documented(answer="Session"))
async def session(request: Request) -> Response:
    """Return the value that unsafe methods by cookie must carry as `X-CSRF`."""
    return _told(request, visitor(request).session)


@router.post(
    "/session",
    summary="Exchange a token for a cookie",
    openapi_extra=documented(body=OpenSession, answer="Session"),
)
async def log_in(request: Request) -> Response:
    """Set the session cookie; the token is in the body, never in an address."""
    body, _ = await read_body(request, OpenSession)
    sessions = context(request).sessions
    if not sessions.is_token(body.token):
        msg = "The token is wrong."
        raise Unauthorized(msg, hint="`claude-agent open` logs you in.")
    cookie, opened = sessions.open()
    answer = _told(request, opened)
    _set_cookie(request, answer, cookie)
    return answer


@router.delete("/session", status_code=204, summary="Log out")
async def log_out() -> Response:
    """Take the session cookie away."""
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


@router.post(
    "/session/ticket",
    status_code=201,
    summary="A one-use address that logs a browser in",
    openapi_extra=documented(body=Nothing, answer="Ticket"),
)
async def ticket(request: Request) -> Response:
    """Return an address that works once, within 30 s."""
    await read_body(request, Nothing)
    made = context(request).sessions.ticket()
    return Response(
        content=encode({"url": f"/ui/login?ticket={made}"}),
        status_code=201,
        media_type="application/json",
    )


@router.get("/ui/login", include_in_schema=False)
async def redeem(request: Request) -> Response:
    """Use a ticket up, set the cookie, and go to the dashboard."""
    wanted = read_query(request, TicketQuery)
    sessions = context(request).sessions
    if not sessions.redeem(wanted.ticket):
        msg = "This ticket was used already or is too old."
        raise Unauthorized(msg, hint="Run `claude-agent open` again.")
    cookie, _ = sessions.open()
    answer = RedirectResponse("/ui/", status_code=303)
    _set_cookie(request, answer, cookie)
    return answer


@router.get("/ui", include_in_schema=False)
async def bare() -> Response:
    """Add the slash that relative addresses need."""
    return RedirectResponse("/ui/", status_code=307)


@router.get("/ui/", include_in_schema=False)
async def index(request: Request) -> Response:
    """Return the dashboard's page, or one that says how to build it."""
    return await context(request).call(pages.index, _folder(request))


@router.get("/ui/{path:path}", include_in_schema=False)
async def file(request: Request) -> Response:
    """Return one of the dashboard's files."""
    path = part(request, "path")
    accepts_gzip = "gzip" in request.headers.get("accept-encoding", "")
    return await context(request).call(
        pages.file, _folder(request), path, accepts_gzip=accepts_gzip
    )


def _folder(request: Request) -> Path:
    folder: Path = request.app.state.dashboard
    return folder


def _told(request: Request, opened: Session | None) -> Response:
    told: dict[str, Any] = {
        "actor": "operator" if opened else actor(request),
        "csrf": opened.csrf if opened else None,
        "expires_at": opened.expires_at if opened else None,
    }
    return Response(content=encode(told), media_type="application/json")


def _set_cookie(request: Request, answer: Response, cookie: str) -> None:
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=SESSION_MS // 1000,
        path="/",
        secure=context(request).access.secure,
        httponly=True,
        samesite="strict",
    )
