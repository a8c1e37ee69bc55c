"""Read a definition's text, YAML 1.2 or JSON, into a tree with line and column.

PyYAML gives the events; scalars are resolved here by the YAML 1.2 core schema, because PyYAML
reads YAML 1.1, where `on`, `no` and `off` are booleans. Depth, aliases and size are bounded while
the events arrive, so that no text takes long or fills the memory.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from claude_agent.domain.definition import DefinitionError, Problem
from claude_agent.domain.node import MAX_DEPTH, Entry, Node, Scalar, is_json_scalar
from claude_agent.errors import TooLarge

MAX_BYTES = 1_048_576
"""The longest text, in UTF-8 bytes."""
MAX_ALIASES = 50
"""How often a text may repeat an anchor."""
MAX_VALUES = 250_000
"""How many values a definition may have, each repetition counted."""

# The C parser is ten times as fast; it gives the same events.
_LOADER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    word: word.lower() == "true" for word in ["true", "True", "TRUE", "false", "False", "FALSE"]
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LONGEST_NUMBER = 40
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
# JSON writes characters beyond U+FFFF as two escapes, which YAML does not know.
_PAIR = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def parse(text: str, *, file: str = "") -> Node:
    """Return the tree of `text`; `file` is how problems name it.

    Raises TooLarge, or DefinitionError with the line and column of the first thing that cannot
    be read.
    """
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        name = file or "the definition"
        msg = f"{name} has {size:,} bytes; the limit is {MAX_BYTES:,}"
        raise TooLarge(msg, hint="split it, or move long scripts into files of the repository")
    return _Composer(text.removeprefix("\ufeff"), file).whole()


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    mark: Any
    kind: str
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    key: tuple[str, Any] | None = None
    count: int = 1


class _Composer:
    def __init__(self, text: str, file: str) -> None:
        self._text = _as_yaml(text) if text.lstrip()[:1] in {"{", "["} else text
        self._file = file
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._aliases = 0
        self._root: Node | None = None

    def whole(self) -> Node:
        try:
            for event in self._events():
                self._take(event)
        except yaml.MarkedYAMLError as error:
            self._refuse_syntax(error)
        except yaml.YAMLError as error:
            self._fail(f"the text cannot be read: {_first_line(error)}", None)
        except UnicodeEncodeError as error:
            self._fail(f"the text holds half a character at position {error.start}", None)
        if self._root is None:
            self._fail("the definition is empty", None, "begin with `name:` and `steps:`")
        return self._root

    def _events(self) -> Iterator[Any]:
        loader = _LOADER(self._text)
        try:
            while loader.check_event():
                yield loader.get_event()
        finally:
            loader.dispose()

    def _take(self, event: Any) -> None:
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._begin(event)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end()
            case yaml.DocumentStartEvent() if self._root is not None:
                self._fail("the text holds a second document", event.start_mark)
            case _:
                return

    def _begin(self, event: Any) -> None:
        self._refuse_tag(event)
        kind = "map" if isinstance(event, yaml.MappingStartEvent) else "list"
        if len(self._open) >= MAX_DEPTH:
            self._fail(f"nested deeper than {MAX_DEPTH} levels", event.start_mark)
        if self._open and self._open[-1].kind == "map" and self._open[-1].key is None:
            self._fail(f"a {kind} cannot be a key", event.start_mark)
        self._open.append(_Open(event.start_mark, kind, event.anchor))

    def _end(self) -> None:
        done = self._open.pop()
        node = Node(
            kind=done.kind,
            items=tuple(done.items),
            entries=tuple(done.entries),
            line=done.mark.line + 1,
            column=done.mark.column + 1,
            file=self._file,
        )
        self._put(node, done.count, done.anchor)

    def _scalar(self, event: Any) -> None:
        self._refuse_tag(event)
        mark = event.start_mark
        top = self._open[-1] if self._open else None
        if top is not None and top.kind == "map" and top.key is None:
            if event.value in top.keys:
                first = top.keys[event.value]
                self._fail(f"the key '{event.value:.60}' stands here and in line {first}", mark)
            top.keys[event.value] = mark.line + 1
            top.key = (event.value, mark)
            return
        node = Node(
            value=self._resolve(event.value, mark) if event.implicit[0] else event.value,
            line=mark.line + 1,
            column=mark.column + 1,
            block=event.style == "|",
            file=self._file,
        )
        self._put(node, 1, event.anchor)

    def _alias(self, event: Any) -> None:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            self._fail(f"more than {MAX_ALIASES} aliases", event.start_mark)
        if event.anchor not in self._anchors:
            # An anchor is known only once its value is complete, so no value can hold itself.
            self._fail(f"there is no complete anchor '&{event.anchor}' before", event.start_mark)
        top = self._open[-1] if self._open else None
        if top is not None and top.kind == "map" and top.key is None:
            self._fail("an alias cannot be a key", event.start_mark)
        node, count = self._anchors[event.anchor]
        self._put(node, count, None)

    def _put(self, node: Node, count: int, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = (node, count)
        if not self._open:
            self._root = node
            return
        top = self._open[-1]
        top.count += count
        if top.count > MAX_VALUES:
            self._fail(f"more than {MAX_VALUES:,} values", top.mark)
        if top.kind == "list" or top.key is None:
            top.items.append(node)
            return
        key, mark = top.key
        top.entries.append(Entry(key=key, node=node, line=mark.line + 1, column=mark.column + 1))
        top.key = None

    def _resolve(self, text: str, mark: Any) -> Scalar:
        """Give a plain scalar its type by the YAML 1.2 core schema."""
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if text[0] not in "+-.0123456789":
            return text
        number = _number(text)
        if number is None:
            return text
        if not is_json_scalar(number):
            hint = f'write it in quotes: "{text:.40}"'
            self._fail(f"the number {text:.40} is out of range", mark, hint)
        return number

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            hint = "remove it; write the value in quotes where text is meant"
            self._fail(f"the tag '{event.tag:.60}' is not allowed", event.start_mark, hint)

    def _refuse_syntax(self, error: yaml.MarkedYAMLError) -> NoReturn:
        mark = error.problem_mark or error.context_mark
        said = [part for part in (error.context, error.problem) if part]
        self._fail(f"this is not YAML: {', '.join(said)}", mark)

    def _fail(self, message: str, mark: Any, hint: str = "") -> NoReturn:
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        problem = Problem(message=message, line=line, column=column, file=self._file, hint=hint)
        raise DefinitionError([problem])


def _number(text: str) -> int | float | None:
    if _NOT_FINITE.fullmatch(text):
        return float("inf")
    if len(text) > _LONGEST_NUMBER:
        return float("inf") if _FLOAT.fullmatch(text) or _BASED.fullmatch(text) else None
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else None


def _as_yaml(text: str) -> str:
    """Write JSON's pairs of escapes and its tabs in a way that every YAML parser reads."""

    def one(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        return chr(0x10000 + (int(match[1], 16) - 0xD800) * 0x400 + int(match[2], 16) - 0xDC00)

    spaced = _INDENT.sub(lambda match: " " * len(match[0]), text)
    return _PAIR.sub(one, spaced)


def _first_line(error: yaml.YAMLError) -> str:
    return str(error).partition("\n")[0]
