"""Reads the request headers the guard needs, and writes those that every answer carries."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from claude_agent.errors import Malformed

_SINGLE = frozenset(
    {
        b"host",
        b"origin",
        b"authorization",
        b"content-type",
        b"content-length",
        b"content-encoding",
        b"transfer-encoding",
        b"x-csrf",
        b"x-request-id",
    }
)
_MAY_REPEAT = frozenset({b"cookie"})

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
_API_POLICY = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_DOCS_POLICY = _API_POLICY + b"; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """The headers of a request that decide about it."""

    host: str | None = None
    origin: str | None = None
    authorization: str | None = None
    content_type: str | None = None
    content_length: str | None = None
    content_encoding: str | None = None
    transfer_encoding: str | None = None
    x_csrf: str | None = None
    x_request_id: str | None = None
    cookies: dict[str, str] = field(default_factory=dict)


def read(raw: Iterable[tuple[bytes, bytes]]) -> Incoming:
    """Read the headers. Raises Malformed where one that decides comes twice."""
    found: dict[bytes, bytes] = {}
    cookies: list[bytes] = []
    for name, value in raw:
        if name in _SINGLE:
            # Two hosts or two lengths are how request smuggling begins.
            if name in found:
                msg = f"The header {name.decode()} came twice."
                raise Malformed(msg, hint="Send it once.")
            found[name] = value
        elif name in _MAY_REPEAT:
            cookies.append(value)
    texts = {
        name.decode().replace("-", "_"): value.decode("latin-1") for name, value in found.items()
    }
    return Incoming(**texts, cookies=_cookies(cookies))


def _cookies(lines: Iterable[bytes]) -> dict[str, str]:
    jar: dict[str, str] = {}
    for line in lines:
        for pair in line.decode("latin-1").split(";"):
            name, equals, value = pair.strip().partition("=")
            if equals:
                jar.setdefault(name, value)
    return jar


def outgoing(path: str, host: str, request_id: str) -> list[tuple[bytes, bytes]]:
    """Return the headers that every answer at `path` carries."""
    return [
        *_ALWAYS,
        (b"content-security-policy", _policy(path, host)),
        (b"x-request-id", request_id.encode("latin-1")),
    ]


def _policy(path: str, host: str) -> bytes:
    if path == "/docs":
        return _DOCS_POLICY
    if not path.startswith("/ui"):
        return _API_POLICY
    # `host` has passed the allow-list; an absolute socket address leaves no way out elsewhere.
    return (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "font-src 'self'; img-src 'self' data:; "
        f"connect-src 'self' ws://{host} wss://{host}; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ).encode("latin-1")
