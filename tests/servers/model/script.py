"""What the model answers: the turn of a scenario that the prompt names.

`[[stub:edit cwd=/abs/repo]]` in a prompt plays scenarios/edit.json; `key=value` of the tag stands
in for `{{key}}`. Nothing is remembered: the turn is the number of assistant rounds since the tagged
message, so one server serves many agents at once, and a resumed conversation works. Requests
without a tag, or without tools where the turn needs one (titles), get a neutral answer.

A scenario is `{"turns": [...]}`; a turn is `{"text"}`, `{"write": {"path", "content"}}`,
`{"run": {"cmd"}}`, `{"tool": the end of its name, "args"}`,
`{"error": {"status", "type", "message", "times", "then", "retry_after", "resets_in"}}`,
`{"hang": seconds}` or `{"disconnect": true}`, each with optional `text` and `usage`. `write` and
`run` are played by whichever tool the CLI offers.
"""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.model.asked import Asked, Tool

TAG = re.compile(r"\[\[stub:([A-Za-z0-9_.-]+)((?:\s+[A-Za-z0-9_]+=[^\s\]]+)*)\s*\]\]")
WRITERS = ("Write", "write", "write_file")
RUNNERS = ("Bash", "bash", "run_shell_command", "exec_command", "shell_command", "shell")
PATHS = ("file_path", "filePath", "path", "absolute_path")
CONTENTS = ("content", "contents", "file_text")
COMMANDS = ("command", "cmd")
MANY = 10**9
HERE = Path(__file__).with_name("scenarios")


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call of the model."""

    tool: Tool
    arguments: Mapping[str, Any]
    text: str = ""
    """What a tool is given that takes text."""


@dataclass(slots=True)
class Turn:
    """What is answered."""

    kind: str
    """`text`, `calls`, `error`, `hang` or `disconnect`."""
    text: str = ""
    calls: Sequence[Call] = ()
    number: int = 0
    error: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0
    usage: Mapping[str, int] = field(default_factory=lambda: {"input": 100, "output": 20})


class Script:
    """The scenarios of a folder."""

    def __init__(self, folder: Path = HERE) -> None:
        self._folder = folder
        self._failed: dict[tuple[str, int, str], int] = {}
        self._lock = threading.Lock()
        self.well: set[str] = set()
        """The `run` of the prompts for which no error is played any more."""

    def turn(self, asked: Asked) -> Turn:
        """Return what comes next in the conversation."""
        if asked.json_schema:
            return Turn("text", json.dumps(_smallest(asked.json_schema)))
        place, tag = _tag(asked)
        file = self._folder / f"{tag[1]}.json" if tag else None
        if tag is None or file is None or not file.is_file():
            return Turn("text", "ok (stub: no scenario)")
        values = dict(pair.split("=", 1) for pair in tag[2].split())
        values.setdefault("cwd", _cwd(asked))
        number = sum(m.role == "assistant" for m in asked.messages[place + 1 :])
        turns = json.loads(file.read_text())["turns"]
        told = turns[number] if number < len(turns) else {"text": "stub: script finished"}
        told = _filled(told, values)
        if "error" in told and values.get("run", "") in self.well:
            told = told["error"].get("then", {"text": "recovered"})
        if "error" in told:
            key = (tag[1], number, values.get("run", ""))
            with self._lock:
                times = self._failed[key] = self._failed.get(key, 0) + 1
            if times <= told["error"].get("times", MANY):
                return Turn("error", error=told["error"], number=number)
            told = told["error"].get("then", {"text": "recovered"})
        return _turn(told, number, asked, values["cwd"])


def _tag(asked: Asked) -> tuple[int, re.Match[str] | None]:
    found = [
        (place, tag)
        for place, message in enumerate(asked.messages)
        if message.role == "user"
        for tag in TAG.finditer(message.text)
    ]
    return found[-1] if found else (0, None)


def _cwd(asked: Asked) -> str:
    said = asked.system + "\n" + "\n".join(message.text for message in asked.messages)
    found = re.search(r"<cwd>([^<]+)</cwd>|[Ww]orking directory: *`?([^\s`\n]+)", said)
    return (found[1] or found[2]) if found else "."


def _turn(told: Mapping[str, Any], number: int, asked: Asked, cwd: str) -> Turn:
    text = told.get("text", "")
    usage = told.get("usage") or {"input": 100, "output": 20}
    if "hang" in told:
        return Turn("hang", number=number, seconds=float(told["hang"]))
    if told.get("disconnect"):
        return Turn("disconnect", text or "partial answer ", number=number, usage=usage)
    wanted = bool({"write", "run", "tool"} & set(told))
    if wanted and not asked.tools:
        return Turn("text", "stub title")
    if not wanted:
        return Turn("text", text or "ok", number=number, usage=usage)
    return Turn("calls", text, [_call(told, asked, cwd)], number=number, usage=usage)


def _call(told: Mapping[str, Any], asked: Asked, cwd: str) -> Call:
    tools = asked.tools
    if "tool" in told:
        named = next(each for name, each in tools.items() if name.endswith(told["tool"]))
        return Call(named, told.get("args", {}))
    if "write" in told:
        what = told["write"]
        name = next((each for each in WRITERS if each in tools), None)
        if name is not None:
            return Call(tools[name], _arguments(tools[name].schema, what))
        patch = tools.get("apply_patch")
        if patch is not None and patch.kind == "custom":
            body = "".join(f"+{line}\n" for line in what["content"].splitlines())
            path = what["path"].removeprefix(f"{cwd}/")
            text = f"*** Begin Patch\n*** Add File: {path}\n{body}*** End Patch\n"
            return Call(patch, {}, text)
        command = f"cat > '{what['path']}' <<'STUB_EOF'\n{what['content']}\nSTUB_EOF"
    else:
        command = told["run"]["cmd"]
    name = next(each for each in RUNNERS if each in tools)
    return Call(tools[name], _arguments(tools[name].schema, {"cmd": command}))


def _arguments(schema: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """Return arguments that fit a tool's schema: ours under the names that it has for them."""
    fields, given = schema.get("properties") or {}, {}
    for names, key in ((PATHS, "path"), (CONTENTS, "content"), (COMMANDS, "cmd")):
        name = next((each for each in names if each in fields), None)
        if key in known and name is not None:
            as_list = fields[name].get("type") == "array"
            given[name] = ["bash", "-lc", known[key]] if as_list else known[key]
    for name in schema.get("required") or ():
        given.setdefault(name, _smallest(fields.get(name) or {}))
    return given


def _smallest(schema: Any, depth: int = 0) -> Any:
    """Return the smallest value that fits a JSON schema."""
    if not isinstance(schema, Mapping) or depth > 6:
        return ""
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            return _smallest(schema[key][0], depth + 1)
    if "default" in schema or schema.get("enum"):
        return schema.get("default", (schema.get("enum") or [None])[0])
    kind = schema.get("type", "string")
    kind = str(kind[0] if isinstance(kind, list) else kind).lower()
    if kind == "object":
        fields = schema.get("properties") or {}
        return {k: _smallest(fields.get(k), depth + 1) for k in schema.get("required") or ()}
    if kind == "array":
        return [_smallest(schema.get("items"), depth + 1)] if schema.get("minItems") else []
    return {"boolean": False, "integer": 1, "number": 1, "null": None}.get(kind, "stub")


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    match value:
        case str():
            return re.sub(r"\{\{(\w+)\}\}", lambda m: values.get(m[1], m[0]), value)
        case list():
            return [_filled(each, values) for each in value]
        case dict():
            return {key: _filled(each, values) for key, each in value.items()}
        case _:
            return value
