"""Secrets on their way to a run, and out of what comes back from it.

They go to the shim in a file in memory (`/dev/shm`, 0600), which it removes before it starts
anything; a run that is sealed or reaped before takes its file along, and `handover_sweep` finds
what is left all the same.
"""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from claude_agent.agents.run_files import place_of
from claude_agent.core.run_control import Ended
from claude_agent.domain.task import Task
from claude_agent.errors import Invalid, SetupError
from claude_agent.shim.mask import Mask, mask_file, masked
from claude_agent.storage.secret_forms import needles
from claude_agent.storage.secrets import SecretStore

_WRITTEN = ("outputs.json", "heartbeat")
_RESERVED = "CLAUDE_AGENT_"


class SecretKeeper:
    """Hands the secrets of a task over and masks what its runs bring back."""

    def __init__(self, store: SecretStore) -> None:
        self._store = store

    def versions(self, task: Task) -> dict[str, tuple[str, str]]:
        """Return (secret, version) by variable: what an approval is bound to.

        Raises SecretMissing, Invalid, SetupError.
        """
        found = {}
        for variable, name in task.spec.secrets.items():
            if variable.startswith(_RESERVED):
                message = f"The variable {variable} is claude-agent's own: no secret can fill it."
                raise Invalid(message)
            found[variable] = (name, self._store.version(name, self._store.value(name)))
        return found

    def hand_over(self, task: Task, folder: Path) -> None:
        """Put the values where the shim of `folder` takes them. Raises as `versions`, OSError."""
        values = {variable: self._store.value(name) for variable, name in task.spec.secrets.items()}
        if not values:
            return
        content = {
            "folder": str(folder),  # for the sweep: of what is left it says whose it was
            "key": self._store.key().hex(),
            "values": values,
            "needles": [each.decode("latin-1") for each in needles(values.values())],
        }
        place = place_of(folder)
        _private(place.parent)
        place.unlink(missing_ok=True)
        fd = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(json.dumps(content).encode("ascii"))

    def scrub(self, task: Task, folder: Path) -> None:
        """Mask the files that a run wrote into its folder: where its shim could not do it."""
        if task.spec.secrets:
            hidden = self._needles(task)
            for name in _WRITTEN:
                mask_file(str(folder / name), hidden)

    def cleaned(self, task: Task, ended: Ended) -> Ended:
        """Return the end of a run without the values of the task's secrets."""
        if not task.spec.secrets:
            return ended
        hidden = self._needles(task)
        failure = ended.failure
        if failure is not None:
            failure = replace(failure, message=_text(failure.message, hidden))
        outputs = ended.outputs
        if outputs is not None:
            outputs = self.clean_data(task, outputs)
        verdict = dict(ended.verdict)
        if verdict.get("error"):
            verdict["error"] = _text(verdict["error"], hidden)
        return replace(
            ended,
            failure=failure,
            verdict=verdict,
            outputs=outputs,
            evidence=tuple(_text(each, hidden) for each in ended.evidence),
        )

    def clean_data(self, task: Task, data: Mapping[str, object]) -> dict[str, object]:
        """Return a JSON object without the values of the task's secrets."""
        if not task.spec.secrets:
            return dict(data)
        hidden = self._needles(task)
        return {_text(key, hidden): _data(data[key], hidden) for key in data}

    def clean_bytes(self, task: Task, content: bytes, most: int) -> bytes:
        """Return bytes without the values; over `most` bytes the end may be half of one."""
        hidden = self._needles(task)
        mask = Mask(hidden)
        return mask.feed(content) if len(content) > most else masked(content, hidden)

    def _needles(self, task: Task) -> list[bytes]:
        return needles(self._store.known(task.spec.secrets.values()))


def _private(folder: Path) -> None:
    """Make the folder that nobody else can look into. Raises SetupError, OSError."""
    if not folder.parent.is_dir():
        message = f"Secrets are handed over in {folder.parent}, which is not there."
        raise SetupError(message, hint=f"Mount a tmpfs at {folder.parent}.")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
    if not private or found.st_uid != os.geteuid():
        message = f"The folder {folder} is not ours alone."
        raise SetupError(message, hint=f"Remove {folder}.")


def _text(text: str, hidden: list[bytes]) -> str:
    return masked(text.encode("utf-8", "surrogatepass"), hidden).decode("utf-8", "replace")


def _data(value: object, hidden: list[bytes]) -> object:
    match value:
        case str():
            return _text(value, hidden)
        case Mapping():
            return {_text(str(key), hidden): _data(each, hidden) for key, each in value.items()}
        case list() | tuple():
            return [_data(each, hidden) for each in value]
        case _:
            return value
