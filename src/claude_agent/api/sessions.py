"""Browser logins: a signed cookie that outlives a restart, and tickets that work once.

The cookie is not stored anywhere: it carries its end and a MAC under a key made from the token.
So a restarted server knows it again, and a new token ends every session.
"""

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass

from claude_agent.clock import Clock

COOKIE = "claude_agent_session"
SESSION_MS = 7 * 24 * 3_600_000
TICKET_MS = 30_000
_MOST_TICKETS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A login that was checked."""

    csrf: str
    """What unsafe methods must carry as `X-CSRF`."""
    expires_at: int
    """Epoch milliseconds."""


class Sessions:
    """Makes and checks cookies and tickets; safe from any thread."""

    def __init__(self, token: str, clock: Clock) -> None:
        self._token = token.encode()
        self._key = hmac.digest(self._token, b"claude-agent session", "sha256")
        self._clock = clock
        self._tickets: dict[str, int] = {}
        self._lock = threading.Lock()

    def is_token(self, candidate: str) -> bool:
        """Compare with the token in constant time."""
        # Both sides are hashed, so that not even the length can be measured.
        mine = hashlib.sha256(self._token).digest()
        return hmac.compare_digest(
            mine, hashlib.sha256(candidate.encode("utf-8", "replace")).digest()
        )

    def open(self) -> tuple[str, Session]:
        """Return a new cookie's value and its session."""
        expires_at = self._clock.now() + SESSION_MS
        body = f"v1.{expires_at}.{secrets.token_urlsafe(18)}"
        return f"{body}.{self._sign(body)}", Session(csrf=self._csrf(body), expires_at=expires_at)

    def check(self, cookie: str) -> Session | None:
        """Return the session of a cookie, or None when it is forged or over."""
        body, _, signature = cookie.rpartition(".")
        expected = self._sign(body)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            return None
        expires_at = int(body.split(".")[1])
        if expires_at <= self._clock.now():
            return None
        return Session(csrf=self._csrf(body), expires_at=expires_at)

    def ticket(self) -> str:
        """Return a ticket that opens one session within 30 s."""
        ticket = secrets.token_urlsafe(24)
        now = self._clock.now()
        with self._lock:
            alive = [(end, name) for name, end in self._tickets.items() if end > now]
            newest = sorted(alive)[-(_MOST_TICKETS - 1) :]
            self._tickets = {name: end for end, name in newest}
            self._tickets[ticket] = now + TICKET_MS
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Use a ticket up; say whether it was good."""
        with self._lock:
            end = self._tickets.pop(ticket, 0)
        return end > self._clock.now()

    def _sign(self, body: str) -> str:
        return hmac.new(
            self._key, f"cookie {body}".encode("utf-8", "replace"), "sha256"
        ).hexdigest()

    def _csrf(self, body: str) -> str:
        return hmac.new(self._key, f"csrf {body}".encode("utf-8", "replace"), "sha256").hexdigest()
