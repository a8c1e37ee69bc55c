"""A release: a folder that never changes, with `release.json` that says how to start it."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from claude_agent.appd.errors import AppError
from claude_agent.appd.paths import RELEASE, AppPaths

FILE = "release.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What is needed to start a release.

    `start` is its command line (a leading `python` means our own interpreter), `health` a path
    that answers 200 when it works, `environment` what it is told besides the sockets.
    """

    id: str
    folder: Path
    start: tuple[str, ...]
    health: str = "/health"
    environment: Mapping[str, str] = field(default_factory=dict)
    sha: str = ""
    key: str = ""

    @property
    def number(self) -> int:
        """Its place among the application's releases."""
        return int(self.id.partition("-")[0])

    @property
    def argv(self) -> list[str]:
        """The command line to execute."""
        python = self.start[0] in {"python", "python3"}
        return [sys.executable if python else self.start[0], *self.start[1:]]


def load(paths: AppPaths, release: str) -> Release:
    """Read one release; AppError if it is not there or was not made by us."""
    if not RELEASE.match(release):
        message = f"{release!r} is no release of {paths.name}"
        raise AppError(message)
    folder = paths.releases / release
    try:
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Release(
            id=release,
            folder=folder,
            start=tuple(str(word) for word in data["start"]),
            health=str(data["health"]),
            environment={str(k): str(v) for k, v in data["environment"].items()},
            sha=str(data["sha"]),
            key=str(data["key"]),
        )
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        message = f"release {release} of {paths.name} cannot be used: {error}"
        raise AppError(message, hint="Deploy again.") from error


def save(release: Release, folder: Path) -> None:
    """Write `release.json` into a folder that is about to become the release."""
    data = {
        "v": 1,
        "id": release.id,
        "sha": release.sha,
        "key": release.key,
        "start": list(release.start),
        "health": release.health,
        "environment": dict(release.environment),
    }
    (folder / FILE).write_text(json.dumps(data, indent=1), encoding="utf-8")
