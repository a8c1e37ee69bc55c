"""What an application's process must know after it was killed."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from claude_agent.appd.errors import AppError
from claude_agent.appd.processes import Identity

KEPT_DEPLOYMENTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One switch that somebody asked for; `key` is the step's effect key ('' by hand)."""

    execution: str
    key: str
    release: str
    previous: str
    undone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AppState:
    """The whole state; `release` is '' before the first one, `processes` may hold the public.

    A process is written here before it may serve the public, so every one that could is known.
    """

    port: int = 0
    wanted: bool = False
    release: str = ""
    processes: tuple[Identity, ...] = ()
    deployments: tuple[Deployment, ...] = ()

    def by_key(self, key: str) -> Deployment | None:
        """Return the deployment that a step has made."""
        made = (one for one in reversed(self.deployments) if key and one.key == key)
        return next(made, None)

    def to_undo(self, execution: str) -> Deployment | None:
        """Return the last switch of an execution (by hand: of the live release) still in force."""
        for one in reversed(self.deployments):
            if one.undone:
                continue
            if one.execution == execution if execution else one.release == self.release:
                return one
        return None

    @property
    def previous(self) -> str:
        """The release that an undo would return to, or ''."""
        live = self.to_undo("")
        return live.previous if live else ""

    def with_deployment(self, made: Deployment) -> "AppState":
        """Return the state with one more deployment, in force."""
        kept = (*self.deployments, made)[-KEPT_DEPLOYMENTS:]
        return replace(self, deployments=kept)

    def with_undone(self, gone: Deployment) -> "AppState":
        """Return the state in which this deployment no longer counts."""
        marked = tuple(replace(d, undone=True) if d == gone else d for d in self.deployments)
        return replace(self, deployments=marked)


def file(folder: Path) -> Path:
    """Return the state file in an application's folder."""
    return folder / "state.json"


def load(folder: Path) -> AppState:
    """Read the state; a missing file is a new application. Raises AppError for a broken one."""
    try:
        data = json.loads(file(folder).read_text(encoding="utf-8"))
        return _from_data(data)
    except FileNotFoundError:
        return AppState()
    except (ValueError, KeyError, TypeError) as error:
        message = f"{file(folder)} cannot be read: {error}"
        raise AppError(message, hint="Move it away; the next deployment makes it anew.") from error


def save(folder: Path, state: AppState) -> None:
    """Write the state as a whole, on disk when this returns."""
    target = file(folder)
    temporary = target.with_name(".state.json.new")
    with temporary.open("w", encoding="utf-8") as out:
        json.dump({"v": 1, "name": folder.name, **asdict(state)}, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(target)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _from_data(data: Mapping[str, object]) -> AppState:
    processes, deployments = data["processes"], data["deployments"]
    if not isinstance(processes, list) or not isinstance(deployments, list):
        message = "processes and deployments must be lists"
        raise TypeError(message)
    return AppState(
        port=int(str(data["port"])),
        wanted=data["wanted"] is True,
        release=str(data["release"]),
        processes=tuple(Identity.from_data(one) for one in processes),
        deployments=tuple(Deployment(**one) for one in deployments),
    )
