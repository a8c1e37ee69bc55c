"""The one door: Host, then Origin, then token, for HTTP and WebSocket alike; then the table.

Plain ASGI, because it must also see sockets and count bytes before anybody buffers them.
The order matters: after DNS rebinding the Origin equals the Host, so the Host is asked first,
and against absolute names.
"""

import re
import secrets
from collections.abc import Callable, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from anyio import to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from claude_agent.api import headers, json_rpc, problems
from claude_agent.api.asked import OPERATOR as OPERATOR_CALLER
from claude_agent.api.asked import Caller
from claude_agent.api.services import Access
from claude_agent.api.sessions import COOKIE, Session, Sessions
from claude_agent.api.table import AT_WORK, Entry, Rule, Table
from claude_agent.errors import (
    ClaudeAgentError,
    Forbidden,
    Malformed,
    NotFound,
    TooLarge,
    Unauthorized,
    UnsupportedMedia,
)

MOST_BYTES = 1_048_576
OPERATOR = "operator"
LOOKED_UP = ("run.", "person.")
"""How tokens begin that are not the home's own; nothing else is looked up in the database."""
_SAFE = frozenset({"GET", "WS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LOGGED_ID: ContextVar[str] = ContextVar("structlog_request_id")
"""structlog puts variables of this prefix into every line that is logged meanwhile."""
_HOW = "Send `Authorization: Bearer <token>`; the token stands in the file `token` of the home."


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who stands at the door."""

    actor: str | None
    """Recorded with what they do; None: nobody we know."""
    session: Session | None = None
    """Their login, when they came by cookie."""
    caller: Caller = OPERATOR_CALLER
    """What their token says of them."""


NOBODY = Visitor(actor=None)


class Guard:
    """Lets in what the table, the host list and the token allow; refuses all else."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Access,
        sessions: Sessions,
        identify: Callable[[str], Caller | None] | None = None,
    ) -> None:
        self._app = app
        self._identify = identify
        self._sessions = sessions
        self._table = Table()
        scheme = "https" if access.secure else "http"
        self._hosts = frozenset(host.lower() for host in access.hosts)
        self._origins = frozenset(
            [*(f"{scheme}://{host}" for host in self._hosts), *access.origins]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        answer = _Reply(scope, send)
        try:
            incoming = headers.read(scope["headers"])
            answer.name(incoming)
            _LOGGED_ID.set(answer.request_id)
            visitor = await self.admit(scope, incoming)
            state = scope.setdefault("state", {})
            state["request_id"], state["visitor"] = answer.request_id, visitor
            bounded = receive if scope["type"] == "websocket" else _bounded(incoming, receive)
            await self._app(scope, bounded, answer.send)
        except ClaudeAgentError as error:
            await answer.refuse(error, receive)
        except Exception as error:  # noqa: BLE001 - the last one who can keep a traceback inside
            await answer.refuse(problems.unforeseen(error, answer.request_id), receive)

    async def admit(self, scope: Scope, incoming: headers.Incoming) -> Visitor:
        """Return who comes in, or raise why not."""
        method = "WS" if scope["type"] == "websocket" else scope["method"]
        self._check_host(incoming)
        self._check_origin(incoming)
        visitor = await self._recognise(incoming)
        rules = self._table.at(scope["path"])
        rule = rules.get(method)
        if visitor.actor is None and (rule is None or rule.entry is Entry.TOKEN):
            msg = "This needs a token."
            raise Unauthorized(msg, hint=_HOW)
        rule = rule or _missing(scope, method, rules)
        if visitor.caller.over and not rule.late:
            msg = "The token is of a run that is over."
            raise Unauthorized(msg, hint="A run's token ends with the run.")
        role = visitor.caller.role
        if role != OPERATOR and rule.entry is Entry.TOKEN and role not in rule.roles:
            msg = f"The role {role} may not do this."
            raise Forbidden(msg, hint="Ask the operator.")
        if visitor.session is not None:
            _check_session(visitor.session, rule, incoming)
        if method not in _SAFE:
            _check_media(incoming)
        return visitor

    def _check_host(self, incoming: headers.Incoming) -> None:
        if (incoming.host or "").lower() not in self._hosts:
            msg = "This server does not answer for that host name."
            raise problems.Misdirected(
                msg,
                hint=f"Use one of {', '.join(sorted(self._hosts))}.",
            )

    def _check_origin(self, incoming: headers.Incoming) -> None:
        # No Origin: not a browser, or a same-origin GET, which other origins cannot read.
        if incoming.origin is not None and incoming.origin not in self._origins:
            msg = "Requests from pages of another origin are refused."
            raise Forbidden(msg)

    async def _recognise(self, incoming: headers.Incoming) -> Visitor:
        if incoming.authorization is not None:
            kind, _, token = incoming.authorization.partition(" ")
            token = token.strip()
            if kind.lower() == "bearer" and self._sessions.is_token(token):
                return Visitor(actor=OPERATOR)
            caller = None
            if kind.lower() == "bearer" and self._identify and token.startswith(LOOKED_UP):
                caller = await to_thread.run_sync(self._identify, token)
            if caller is None:
                msg = "The token is wrong."
                raise Unauthorized(msg, hint=_HOW)
            return Visitor(actor=caller.actor, caller=caller)
        session = self._sessions.check(incoming.cookies.get(COOKIE, ""))
        return Visitor(actor=OPERATOR, session=session) if session else NOBODY


def _missing(scope: Scope, method: str, rules: dict[str, Rule]) -> Rule:
    path = scope["path"]
    if rules and method != "WS":
        allow = sorted(known for known in rules if known != "WS")
        msg = f"{method} is not possible at {path}."
        raise problems.MethodNotAllowed(msg, allow=allow)
    msg = f"There is nothing at {path}."
    raise NotFound(msg, hint="GET /docs lists every address.")


def _check_session(session: Session, rule: Rule, incoming: headers.Incoming) -> None:
    if rule.method == "WS" and incoming.origin is None:
        msg = "A socket opened by cookie must come from a page."
        raise Forbidden(msg)
    if rule.method not in _SAFE and rule.entry is not Entry.OPEN:
        sent = (incoming.x_csrf or "").encode("utf-8", "replace")
        if not secrets.compare_digest(sent, session.csrf.encode()):
            msg = "The header X-CSRF is missing or wrong."
            raise Forbidden(msg, hint="GET /session gives its value.")


def _check_media(incoming: headers.Incoming) -> None:
    empty = incoming.transfer_encoding is None and incoming.content_length in {None, "0"}
    media = (incoming.content_type or "").partition(";")[0].strip().lower()
    if media != "application/json" and not (empty and not media):
        msg = "The body must be JSON."
        raise UnsupportedMedia(msg, hint="Set Content-Type: application/json.")
    if incoming.content_encoding not in {None, "identity"}:
        msg = "Compressed bodies are not accepted."
        raise UnsupportedMedia(msg, hint="Send plain JSON.")


def _bounded(incoming: headers.Incoming, receive: Receive) -> Receive:
    """Refuse a long body by what it says of itself, and count it if it lied."""
    told = incoming.content_length
    if told is not None and not told.isascii():
        msg = "Content-Length is not a number."
        raise Malformed(msg)
    if told is not None and (not told.isdigit() or len(told) > 20 or int(told) > MOST_BYTES):  # noqa: PLR2004 - digits of 2**64
        raise _too_large()
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BYTES:
            raise _too_large()
        return message

    return counted


def _too_large() -> TooLarge:
    return TooLarge(
        f"The body is over {MOST_BYTES} bytes.", hint="Put large content into a file and name it."
    )


class _Reply:
    """The answer of one connection: adds the common headers, refuses in the right form."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._host = "invalid"
        self._begun = False
        self.request_id = secrets.token_hex(8)

    def name(self, incoming: headers.Incoming) -> None:
        """Take over the caller's request id, where it is harmless."""
        self._host = incoming.host or "invalid"
        if incoming.x_request_id and _REQUEST_ID.fullmatch(incoming.x_request_id):
            self.request_id = incoming.x_request_id

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Send one ASGI message, with the common headers on the first."""
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            self._begun = True
            message = {**message, "headers": [*self._own(message), *message.get("headers", ())]}
        elif message["type"] == "websocket.accept":
            self._begun = True
        await self._send(message)

    def _own(self, message: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
        own = headers.outgoing(self._scope["path"], self._host, self.request_id)
        if not any(name.lower() == b"cache-control" for name, _ in message.get("headers", ())):
            own.append((b"cache-control", b"no-store"))
        return own

    async def refuse(self, error: ClaudeAgentError, receive: Receive) -> None:
        """Answer with a problem, or end what has begun already."""
        if self._scope["type"] == "websocket":
            await self._refuse_socket(error)
        elif self._begun:
            # Too late for a problem: an open answer must not look complete.
            raise error
        else:
            # An agent can correct what is too large, so its client must show it the words.
            of_agent = isinstance(error, TooLarge) and self._scope["path"] == AT_WORK
            tell = json_rpc.refusal if of_agent else problems.response
            await tell(error, self.request_id)(self._scope, receive, self.send)

    async def _refuse_socket(self, error: ClaudeAgentError) -> None:
        if self._begun:
            await self._send({"type": "websocket.close", "code": 1011, "reason": error.code})
            return
        if "websocket.http.response" not in self._scope.get("extensions", {}):
            await self._send({"type": "websocket.close", "code": 1008, "reason": error.code})
            return
        answer = problems.response(error, self.request_id)
        await self.send(
            {
                "type": "websocket.http.response.start",
                "status": answer.status_code,
                "headers": answer.raw_headers,
            }
        )
        await self._send({"type": "websocket.http.response.body", "body": answer.body})
