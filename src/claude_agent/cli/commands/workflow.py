"""`workflow`: run, check and list workflows. Without a subcommand it is `workflow run`."""

import json
from typing import TypedDict, Unpack

import click
from typing_extensions import override

from claude_agent.cli.commands import workflow_import, workflow_versions
from claude_agent.cli.durations import Duration
from claude_agent.cli.look import Look
from claude_agent.cli.options import (
    MAX_DEFINITION_BYTES,
    folder,
    pairs,
    pass_session,
    read_text,
    wait_options,
)
from claude_agent.cli.output import View, format_option, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.text import counted
from claude_agent.cli.views import plans as plans_view
from claude_agent.cli.views.common import as_items
from claude_sdk.options import Source
from claude_sdk.wire import Execution, Validated, Workflow

_LONGEST_NAME = 128
_HELP = ("-h", "--help")


class RunByDefault(click.Group):
    """A group in which `workflow --file F` means `workflow run --file F`."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in _HELP:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("workflow", cls=RunByDefault)
def command() -> None:
    """Run, check and list workflows; `workflow --file F` runs one."""


class Given(TypedDict):
    """The options of `workflow run`."""

    words: tuple[str, ...]
    file: str | None
    params: tuple[str, ...]
    cwd: str | None
    idempotency_key: str | None
    timeout: float | None
    dry_run: bool
    wait: bool
    watch: bool


@command.command("run")
@click.argument("words", nargs=-1, metavar="[NAME] [K=V]...")
@click.option("--file", metavar="F|-", help="The definition (YAML or JSON).")
@click.option("--params", multiple=True, metavar="K=V", help="An input (K:=V: JSON).")
@click.option("--cwd", metavar="PATH", help="The workspace (else the current folder).")
@click.option("--idempotency-key", metavar="K", help="The same key never starts twice.")
@click.option("--timeout", type=Duration(), help="Stop waiting then; the work goes on.")
@click.option("--dry-run", is_flag=True, help="Show what it would do; start nothing.")
@wait_options
@format_option
@pass_session
def run(session: Session, form: str, **given: Unpack[Given]) -> int:
    """Run a workflow from a file, or a stored one by name."""
    name, params = _words(given)
    source = _read(given["file"]) if given["file"] else None
    if given["dry_run"]:
        show(
            plans_view.plan(session.system.workflows.plan(name, **_body(source, params, given))),
            form,
        )
        return 0
    execution = _start(session, name, source, params, given)
    from claude_agent.cli.follow import Following, follow_execution  # noqa: PLC0415 - after checks

    address = session.system.address(execution["url"])
    following = Following(
        wait=given["wait"], watch=given["watch"], limit=given["timeout"], form=form
    )
    if not following.wanted:
        show(_started(execution, address), form)
        return 0
    note(f"{execution['ref']}  {address}")
    return follow_execution(session.system, execution, following)


def _words(given: Given) -> tuple[str, dict[str, object]]:
    names = [word for word in given["words"] if "=" not in word]
    params = pairs(
        [*given["params"], *(word for word in given["words"] if "=" in word)], "--params"
    )
    if names and given["file"] is not None:
        msg = f"Beside --file only inputs follow, as K=V: {names[0]!r} is none."
        raise click.UsageError(msg)
    if len(names) != (given["file"] is None):
        msg = "Name one workflow, or give its definition with --file."
        raise click.UsageError(msg)
    return (names[0] if names else "-"), params


def _read(file: str, option: str = "--file") -> Source:
    text = read_text(file, limit=MAX_DEFINITION_BYTES, what=option)
    name = "stdin" if file == "-" else file
    if not text.strip():
        msg = f"{name} is empty: write a definition into it (docs: your first workflow)."
        raise click.UsageError(msg)
    return {"source": text, "file": name[-_LONGEST_NAME:]}


def _start(
    session: Session, name: str, source: Source | None, params: dict[str, object], given: Given
) -> Execution:
    key = given["idempotency_key"]
    return session.system.workflows.execute(name, key=key, **_body(source, params, given))


def _body(source: Source | None, params: dict[str, object], given: Given) -> Source:
    # The server reads texts as the types that the definition declares.
    body: Source = {"params": params, "cwd": folder(given["cwd"])}
    if source:
        body["source"], body["file"] = source["source"], source["file"]
    return body


def _started(execution: Execution, address: str) -> View:
    return View(
        document=execution,
        items=as_items([execution]),
        name="ref",
        table=lambda look: look.table(
            ("", "", "", ""),
            [[execution["ref"], look.state(execution["shown"]), execution["name"], address]],
        ),
    )


@command.command("validate")
@click.argument("path", required=False)
@click.option("--file", metavar="F|-", help="The definition.")
@format_option
@pass_session
def validate(session: Session, path: str | None, file: str | None, form: str) -> None:
    """Check a definition and list all its problems."""
    chosen = file or path
    if chosen is None or (file and path):
        msg = "Name one file."
        raise click.UsageError(msg)
    source = _read(chosen, "--file" if file else "")
    show(_valid(session.system.workflows.validate(source["source"], file=source["file"])), form)


def _valid(checked: Validated) -> View:
    steps = counted(checked["steps"], "step")
    said = f"{checked['workflow']} is valid: {steps}, hash {checked['hash'][:12]}"
    return View(
        document=checked,
        items=as_items([checked]),
        name="workflow",
        table=lambda _: [said, *checked["not_yet"]],
    )


@command.command("schema")
@pass_session
def schema(session: Session) -> None:
    """Print the JSON Schema of definition files."""
    click.echo(json.dumps(session.system.workflows.schema(), indent=2))


@command.command("apply")
@click.argument("path", required=False)
@click.option("--file", metavar="F|-", help="The definition.")
@click.option("--dry-run", is_flag=True, help="Only check the definition.")
@format_option
@pass_session
def apply(
    session: Session, path: str | None, file: str | None, form: str, *, dry_run: bool
) -> None:
    """Store a definition to stay; its schedules and other triggers act from then on."""
    chosen = file or path
    if chosen is None or (file and path):
        msg = "Name one file."
        raise click.UsageError(msg)
    source = _read(chosen, "--file" if file else "")
    if dry_run:
        show(_valid(session.system.workflows.validate(source["source"], file=source["file"])), form)
        return
    show(_workflow(session.system.workflows.define(source["source"], file=source["file"])), form)


@command.command("list")
@format_option
@pass_session
def list_(session: Session, form: str) -> None:
    """List the workflows that the server knows."""
    found = session.system.workflows.list()

    def table(look: Look) -> list[str]:
        rows = [
            [
                item["workflow"],
                item.get("source", ""),
                str(len(item.get("steps") or [])),
                item.get("description") or item["name"],
            ]
            for item in found
        ]
        return look.table(("workflow", "source", "steps", "description"), rows, elastic=3)

    show(View(document={"items": found}, items=as_items(found), name="workflow", table=table), form)


@command.command("show")
@click.argument("name")
@format_option
@pass_session
def show_(session: Session, name: str, form: str) -> None:
    """Show one workflow."""
    show(_workflow(session.system.workflows.get(name)), form)


def _workflow(found: Workflow) -> View:
    def table(look: Look) -> list[str]:
        head = [
            f"{found['workflow']}  {found['name']}  {found['hash'][:12]}",
            found.get("description", ""),
        ]
        inputs = [_input(name, given) for name, given in (found.get("inputs") or {}).items()]
        rows = [
            [str(step.get("id", "")), str(step.get("agent") or ""), _after(step)]
            for step in found.get("steps") or []
        ]
        return [
            *filter(None, head),
            *inputs,
            *(look.table(("step", "agent", "after"), rows) if rows else []),
        ]

    return View(document=found, items=as_items([found]), name="workflow", table=table)


def _input(name: str, given: dict[str, object]) -> str:
    schema = given.get("schema")
    kind = schema.get("type", "any") if isinstance(schema, dict) else "any"
    rest = "required" if given.get("required") else f"default {given.get('default')!r}"
    return f"  input {name}: {kind}, {rest}"


def _after(step: dict[str, object]) -> str:
    needed = step.get("depends_on")
    return ", ".join(map(str, needed)) if isinstance(needed, list) else ""


command.add_command(workflow_import.import_)
command.add_command(workflow_versions.versions)
command.add_command(workflow_versions.diff)
