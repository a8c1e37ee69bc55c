"""Where an application's files lie in the home."""

import re
from dataclasses import dataclass
from pathlib import Path

from claude_agent.appd.errors import AppError

NAME = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")
RELEASE = re.compile(r"[0-9]+-[0-9a-f]{7,40}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPaths:
    """The files of the application `name` in `home` (absolute)."""

    home: Path
    name: str

    def __post_init__(self) -> None:
        if not NAME.match(self.name):
            message = f"{self.name!r} is no application name"
            raise AppError(message, hint="Use lower-case letters, digits and dashes.")

    @property
    def folder(self) -> Path:
        """State, history, sockets and data of the application; private to the user."""
        return self.home / "apps" / self.name

    @property
    def releases(self) -> Path:
        """One folder per release."""
        return self.home / "releases" / self.name

    @property
    def database(self) -> Path:
        """The live database, shared by all releases."""
        return self.folder / "data" / f"{self.name}.db"

    @property
    def history(self) -> Path:
        """What happened when, one JSON object per line."""
        return self.folder / "history.jsonl"

    def log(self, release: str) -> Path:
        """What the processes of one release have printed."""
        return self.folder / "logs" / f"{release}.log"

    def make(self) -> None:
        """Make the folders."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / "logs").mkdir(exist_ok=True, mode=0o700)
        (self.folder / "data").mkdir(exist_ok=True, mode=0o700)


def names(home: Path) -> list[str]:
    """Return the applications that have been deployed in this home, by name."""
    found = (home / "apps").glob("*/state.json")
    return sorted(path.parent.name for path in found if NAME.match(path.parent.name))
