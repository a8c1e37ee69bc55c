"""Reads a definition of another system and says what became of it."""

from claude_agent.core.definition_source import parse
from claude_agent.core.importing.dagu import read_dagu
from claude_agent.core.importing.github import read_github
from claude_agent.core.importing.report import Imported, entries
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.domain.node import Node

ORIGINS = {"github": read_github, "dagu": read_dagu}


def imported(source: str, *, file: str = "", origin: str = "") -> Imported:
    """Return the text of another system's workflow in our format.

    `origin`: `github` or `dagu`; empty: by what it looks like. Raises DefinitionError for text
    that is no YAML, TooLarge.
    """
    tree = parse(source, file=file)
    return ORIGINS[origin or looks_like(tree)](tree)


def looks_like(tree: Node) -> str:
    """Return whose workflow a tree is: one with `jobs` is GitHub's."""
    return "github" if "jobs" in entries(tree) else "dagu"


def import_view(found: Imported) -> JsonObject:
    """Return the wire form."""
    return {
        "origin": found.origin,
        "source": found.source or None,
        "steps": found.steps,
        "unmapped": [
            {"line": one.line, "path": one.path, "reason": one.reason} for one in found.unmapped
        ],
    }
