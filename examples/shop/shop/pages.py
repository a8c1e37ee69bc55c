"""The home page and the built files it names."""

import json
import re
from html import escape
from pathlib import Path

from shop.errors import Refused
from shop.settings import Settings

_ASSET = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+\Z")
TYPES = {".js": "text/javascript", ".css": "text/css", ".map": "application/json"}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The corner shop</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/{style}">
</head>
<body>
<main id="shop" data-release="{release}"><p>One moment.</p></main>
<script type="module" src="/{script}"></script>
</body>
</html>
"""


def manifest_file(settings: Settings) -> Path:
    """Return where the build left the names of its files."""
    return settings.static / "manifest.json"


def home(settings: Settings, release: str) -> str:
    """Return the home page; Refused (503) while the front end is not built."""
    try:
        names = json.loads(manifest_file(settings).read_text())
        script, style = names["main.js"], names["style.css"]
    except (OSError, ValueError, KeyError) as error:
        raise Refused("the front end is not built: run npm run build", 503) from error
    return PAGE.format(script=escape(script), style=escape(style), release=escape(release))


def asset(settings: Settings, name: str) -> tuple[str, bytes]:
    """Return the type and content of one built file; Refused (404) for any other name."""
    path = settings.static / "assets" / name
    if not _ASSET.match(name) or not path.is_file():
        raise Refused("there is no such file", 404)
    return TYPES.get(path.suffix, "application/octet-stream"), path.read_bytes()
