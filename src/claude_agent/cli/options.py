"""Options that several commands take, and how their values are read."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from claude_agent.cli.session import Session

Command = TypeVar("Command", bound=Callable[..., object])

MAX_DEFINITION_BYTES = 1024 * 1024
PRIORITIES = ("LOW", "NORMAL", "HIGH", "CRITICAL", "EMERGENCY")

pass_session = click.make_pass_decorator(Session)


def pairs(values: Sequence[str], option: str) -> dict[str, object]:
    """Read `k=v` (text) and `k:=v` (JSON); raise a usage error for anything else."""
    read: dict[str, object] = {}
    for value in values:
        name, equals, text = value.partition("=")
        typed = name.endswith(":")
        name = name.removesuffix(":")
        if not equals or not name:
            msg = f"{option} {value!r} is not k=v."
            raise click.UsageError(msg)
        if name in read:
            msg = f"{option} {name!r} is given twice."
            raise click.UsageError(msg)
        read[name] = _json(name, text, option) if typed else text
    return read


def _json(name: str, text: str, option: str) -> object:
    return parse_json(text, f"{option} {name}:=")


def parse_json(text: str, what: str) -> object:
    """Read JSON; raise a usage error that names `what` where it is none."""
    try:
        parsed: object = json.loads(text)
    except ValueError as error:
        msg = f"{what} is not JSON: {error}."
        raise click.UsageError(msg) from error
    return parsed


def read_text(path: str, *, limit: int, what: str = "") -> str:
    """Return the text of a file, or of standard input for `-`; usage errors name the file.

    `what`: the option that names it.
    """
    named = f"{what} {path}".strip()
    try:
        if path == "-":
            raw = sys.stdin.buffer.read(limit + 1)
        else:
            with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes 5 ms
                raw = file.read(limit + 1)
    except OSError as error:
        msg = f"{named} cannot be read: {error.strerror}."
        raise click.UsageError(msg) from error
    if len(raw) > limit:
        msg = f"{named} is over {limit // 1024} kB, the most that is read."
        raise click.UsageError(msg)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        msg = f"{named} is not UTF-8 text (byte {error.start})."
        raise click.UsageError(msg) from error


def folder(path: str | None) -> str:
    """Return the absolute working directory: the one given, else the caller's."""
    from claude_sdk.discovery import full_path  # noqa: PLC0415 - not every command needs it

    place = full_path(path) if path else os.getcwd()  # noqa: PTH109 - pathlib takes 5 ms
    if not os.path.isdir(place):  # noqa: PTH112 - likewise
        msg = f"--cwd {place} is not a folder."
        raise click.UsageError(msg)
    return place


def wait_options(command: Command) -> Command:
    """Add `--wait` and `--watch`."""
    wait = click.option("--wait", is_flag=True, help="Wait for the end; the exit code tells it.")
    watch = click.option("--watch", is_flag=True, help="Show it live until the end.")
    return wait(watch(command))
