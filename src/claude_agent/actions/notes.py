"""What an action found before its first change, kept for its repetition and its undo."""

import hashlib
import json
import os
from pathlib import Path

from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed

UNDO = "/undo"


class Notes:
    """One file for each execution in `folder`: {effect key: what was found before it}.

    `hint` tells a person who acts by hand, without an execution, what to give instead.
    """

    def __init__(self, context: Context, folder: Path, *, hint: str) -> None:
        self._execution = context.execution
        self._key = context.effect_key
        self._hint = hint
        name = hashlib.sha256(self._execution.encode()).hexdigest()[:24]
        self._file = folder / f"{name}.json"

    def first(self, value: object) -> object:
        """Write down `value` before the first attempt of this step; return what stands there.

        Every later attempt gets the first one's value. Nothing is kept outside an execution.
        """
        if not self._execution:
            return value
        noted = self._read()
        if self._key in noted:
            return noted[self._key]
        self._write({**noted, self._key: value})
        return value

    def replace(self, value: object) -> None:
        """Write down `value` for this step, whatever stood there."""
        if self._execution:
            self._write({**self._read(), self._key: value})

    def found(self) -> object | None:
        """Return what stood before the effect that is undone, None where it never began.

        An undo asks for the effect of its own step; any other step for the execution's first.
        Raises ActionFailed outside an execution.
        """
        if not self._execution:
            message = "this was not called by an execution, so what stood before is not known"
            raise ActionFailed(message, hint=self._hint, code=2)
        noted = self._read()
        if self._key.endswith(UNDO):
            return noted.get(self._key.removesuffix(UNDO))
        return next(iter(noted.values()), None)

    def last(self) -> object | None:
        """Return what the execution wrote down last, None where it wrote nothing."""
        return list(self._read().values())[-1] if self._execution and self._read() else None

    def forget(self) -> None:
        """Remove what `found` returned: that effect is undone."""
        noted = self._read()
        if self._key.endswith(UNDO):
            noted.pop(self._key.removesuffix(UNDO), None)
        else:
            noted.clear()
        if noted:
            self._write(noted)
        else:
            self._file.unlink(missing_ok=True)

    def _read(self) -> dict[str, object]:
        try:
            noted = json.loads(self._file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return dict(noted)

    def _write(self, noted: dict[str, object]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._file.with_suffix(f".{os.getpid()}.new")
        with partial.open("w", encoding="utf-8") as file:
            json.dump(noted, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._file)
