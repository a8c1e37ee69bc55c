"""Ask a web address until it answers as expected."""

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed, BadParameter

BODY_LIMIT = 1024 * 1024
_OK = 200


class _UnexpectedError(Exception):
    """One try that did not answer as expected; the text says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said: status, content type, and at most 1 MiB of the body."""

    url: str
    status: int
    kind: str
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


def fetch(url: str, timeout: float) -> Answer:
    """GET one address, without redirects or proxies; raises OSError or HTTPException."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=timeout)
    try:
        target = parts.path or "/"
        connection.request("GET", f"{target}?{parts.query}" if parts.query else target)
        response = connection.getresponse()
        return Answer(
            url=url,
            status=response.status,
            kind=response.headers.get_content_type(),
            body=response.read(BODY_LIMIT),
        )
    finally:
        connection.close()


def perform(context: Context) -> Mapping[str, object]:
    """Check `url`, then `paths`, then what the pages name; try again as a whole on failure."""
    _check_url(context.text("url"))
    retries = context.integer("retries", 4, high=1000)
    delay = context.number("delay", 0.5, high=300)
    problem = ""
    for attempt in range(1, retries + 2):
        try:
            checked = _look(context)
        except (_UnexpectedError, OSError, http.client.HTTPException) as error:
            problem = str(error) or type(error).__name__
            context.say(f"try {attempt} of {retries + 1}: {problem}")
        else:
            context.say(f"ok: {', '.join(checked)}")
            return {"status": context.integer("status", _OK), "checked": checked,
                    "attempts": attempt}  # fmt: skip
        if attempt <= retries:
            context.pause(delay)
    msg = f"{context.text('url')} did not answer as expected in {retries + 1} tries: {problem}"
    raise ActionFailed(msg)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(ord(letter) <= ord(" ") for letter in url):
        raise BadParameter(name="url", problem=f"{url!r} is not an http or https address")


def _look(context: Context) -> list[str]:
    url, timeout = context.text("url"), context.number("timeout", 5, low=0.1, high=300)
    first = _expect(url, context.integer("status", _OK), timeout)
    if context.text("contains") not in first.text:
        msg = f"{url} does not contain {context.text('contains')!r}"
        raise _UnexpectedError(msg)
    _check_fields(first, context.values.get("json"))
    pages = [first, *(_expect(urljoin(url, path), _OK, timeout) for path in _paths(context))]
    checked = [page.url for page in pages]
    if context.flag("assets"):
        checked += _check_assets(pages, timeout)
    return checked


def _paths(context: Context) -> list[str]:
    paths = context.values.get("paths")
    if not isinstance(paths, list | tuple):
        return []
    if not all(isinstance(path, str) and path.startswith("/") for path in paths):
        raise BadParameter(name="paths", problem="each must be a text that begins with /")
    return [str(path) for path in paths]


def _expect(url: str, status: int, timeout: float) -> Answer:
    try:
        answer = fetch(url, timeout)
    except (OSError, http.client.HTTPException) as error:
        msg = f"{url}: {str(error) or type(error).__name__}"
        raise _UnexpectedError(msg) from error
    if answer.status != status:
        msg = f"{url} answered {answer.status}, expected {status}"
        raise _UnexpectedError(msg)
    return answer


def _check_fields(answer: Answer, fields: object) -> None:
    if not isinstance(fields, Mapping) or not fields:
        return
    try:
        document = json.loads(answer.body)
    except ValueError as error:
        msg = f"{answer.url} did not answer JSON"
        raise _UnexpectedError(msg) from error
    for path, expected in fields.items():
        found = _dig(document, str(path).split("."))
        if found != expected:
            msg = f"{answer.url}: {path} is {found!r}, expected {expected!r}"
            raise _UnexpectedError(msg)


def _dig(value: object, names: Sequence[str]) -> object:
    for name in names:
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def _check_assets(pages: Sequence[Answer], timeout: float) -> list[str]:
    found: list[str] = []
    for page in pages:
        if page.kind == "text/html":
            links = _Links()
            links.feed(page.text)
            found += [urljoin(page.url, link) for link in links.found]
    own = [url for url in dict.fromkeys(found) if urlsplit(url).netloc == _netloc(pages[0])]
    if not own:
        msg = f"no page at {pages[0].url} names a script or style sheet"
        raise _UnexpectedError(msg)
    for url in own:
        _expect(url, _OK, timeout)
    return own


def _netloc(answer: Answer) -> str:
    return urlsplit(answer.url).netloc


class _Links(HTMLParser):
    """Collects scripts and style sheets of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(  # type: ignore[explicit-override]  # actions: standard library only
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        values = dict(attrs)
        link = values.get("src") if tag == "script" else None
        if tag == "link" and values.get("rel") == "stylesheet":
            link = values.get("href")
        if link:
            self.found.append(link)
