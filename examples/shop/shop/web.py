"""The HTTP side: routes, JSON in and out."""

import json
import sqlite3
import sys
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import shop
from shop import catalog, migrations, orders, pages
from shop.database import connect
from shop.errors import Refused
from shop.settings import Settings

BODY_LIMIT = 64 * 1024
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back to the browser."""

    body: bytes
    status: int = 200
    kind: str = "application/json"
    cache: str = "no-store"


def as_json(value: object, status: int = 200) -> Answer:
    """Return a JSON answer."""
    return Answer(body=json.dumps(value, ensure_ascii=False).encode(), status=status)


def health(settings: Settings) -> Answer:
    """Say which release answers and on which schema; 503 if the database is too old for it."""
    with connect(settings.database) as connection:
        schema = migrations.version(connection)
    ok = schema >= shop.NEEDS_SCHEMA
    told = {
        "ok": ok,
        "app": "shop",
        "release": settings.release or shop.RELEASE,
        "version": shop.RELEASE,
        "schema": schema,
        "environment": settings.environment,
    }
    return as_json(told, 200 if ok else 503)


def get(settings: Settings, target: str) -> Answer:
    """Answer a GET; Refused for what is not there."""
    parts = urlsplit(target)
    first, _, rest = parts.path.removeprefix("/").partition("/")
    if not first:
        page = pages.home(settings, shop.RELEASE)
        return Answer(body=page.encode(), kind="text/html; charset=utf-8")
    if first == "assets":
        kind, body = pages.asset(settings, rest)
        return Answer(body=body, kind=kind, cache="public, max-age=31536000, immutable")
    if parts.path == "/health":
        return health(settings)
    with connect(settings.database) as connection:
        if parts.path == "/api/products":
            search = parse_qs(parts.query).get("search", [""])[0]
            return as_json({"items": catalog.products(connection, search)})
        if first == "api" and rest.startswith("orders/") and rest[7:].isdigit():
            return as_json(orders.find(connection, int(rest[7:])))
    raise Refused("there is nothing at this address", 404)


def post(settings: Settings, target: str, body: dict[str, object]) -> Answer:
    """Answer a POST; Refused for what cannot be done."""
    with connect(settings.database) as connection:
        if target == "/api/cart":
            return as_json(orders.quote(connection, orders.read_items(body)))
        if target == "/api/orders":
            return as_json(orders.place(connection, body), 201)
    raise Refused("there is nothing at this address", 404)


class Handler(BaseHTTPRequestHandler):
    """One request per connection, so that a release can end without cutting anyone off."""

    settings: ClassVar[Settings] = Settings()
    server_version = "shop"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer(False)

    def do_HEAD(self) -> None:
        """Answer a HEAD: a GET without its body."""
        self._answer(False)

    def do_POST(self) -> None:
        """Answer a POST."""
        self._answer(True)

    def _answer(self, has_body: bool) -> None:
        try:
            if has_body:
                answer = post(self.settings, self.path, self._body())
            else:
                answer = get(self.settings, self.path)
        except Refused as error:
            answer = as_json({"error": str(error)}, error.status)
        except (sqlite3.Error, OSError) as error:
            self.log_error("%s", error)
            answer = as_json({"error": "the shop has a problem; try again"}, 500)
        with suppress(ConnectionError):  # the visitor has left: nobody to tell
            self._send(answer)

    def _body(self) -> dict[str, object]:
        if self.headers.get_content_type() != "application/json":
            raise Refused("send JSON", 415)
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > BODY_LIMIT:
            raise Refused("the body is missing or too large", 413)
        try:
            body = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError) as error:
            raise Refused("the body is not JSON") from error
        if not isinstance(body, dict):
            raise Refused("the body must be an object")
        return body

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        headers = {
            "Content-Type": answer.kind,
            "Content-Length": str(len(answer.body)),
            "Cache-Control": answer.cache,
        }
        for name, value in (headers | _SAFE).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Only errors are worth a line."""

    def log_message(self, format: str, *args: object) -> None:
        """Write one line without control characters."""
        line = (format % args).translate({code: "?" for code in range(32)})
        sys.stderr.write(f"shop: {line}\n")
