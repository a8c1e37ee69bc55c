"""One answer in five shapes: table for people; json, jsonl, yaml and name for programs."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import click

from claude_agent.cli.look import Look, look_at
from claude_agent.cli.text import one_line

FORMATS = ("table", "json", "jsonl", "yaml", "name")

Command = TypeVar("Command", bound=Callable[..., object])


def format_option(command: Command) -> Command:
    """Add `-o`."""
    option = click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice(FORMATS),
        default="table",
        help="How to print the answer (json is the API's own).",
    )
    return option(command)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An answer and how to show it."""

    document: object
    """The API's answer: json and yaml."""
    items: Sequence[Mapping[str, object]]
    """What jsonl and name go through."""
    name: str
    """The field that `-o name` prints."""
    table: Callable[[Look], Iterable[str]]
    """The lines for people."""


def show(view: View, form: str) -> None:
    """Print a view on standard output."""
    if form == "json":
        click.echo(_escaped(json.dumps(view.document, indent=2, ensure_ascii=False)))
    elif form == "yaml":
        click.echo(_yaml(view.document))
    elif form == "jsonl":
        for item in view.items:
            click.echo(json_line(item))
    elif form == "name":
        for item in view.items:
            click.echo(one_line(str(item[view.name])))
    else:
        lines(view.table(look_at()))


def lines(text: Iterable[str]) -> None:
    """Print lines on standard output; colours are decided already."""
    for line in text:
        click.echo(line, color=True)


def note(text: str) -> None:
    """Print what is not data, on standard error."""
    click.echo(text, err=True)


def json_line(item: object) -> str:
    """Return one JSON line."""
    return _escaped(json.dumps(item, ensure_ascii=False, separators=(",", ":")))


def _escaped(text: str) -> str:
    """Escape what JSON lets through and a terminal obeys: C1 controls, directions of writing."""
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(
        char if char.isprintable() or char == "\n" else "".join(_units(char)) for char in text
    )


def _units(char: str) -> Iterable[str]:
    units = char.encode("utf-16-be", "surrogatepass")
    return (f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _yaml(document: object) -> str:
    import yaml  # noqa: PLC0415 - only for this format

    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    if not all(char.isprintable() or char == "\n" for char in text):
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=False)
    return text.rstrip("\n")
