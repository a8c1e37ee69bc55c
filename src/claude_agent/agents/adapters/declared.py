"""A line-oriented CLI, driven as a TOML file says (docs/reference/agents/declared.md)."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from typing_extensions import override

from claude_agent.agents.adapter import (
    AgentEvent,
    Capabilities,
    Command,
    Ending,
    EventKind,
    Outcome,
    RunRequest,
    judge_protocol,
)
from claude_agent.agents.adapters.cli import CliAdapter, failed
from claude_agent.agents.adapters.declaration import Declaration, EventRule, read
from claude_agent.agents.reading import Line, amount, count, error_kind, one_line, text
from claude_agent.errors import Invalid

_SLOT = re.compile(r"\{(\w+)\}")
_NONE = object()


class DeclaredAdapter(CliAdapter):
    """Drives a CLI by its declaration; `declared` makes one of a file."""

    declaration: ClassVar[Declaration]

    @override
    def _command(self, run: RunRequest) -> Command:
        said = self.declaration
        words = list(said.command)
        if run.may == "edit" and said.edit is None:
            detail = f"Its declaration does not say how {self.title} is kept from commands."
            raise Invalid(detail, hint='Add `edit = [words]` to it, or set permissions = "all".')
        words += (said.edit or ()) if run.may == "edit" else said.all
        words += said.model if run.model else ()
        words += said.resume if run.conversation else ()
        told = f"{run.instructions}\n\n{run.prompt}" if run.instructions else run.prompt or ""
        values = {
            "prompt": told,
            "prompt_file": str(run.folder / "prompt.txt"),
            "model": run.model,
            "conversation": run.conversation or "",
            "cwd": str(run.cwd),
            "folder": str(run.folder),
        }
        files = {"prompt.txt": told.encode("utf-8", "replace")} if said.prompt == "file" else {}
        return Command(
            argv=tuple(_SLOT.sub(lambda slot: values[slot[1]], word) for word in words),
            env=said.environment,
            files=files,
            protocol=said.output,
        )

    @override
    def parse(self, line: Line) -> list[AgentEvent]:
        for rule in self.declaration.events:
            if _fits(rule, line):
                return list(_events(rule, line))
        return [AgentEvent(kind=EventKind.RAW, data=line)]

    @override
    def finish(self, seen: Sequence[AgentEvent], ending: Ending) -> Outcome:
        told = self._told(seen)
        kind = self.declaration.exits.get(str(ending.code), "")
        if kind and not ending.stopped and not any(event.terminal for event in told):
            told.append(failed(f"{self.title} exited with {ending.code}.", kind=kind))
        return judge_protocol(told, ending)


def declared(path: Path) -> type[DeclaredAdapter]:
    """Return the adapter that a file declares. Raises `Invalid` (file, line, nearest key)."""
    said = read(path)
    can = Capabilities(
        resume=bool(said.resume),
        structured=True,
        usage=any(rule.event == "usage" for rule in said.events),
        cost=any(rule.cost for rule in said.events),
    )
    made: Mapping[str, object] = {
        "declaration": said,
        "name": said.name,
        "program": said.command[0],
        "title": said.title or said.name,
        "install": said.install,
        "tested": (said.tested[0], said.tested[1]),
        "keys": tuple(said.keys),
        "logins": tuple(said.logins),
        "login": said.login,
        "version_flag": said.version_flag,
        "capabilities": can,
    }
    return type("Declared", (DeclaredAdapter,), dict(made))


def _fits(rule: EventRule, line: Line) -> bool:
    if rule.when:
        return all(_at(line, place) == value for place, value in rule.when.items())
    said = line.get("said")
    if not isinstance(said, str) or len(line) != 1:
        return False
    return said.startswith(rule.starts) and rule.contains in said


def _at(line: Line, place: str) -> object:
    found: object = line
    for name in place.split("."):
        found = found.get(name, _NONE) if isinstance(found, Mapping) else _NONE
    return found


def _events(rule: EventRule, line: Line) -> Sequence[AgentEvent]:
    said = text(line, *rule.text.split(".")) if rule.text else ""
    if not rule.when:
        said = text(line, "said").removeprefix(rule.starts).strip()
    data: dict[str, object] = {}
    if rule.conversation:
        data["conversation"] = text(line, *rule.conversation.split("."))
    used = [AgentEvent(kind=EventKind.USAGE, data=_used(rule, line))] if _counts(rule) else []
    match rule.event:
        case "usage":
            return used
        case "error":
            return [*used, failed(said, kind=rule.kind)]
        case "retry":
            data["kind"] = rule.kind or error_kind(said)
            told = AgentEvent(kind=EventKind.RETRY, text=one_line(said), ok=False, data=data)
            return [*used, told]
        case "tool":
            return [*used, AgentEvent(kind=EventKind.TOOL_START, text=one_line(said), data=data)]
        case kind:
            return [*used, AgentEvent(kind=EventKind(kind), text=said, data=data)]


def _counts(rule: EventRule) -> bool:
    return rule.event == "usage" or any((rule.input, rule.output, rule.cost))


def _used(rule: EventRule, line: Line) -> Mapping[str, object]:
    used: dict[str, object] = {"more": True} if rule.more else {}
    if rule.input:
        used["input"] = count(line, *rule.input.split("."))
    if rule.output:
        used["output"] = count(line, *rule.output.split("."))
    if rule.cost:
        used["cost_usd"] = amount(line, *rule.cost.split("."))
    return used
