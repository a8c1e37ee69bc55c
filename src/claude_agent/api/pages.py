"""The dashboard's built files: safe paths, hashed names for ever, the index never kept."""

import re
from pathlib import Path, PurePosixPath

from starlette.responses import HTMLResponse, Response

from claude_agent.errors import NotFound

_HASHED = re.compile(r"-[A-Za-z0-9_-]{8,}\.[a-z0-9.]+$")
_SAFE_NAME = re.compile(r"[A-Za-z0-9_@-][A-Za-z0-9_.@-]*")
_FOR_EVER = "public, max-age=31536000, immutable"
_MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
_UNBUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>claude-agent</title>
<style>body{font:16px system-ui;margin:4rem auto;max-width:36rem;padding:0 1rem}</style>
<h1>The dashboard is not built</h1>
<p>The server is running and its API answers. To build the dashboard, run
<code>make dashboard</code> in the checkout and load this page again.</p></html>
"""


def index(folder: Path) -> Response:
    """Return the dashboard's page, or one that says how to build it."""
    try:
        content = (folder / "index.html").read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return HTMLResponse(_UNBUILT, headers={"Cache-Control": "no-cache"})
    return HTMLResponse(content, headers={"Cache-Control": "no-cache"})


def file(folder: Path, path: str, *, accepts_gzip: bool) -> Response:
    """Return one file of the dashboard. Raises NotFound for whatever is not plainly one."""
    parts = PurePosixPath(path).parts
    suffix = PurePosixPath(path).suffix
    if suffix not in _MEDIA or not all(_SAFE_NAME.fullmatch(part) for part in parts):
        raise _nothing(path)
    wanted = folder.joinpath(*parts)
    packed = wanted.with_name(wanted.name + ".gz")
    use_packed = accepts_gzip and _inside(folder, packed)
    if not _inside(folder, wanted):
        raise _nothing(path)
    headers = {
        "Cache-Control": _FOR_EVER if _HASHED.search(wanted.name) else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if use_packed:
        headers["Content-Encoding"] = "gzip"
    content = (packed if use_packed else wanted).read_bytes()
    return Response(content, media_type=_MEDIA[suffix], headers=headers)


def _inside(folder: Path, path: Path) -> bool:
    """Say whether this is a plain file in the folder, also after every symlink is followed."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):  # missing, too long, or a loop of links
        return False
    return real.is_file() and real.is_relative_to(folder.resolve())


def _nothing(path: str) -> NotFound:
    return NotFound(f"The dashboard has no file {path[:200]!r}.", hint="Open /ui/.")
