"""Expressions of GitHub Actions as ours (CEL): contexts renamed, functions translated."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<op>==|!=|<=|>=|&&|\|\||[!<>().,\[\]*]))"
)
_RESULTS = {"success": "succeeded", "failure": "failed"}
_GITHUB = {
    "ref": "inputs.ref",
    "ref_name": "inputs.ref_name",
    "sha": "inputs.sha",
    "head_ref": "inputs.ref_name",
    "repository": "inputs.repository",
    "run_id": "execution.id",
    "run_number": "execution.ref",
    "run_attempt": "execution.generation",
    "workflow": "execution.name",
}
GITHUB_INPUTS = ("ref", "ref_name", "sha", "repository")
"""What a file reads of `github` becomes inputs of these names."""


class Untranslatable(ValueError):
    """The expression has no counterpart; the message says which part."""


@dataclass(slots=True)
class Seen:
    """What the expressions of a file read."""

    inputs: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """How the names of a file are called here."""

    jobs: Mapping[str, str]
    """A job's name to its step."""
    inputs: Mapping[str, str]
    env: frozenset[str] = frozenset()
    """The variables of the whole file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the expressions of one job may read."""

    axes: frozenset[str] = frozenset()
    """What its matrix names."""
    needs: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    """Each job that it needs directly: the outputs of that; None: it has a matrix."""


class Translator:
    """Translates one expression; raises Untranslatable."""

    def __init__(self, names: Names, seen: Seen) -> None:
        self._names = names
        self._seen = seen
        self.scope = Scope()
        self._tokens: list[tuple[str, str]] = []

    def translate(self, text: str) -> str:
        """Return our expression, without `${{ }}`."""
        self._tokens = _tokens(text)
        found = self._either()
        if self._tokens:
            message = f"{self._tokens[0][1]!r} is not understood"
            raise Untranslatable(message)
        return found

    def _next(self, *wanted: str) -> str:
        if self._tokens and self._tokens[0][1] in wanted and self._tokens[0][0] == "op":
            return self._tokens.pop(0)[1]
        return ""

    def _must(self, wanted: str) -> None:
        if not self._next(wanted):
            message = f"'{wanted}' is missing"
            raise Untranslatable(message)

    def _either(self) -> str:
        return self._chain(self._both, "||")

    def _both(self) -> str:
        return self._chain(self._compared, "&&")

    def _chain(self, below: Callable[[], str], operator: str) -> str:
        found = below()
        while self._next(operator):
            found = f"{found} {operator} {below()}"
        return found

    def _compared(self) -> str:
        left = self._negated()
        operator = self._next("==", "!=", "<=", ">=", "<", ">")
        if not operator:
            return left
        right = self._negated()
        if ".status" in left and right.startswith("'"):
            bare = right.strip("'")
            right = f"'{_RESULTS.get(bare, bare)}'"
        return f"{left} {operator} {right}"

    def _negated(self) -> str:
        if self._next("!"):
            return f"!{self._negated()}"
        if self._next("("):
            found = self._either()
            self._must(")")
            return f"({found})"
        return self._value()

    def _value(self) -> str:
        if not self._tokens:
            message = "it ends too early"
            raise Untranslatable(message)
        kind, token = self._tokens.pop(0)
        if kind == "text":
            body = token[1:-1].replace("''", "'").replace("\\", "\\\\").replace("'", "\\'")
            return f"'{body}'"
        if kind == "number" or token in ("true", "false", "null"):
            return token
        if kind != "name":
            message = f"{token!r} is not understood"
            raise Untranslatable(message)
        return self._call(token) if self._next("(") else self._path(token)

    def _call(self, name: str) -> str:
        given: list[str] = []
        while not self._next(")"):
            given.append(self._either())
            if not self._next(",") and (not self._tokens or self._tokens[0][1] != ")"):
                message = f"{name}() is not closed"
                raise Untranslatable(message)
        lower = name.lower()
        if lower in ("success", "failure", "always", "cancelled"):
            self._seen.functions.add(lower)
            return f"{lower}()"
        made = _FUNCTIONS.get((lower, len(given)))
        if made is None:
            message = f"the function {name}() has no counterpart"
            raise Untranslatable(message)
        return made(*given)

    def _path(self, first: str) -> str:
        parts = [first]
        while True:
            if self._next("."):
                if not self._tokens or self._tokens[0][0] != "name":
                    message = "lists of objects (`.*`) have no counterpart"
                    raise Untranslatable(message)
                parts.append(self._tokens.pop(0)[1])
            elif self._next("["):
                inner = self._value()
                self._must("]")
                parts.append(inner.strip("'"))
            else:
                return self._renamed(parts)

    def _renamed(self, parts: list[str]) -> str:
        if parts[:3] == ["github", "event", "inputs"]:
            parts = ["inputs", *parts[3:]]
        match parts:
            case ["inputs", name]:
                kept = self._names.inputs.get(name)
                if kept is None:
                    message = f"there is no input {name}"
                    raise Untranslatable(message)
                return f"inputs.{kept}"
            case ["env", name] if name in self._names.env:
                return f"env.{name}"
            case ["matrix", name] if name in self.scope.axes and name.isidentifier():
                return f"matrix.{name}"
            case ["needs", job, "outputs", name] if name in (self.scope.needs.get(job) or ()):
                return f"steps.{self._names.jobs[job]}.outputs.{name}"
            case ["needs", job, "result"] if self.scope.needs.get(job) is not None:
                return f"steps.{self._names.jobs[job]}.status"
            case ["github", name] if name in _GITHUB:
                made = _GITHUB[name]
                if made.startswith("inputs."):
                    self._seen.inputs.add(made.removeprefix("inputs."))
                return made
        message = f"`{'.'.join(parts)}` has no counterpart"
        raise Untranslatable(message)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            message = f"{text[at : at + 20]!r} is not understood"
            raise Untranslatable(message)
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    return found


def _contains(whole: str, part: str) -> str:
    return f"{part} in {whole}" if whole.startswith("[") else f"{whole}.contains({part})"


def _list(text: str) -> str:
    bare = text.strip("'")
    if not (bare.startswith("[") and bare.endswith("]")):
        message = "fromJSON() is translated for a list alone"
        raise Untranslatable(message)
    return bare


_FUNCTIONS: Mapping[tuple[str, int], Callable[..., str]] = {
    ("contains", 2): _contains,
    ("startswith", 2): lambda whole, part: f"{whole}.startsWith({part})",
    ("endswith", 2): lambda whole, part: f"{whole}.endsWith({part})",
    ("fromjson", 1): _list,
}
