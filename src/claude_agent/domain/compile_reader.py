"""Reading values off the source tree: what does not fit is noted and the reading goes on."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from claude_agent.domain.definition import Problem
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.domain.json_schema import shown
from claude_agent.domain.node import Node, join

MAX_PROBLEMS = 100
"""More than these are counted, not listed."""
_LONGEST_COMPARED = 100
_MOST_COMPARED = 500


class Problems:
    """Everything that is wrong, as it is found."""

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._left_out = 0

    def add(self, problem: Problem) -> None:
        """Note one problem."""
        if self.full:
            self._left_out += 1
        else:
            self._found.append(problem)

    @property
    def any(self) -> bool:
        """Something is wrong."""
        return bool(self._found)

    @property
    def full(self) -> bool:
        """The next problem will only be counted."""
        return len(self._found) >= MAX_PROBLEMS

    def in_order(self) -> list[Problem]:
        """Return them in the order of the source."""
        found = sorted(self._found, key=lambda problem: (problem.line, problem.column))
        if self._left_out:
            found.append(Problem(message=f"and {self._left_out} more problems"))
        return found


@dataclass(frozen=True, slots=True)
class Cursor:
    """A value of the source with the path to it; the readers return None where it does not fit."""

    node: Node
    path: str
    problems: Problems

    def fail(self, message: str, hint: str = "", *, at: tuple[int, int] | None = None) -> None:
        """Note a problem at this value, or at another line and column of it."""
        line, column = at or (self.node.line, self.node.column)
        self.problems.add(
            Problem(
                message=message,
                path=self.path,
                line=line,
                column=column,
                file=self.node.file,
                hint=hint,
            )
        )

    def fail_inside(self, offset: int, message: str, hint: str = "") -> None:
        """Note a problem `offset` characters into a text; known to the line in a literal block."""
        text = self.node.value
        if self.node.block and isinstance(text, str):
            below = text.count("\n", 0, offset) + 1
            self.fail(message, hint, at=(self.node.line + below, 1))
        else:
            self.fail(message, hint)

    @property
    def empty(self) -> bool:
        """The source has the key and no value."""
        return self.node.kind == "scalar" and self.node.value is None

    def shown(self) -> str:
        """Return a short text for the value in a message."""
        kinds = {"map": "a mapping", "list": "a list"}
        return kinds.get(self.node.kind) or shown(self.node.value)

    def at(self, key: str, node: Node) -> "Cursor":
        """Return the cursor of `node` under `key`."""
        return Cursor(node, join(self.path, key), self.problems)

    # Readers: each returns the value, or None and a problem ---------------------------------

    def text(self, *, empty: bool = False) -> str | None:
        """Read a text that is not empty."""
        value = self.node.value
        if not isinstance(value, str):
            hint = f'put it into quotes: "{self.shown()}"' if isinstance(value, bool) else ""
            self.fail(f"{self._name()} must be text, not {self.shown()}", hint)
            return None
        if not value.strip() and not empty:
            self.fail(f"{self._name()} is empty")
            return None
        return value

    def scalar_text(self) -> str | None:
        """Read a text, number, true or false, as text."""
        value = self.node.value
        if self.node.kind != "scalar" or value is None:
            self.fail(f"{self._name()} must be text, not {self.shown()}")
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def flag(self) -> bool | None:
        """Read true or false."""
        value = self.node.value
        if isinstance(value, bool):
            return value
        self.fail(f"{self._name()} must be true or false, not {self.shown()}")
        return None

    def integer(self, least: int, most: int) -> int | None:
        """Read a whole number."""
        value = self.node.value
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        wanted = f"a whole number from {least} to {most}"
        self.fail(f"{self._name()} must be {wanted}, not {self.shown()}")
        return None

    def number(self, least: float, most: float) -> float | None:
        """Read a number."""
        value = self.node.value
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and least <= value <= most
        ):
            return float(value)
        wanted = f"a number from {least:g} to {most:g}"
        self.fail(f"{self._name()} must be {wanted}, not {self.shown()}")
        return None

    def choice(self, options: Sequence[str], later: Sequence[str] = ()) -> str | None:
        """Read one of some words."""
        value = self.node.value
        if isinstance(value, str) and value in options:
            return value
        if isinstance(value, str) and value in later:
            known = ", ".join(options)
            self.fail(f"{self._name()} '{value}' is not available yet", f"available: {known}")
            return None
        message = f"{self._name()} must be one of {', '.join(options)}, not {self.shown()}"
        self.fail(message, _did_you_mean(value, options))
        return None

    def name_of(self, what: str, known: Iterable[str]) -> str | None:
        """Read the name of something that must be known."""
        value = self.text()
        if value is None or value in known:
            return value
        hint = "" if self.problems.full else _hint(value, known)
        self.fail(f"there is no {what} '{value:.60}'", hint)
        return None

    def sequence(self) -> "list[Cursor] | None":
        """Read a list."""
        if self.node.kind != "list":
            self.fail(f"{self._name()} must be a list, not {self.shown()}")
            return None
        return [
            Cursor(item, f"{self.path}[{number}]", self.problems)
            for number, item in enumerate(self.node.items)
        ]

    def mapping(self) -> "dict[str, Cursor] | None":
        """Read a mapping with any keys."""
        if self.node.kind != "map":
            self.fail(f"{self._name()} must be a mapping, not {self.shown()}")
            return None
        return {entry.key: self.at(entry.key, entry.node) for entry in self.node.entries}

    def fields(self, known: Iterable[str], later: Iterable[str] = ()) -> "dict[str, Cursor] | None":
        """Read a mapping with known keys; keys without a value and `x-*` are left out.

        Unknown keys are noted with the nearest known one, keys of `later` as not available yet.
        """
        if self.node.kind != "map":
            self.fail(f"{self._name()} must be a mapping, not {self.shown()}")
            return None
        found = {}
        for entry in self.node.entries:
            if entry.key in known:
                cursor = self.at(entry.key, entry.node)
                if not cursor.empty:
                    found[entry.key] = cursor
            elif not entry.key.startswith("x-"):
                message, hint = _unknown_key(entry.key, known, later)
                place = self.at(entry.key, entry.node)
                place.fail(message, hint, at=(entry.line, entry.column))
        return found

    def _name(self) -> str:
        return f"'{self.path}'" if self.path else "the definition"


def _unknown_key(key: str, known: Iterable[str], later: Iterable[str]) -> tuple[str, str]:
    if key in later:
        return f"'{key}' is not available yet", "remove it, or write it as 'x-" + key + "'"
    if key == "<<":
        return "there are no merge keys in YAML 1.2", "repeat the keys, or alias whole values"
    names = sorted(known)
    return f"unknown key '{key:.60}'", _did_you_mean(key, [*names, *later]) or (
        f"known here: {', '.join(names)}"
    )


def _hint(value: str, known: Iterable[str]) -> str:
    names = sorted(known)
    return _did_you_mean(value, names) or f"there are {', '.join(names[:20]) or 'none'}"


def _did_you_mean(value: Any, names: Sequence[str]) -> str:
    if not isinstance(value, str):
        return ""
    near = nearest(value, names)
    return f"did you mean '{near}'?" if near else ""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name that looks most like `name`, if any does."""
    # Comparing is slow: a long text is no slip of the finger, and of many names a few must do.
    short = name[:_LONGEST_COMPARED].casefold()
    folded = {each.casefold(): each for each in names}
    if len(folded) > _MOST_COMPARED:
        alike = (each for each in folded if each[:1] == short[:1])
        folded = {each: folded[each] for each in islice(alike, _MOST_COMPARED)}
    near = difflib.get_close_matches(short, folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def read_each(cursors: Mapping[str, Cursor], read: Callable[[Cursor], Any | None]) -> JsonObject:
    """Read every value of a mapping; leave out what does not fit."""
    found = {key: read(cursor) for key, cursor in cursors.items()}
    return {key: value for key, value in found.items() if value is not None}
