"""What came of an import: our YAML, and each thing that did not map, with its line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from claude_agent.domain.node import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """Something that our format does not say, or says in another way."""

    line: int
    """In the file that was read; 0: the whole file."""
    path: str
    """`jobs.build.container`."""
    reason: str
    """One sentence: why, and what to do."""


@dataclass(slots=True)
class Report:
    """Collects what did not map."""

    found: list[Unmapped] = field(default_factory=list)

    def note(self, node: Node | None, path: str, reason: str) -> None:
        """Note one thing."""
        line = node.line if node is not None else 0
        one = Unmapped(line=line, path=path, reason=reason)
        if one not in self.found:
            self.found.append(one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A definition in our format."""

    origin: str
    """`github` or `dagu`."""
    source: str
    """Our YAML; empty: nothing could be mapped."""
    steps: int
    """How many steps it has."""
    unmapped: tuple[Unmapped, ...]


def entries(node: Node | None) -> Mapping[str, Node]:
    """Return the entries of a mapping; of anything else none."""
    if node is None or node.kind != "map":
        return {}
    return {entry.key: entry.node for entry in node.entries}


def each(node: Node | None) -> tuple[Node, ...]:
    """Return the items of a list; a single value is a list of one."""
    if node is None or (node.kind == "scalar" and node.value is None):
        return ()
    return node.items if node.kind == "list" else (node,)


def text(node: Node | None) -> str:
    """Return a scalar as text; of anything else nothing."""
    if node is None or node.value is None:
        return ""
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    return str(node.value)


def name_of(said: str, taken: Mapping[str, object] | None = None) -> str:
    """Return a name that steps and inputs may have; never one that is taken."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", said).strip("_")[:48] or "step"
    plain = plain if not plain[0].isdigit() else f"s_{plain}"
    found, n = plain, 2
    while taken is not None and found in taken:
        found, n = f"{plain}_{n}", n + 1
    return found


class _Dumper(yaml.SafeDumper):
    """Scripts as literal blocks."""


def _script(dumper: yaml.SafeDumper, value: str) -> Any:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", value, style="|" if "\n" in value else None
    )


_Dumper.add_representer(str, _script)


def written(document: Mapping[str, Any], origin: str, found: list[Unmapped]) -> str:
    """Return the YAML of a definition, with what did not map as comments at its head."""
    lines = [f"# Imported from {origin}."]
    if found:
        lines.append("# What did not map:")
        lines += (f"#   line {one.line}, {one.path}: {one.reason}" for one in found)
    kept = {key: value for key, value in document.items() if value not in (None, {}, [], "")}
    dumped = yaml.dump(kept, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return "\n".join([*(_one_line(line) for line in lines), dumped])


def _one_line(line: str) -> str:
    return "".join(char if char.isprintable() else " " for char in line)


def shell_quoted(value: str) -> str:
    """Return a word of shell text that stands for exactly this value."""
    return "'" + value.replace("'", "'\"'\"'") + "'"


def heredoc(script: str, command: str, mark: str) -> Iterator[str]:
    """Yield shell lines that let `command` read a script, in a process of its own."""
    while mark in script.splitlines():
        mark += "_"
    yield f"{command} /dev/fd/3 3<<'{mark}'"
    yield script.rstrip("\n")
    yield mark
