"""The TOML file that describes a line-oriented CLI: read, checked, errors with file and line."""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from claude_agent.errors import Invalid

Word = Annotated[str, Field(min_length=1, max_length=1000)]
Path_ = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")]
"""Where something stands in a JSON line: `part.text`."""
SLOTS = frozenset({"prompt", "prompt_file", "model", "conversation", "cwd", "folder"})
_SLOT = re.compile(r"\{(\w+)\}")
_HEADER = re.compile(r"\s*\[+\s*([\w.-]+)\s*\]+")
_KEY = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class EventRule(_Table):
    """What one kind of line means; the first rule that fits a line counts."""

    when: Mapping[Path_, str | bool | int] = {}
    """Of a JSON line: what stands at these places."""
    starts: str = ""
    """Of any other line: how it begins; what follows is the event's text."""
    contains: str = ""
    event: Literal["started", "text", "tool", "retry", "usage", "final", "error"]
    text: Path_ | None = None
    conversation: Path_ | None = None
    kind: str = ""
    """Of an error or a retry: `auth`, `rate`, `overload`, …; empty: by its words."""
    input: Path_ | None = None
    output: Path_ | None = None
    cost: Path_ | None = None
    more: bool = False
    """Figures of this line are to be added up; else the last ones count."""

    @model_validator(mode="after")
    def _has_a_condition(self) -> "EventRule":
        if bool(self.when) == bool(self.starts or self.contains):
            msg = "a rule has either `when` (JSON lines) or `starts`, `contains` (other lines)"
            raise ValueError(msg)
        return self


class Declaration(_Table):
    """A whole file."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    title: str = ""
    command: Annotated[Sequence[Word], Field(min_length=1)]
    prompt: Literal["stdin", "argument", "file"] = "stdin"
    resume: Sequence[Word] = ()
    model: Sequence[Word] = ()
    all: Sequence[Word] = ()
    edit: Sequence[Word] | None = None
    environment: Mapping[str, str] = {}
    keys: Sequence[Word] = ()
    logins: Sequence[Word] = ()
    login: str = "Log in as its makers describe."
    install: str = "as its makers describe"
    version_flag: Word = "--version"
    tested: Annotated[Sequence[str], Field(min_length=2, max_length=2)] = ("0", "1000000")
    output: Literal["jsonl", "lines"] = "jsonl"
    exits: Mapping[Annotated[str, Field(pattern=r"^\d{1,3}$")], str] = {}
    """Exit code to the class of error that it means, where no line said more."""
    events: Annotated[Sequence[EventRule], Field(min_length=1)]

    @model_validator(mode="after")
    def _makes_sense(self) -> "Declaration":
        words = [*self.command, *self.resume, *self.model, *self.all, *(self.edit or ())]
        for slot in (slot for word in words for slot in _SLOT.findall(word)):
            if slot not in SLOTS:
                near = difflib.get_close_matches(slot, SLOTS, n=1)
                msg = f"{{{slot}}} is filled by nothing; " + (
                    f"did you mean {{{near[0]}}}?" if near else f"known: {', '.join(sorted(SLOTS))}"
                )
                raise ValueError(msg)
        wanted = {"argument": "{prompt}", "file": "{prompt_file}"}.get(self.prompt, "")
        if wanted and not any(wanted in word for word in self.command):
            msg = f'with prompt = "{self.prompt}" a word of `command` must hold {wanted}'
            raise ValueError(msg)
        if not any(rule.event == "final" for rule in self.events):
            msg = 'no rule has event = "final": no run could ever succeed'
            raise ValueError(msg)
        return self


def read(path: Path) -> Declaration:
    """Return what a file declares. Raises `Invalid` with the file, the line and the nearest key."""
    source = ""
    try:
        source = path.read_text(encoding="utf-8")
        return Declaration.model_validate(_tuples(tomllib.loads(source)))
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The declaration {path} cannot be read: {error}."
        raise Invalid(msg, hint="Correct `declaration` or the file's permissions.") from error
    except tomllib.TOMLDecodeError as error:
        msg = f"The declaration {path} is not TOML: {error}."
        raise Invalid(msg, hint="Correct that line.") from error
    except ValidationError as error:
        raise _refusal(path, source, error.errors()) from error


def _tuples(value: object) -> object:
    """Return a value with tuples for lists: what is declared never changes."""
    if isinstance(value, dict):
        return {key: _tuples(each) for key, each in value.items()}
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value


def _refusal(path: Path, source: str, errors: Sequence[ErrorDetails]) -> Invalid:
    told, hints = [], []
    for error in errors:
        place = [part for part in error["loc"] if part != "[key]"]
        line = _line_of(source, place)
        name = ".".join(str(part) for part in place) or "the file"
        if error["type"] == "extra_forbidden":
            known = EventRule if place[0] == "events" else Declaration
            near = difflib.get_close_matches(str(place[-1]), known.model_fields, n=1)
            told.append(f"{path}:{line}: unknown key {name}")
            hints.append(f"Did you mean {near[0]}?" if near else _known(known))
        else:
            told.append(f"{path}:{line}: {name}: {error['msg'].removeprefix('Value error, ')}")
    return Invalid("; ".join(told) + ".", hint=" ".join(hints) or "Correct that line.")


def _known(table: type[BaseModel]) -> str:
    return f"Known: {', '.join(table.model_fields)}."


def _line_of(source: str, place: Sequence[object]) -> int:
    """Return the line of a key, of the table that lacks it, or 1."""
    in_rule = place[:1] == ["events"] and len(place) > 1
    number = place[1] if in_rule else -1
    keys = [str(part) for part in (place[2:] if in_rule else place)]
    at, rule = 1, -1
    for row, text in enumerate(source.splitlines(), start=1):
        header = _HEADER.match(text)
        rule += header is not None and header[1] == "events"
        if header and (rule == number if in_rule else header[1] in keys):
            at = row
        found = _KEY.match(text)
        if found and rule == number and found[1] in (keys[:1] + keys[-1:]):
            return row
    return at
