"""What an action is given: its `with` values, its workspace and a way to speak."""

import json
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from claude_agent.actions.errors import ActionFailed, BadParameter
from claude_agent.actions.registry import ActionInfo, Parameter

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
}
OUTPUTS_LIMIT = 64 * 1024


def say_line(line: str) -> None:
    """Show one line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def pause(seconds: float) -> None:
    """Wait without holding anything."""
    threading.Event().wait(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The surroundings of one action.

    `values` holds the `with` values by name, already of the registry's types; `workspace` is an
    existing folder; `home` is None where no server is behind the call; `environment` is the
    process environment; `pause(seconds)` may be shortened by whoever stops the action.
    """

    values: Mapping[str, object]
    workspace: Path
    environment: Mapping[str, str]
    home: Path | None = None
    say: Callable[[str], None] = say_line
    pause: Callable[[float], None] = pause

    @property
    def execution(self) -> str:
        """The execution's id, or an empty text outside a workflow."""
        return self.environment.get("CLAUDE_AGENT_EXECUTION_ID", "")

    @property
    def effect_key(self) -> str:
        """The effect key of this step, equal in every attempt; empty when called by hand."""
        return self.environment.get("CLAUDE_AGENT_IDEMPOTENCY_KEY", "")

    @property
    def checkout(self) -> Path:
        """The folder `with.path`, else the workspace; it exists."""
        given = self.text("path")
        folder = (self.workspace / given).resolve() if given else self.workspace
        if not folder.is_dir():
            raise BadParameter(name="path", problem=f"there is no folder {folder}")
        return folder

    def need_home(self) -> Path:
        """Return the home, or fail with the remedy."""
        if self.home is None:
            msg = "CLAUDE_AGENT_HOME is not set"
            raise ActionFailed(
                msg,
                hint="Set it to the home folder of claude-agent.",
                code=2,
            )
        return self.home

    def text(self, name: str, default: str = "") -> str:
        """Return a text value; an empty one counts as not given."""
        value = self.values.get(name)
        return value if isinstance(value, str) and value else default

    def integer(self, name: str, default: int, *, low: int = 0, high: int = 2**31) -> int:
        """Return a whole number within [low, high]."""
        return int(self.number(name, default, low=low, high=high))

    def number(self, name: str, default: float, *, low: float = 0, high: float = 2**31) -> float:
        """Return a number within [low, high]."""
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, int | float) or not low <= value <= high:
            raise BadParameter(name=name, problem=f"{value!r} is not between {low} and {high}")
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean value, false by default."""
        return self.values.get(name) is True


def with_values(info: ActionInfo, environment: Mapping[str, str]) -> dict[str, object]:
    """Read the action's parameters from `CLAUDE_AGENT_WITH_<KEY>`, else from the execution's
    inputs (`CLAUDE_AGENT_INPUT_<KEY>`); strings come plain, all else as JSON.
    """
    values: dict[str, object] = {}
    for name, parameter in info.parameters.items():
        text = environment.get(f"CLAUDE_AGENT_WITH_{_key(name)}")
        if text is None and parameter.from_input:
            text = environment.get(f"CLAUDE_AGENT_INPUT_{_key(parameter.from_input)}")
        if text is not None:
            values[name] = _decode(name, parameter, text)
    return checked(info, values)


def checked(info: ActionInfo, values: Mapping[str, object]) -> dict[str, object]:
    """Return the values if they fit the registry, else raise BadParameter."""
    for name, parameter in info.parameters.items():
        value = values.get(name)
        if value is None or value == "":
            if parameter.required:
                raise BadParameter(name=name, problem=f"{info.name} needs it: {parameter.doc}")
        elif not _fits(parameter.type, value):
            raise BadParameter(name=name, problem=f"{value!r} is not of type {parameter.type}")
    return {name: value for name, value in values.items() if value is not None}


def write_outputs(target: Path, outputs: Mapping[str, object]) -> None:
    """Leave the outputs as one JSON object: complete or not at all."""
    text = json.dumps(outputs, ensure_ascii=False)
    if len(text.encode()) > OUTPUTS_LIMIT:
        msg = "the outputs are over 64 kB"
        raise ActionFailed(msg, hint="Write them to a file instead.")
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)


def _key(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def _decode(name: str, parameter: Parameter, text: str) -> object:
    if parameter.type == "string" or text == "":
        return text or None
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadParameter(
            name=name, problem=f"{text!r} is not a {parameter.type} in JSON"
        ) from error


def _fits(kind: str, value: object) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])
