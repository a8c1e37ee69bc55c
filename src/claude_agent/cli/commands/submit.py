"""`submit`: hand one task to the queue."""

from collections.abc import Callable, Iterable
from typing import TypedDict, Unpack

import click

from claude_agent.cli.durations import Duration
from claude_agent.cli.look import Look
from claude_agent.cli.options import (
    PRIORITIES,
    folder,
    pairs,
    parse_json,
    pass_session,
    read_text,
    wait_options,
)
from claude_agent.cli.output import View, format_option, note, show
from claude_agent.cli.session import Session

_MAX_TEXT = 256 * 1024


class Given(TypedDict):
    """The options of `submit`."""

    task: str | None
    run: str | None
    action: str | None
    file: str | None
    with_: tuple[str, ...]
    agent: str | None
    priority: str | None
    title: str | None
    timeout: str | None
    retries: int | None
    retry_delay: str | None
    cwd: str | None
    lock: str | None
    after: tuple[str, ...]
    approve: str | None
    result_schema: str | None
    idempotency_key: str | None
    wait_timeout: float | None
    dry_run: bool
    wait: bool
    watch: bool


@click.command("submit")
@click.option("--task", metavar="TEXT", help="What a coding agent is asked to do.")
@click.option("--run", metavar="CMD", help="Shell text to run.")
@click.option("--action", metavar="NAME", help="A named action.")
@click.option("--file", metavar="F|-", help="Read the text of --task from a file or from stdin.")
@click.option("--with", "with_", multiple=True, metavar="K=V", help="A value (K:=V: JSON).")
@click.option("--agent", metavar="NAME", help="Who does it; else routed by its words.")
@click.option("--priority", type=click.Choice(PRIORITIES, case_sensitive=False))
@click.option("--title", metavar="TEXT", help="A short name for lists.")
@click.option("--timeout", metavar="5m", help="Limit of one attempt (the task is stopped).")
@click.option("--retries", type=click.IntRange(0, 99), help="Further attempts after a failure.")
@click.option("--retry-delay", metavar="5s", help="Wait before the second attempt; it grows.")
@click.option("--cwd", metavar="PATH", help="Where it runs (else the current folder).")
@click.option("--lock", metavar="NAME", help="One at a time of those that name it, in order.")
@click.option(
    "--after",
    multiple=True,
    metavar="REF[,REF…]",
    help="Start once these tasks have succeeded; one that ends otherwise cancels it.",
)
@click.option(
    "--approve",
    type=click.Choice(["auto", "manual"]),
    help="auto: yes in advance (never over always_ask); manual: ask in any case.",
)
@click.option(
    "--result-schema", metavar="FILE|-", help="A JSON Schema that the agent's result must fit."
)
@click.option("--idempotency-key", metavar="K", help="The same key never submits twice.")
@click.option("--wait-timeout", type=Duration(), help="Stop waiting then; the task goes on.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent; send nothing.")
@wait_options
@format_option
@pass_session
def command(session: Session, form: str, **given: Unpack[Given]) -> int:
    """Hand a task to an agent: exactly one of --task, --run, --action, --file."""
    body = _body(given)
    if given["dry_run"]:
        show(View(document=body, items=[body], name="title", table=_lines_of(body)), form)
        return 0
    from claude_agent.cli.follow import Following, follow_task  # noqa: PLC0415 - after the checks
    from claude_agent.cli.views.tasks import submitted  # noqa: PLC0415 - likewise

    task = session.system.tasks.submit(body, key=given["idempotency_key"])
    address = session.system.address(task["url"])
    following = Following(
        wait=given["wait"], watch=given["watch"], limit=given["wait_timeout"], form=form
    )
    if not following.wanted:
        show(submitted(task, address), form)
        return 0
    note(f"{task['ref']}  {address}")
    return follow_task(session.system, task, following)


def _body(given: Given) -> dict[str, object]:
    sources = {
        "prompt": given["task"],
        "run": given["run"],
        "action": given["action"],
        "file": given["file"],
    }
    chosen = [(name, value) for name, value in sources.items() if value is not None]
    if len(chosen) != 1:
        msg = "Give exactly one of --task, --run, --action, --file."
        raise click.UsageError(msg)
    name, value = chosen[0]
    if name == "file":
        name, value = "prompt", read_text(value, limit=_MAX_TEXT, what="--file")
    if not value.strip():
        msg = "The task is empty."
        raise click.UsageError(msg)
    body: dict[str, object] = {name: value, "cwd": folder(given["cwd"])}
    if given["with_"]:
        body["with"] = pairs(given["with_"], "--with")
    if given["after"]:
        body["after"] = _refs(given["after"])
    if (file := given["result_schema"]) is not None:
        schema = read_text(file, limit=_MAX_TEXT, what="--result-schema")
        body["result_schema"] = parse_json(schema, f"--result-schema {file}")
    if retry := _retry(given):
        body["retry"] = retry
    optional = {
        "agent": given["agent"],
        "priority": given["priority"],
        "title": given["title"],
        "timeout": given["timeout"],
        "lock": given["lock"],
        "approve": given["approve"],
    }
    return body | {name: value for name, value in optional.items() if value is not None}


def _retry(given: Given) -> dict[str, object]:
    if given["retries"] is None and given["retry_delay"] is not None:
        msg = "--retry-delay means nothing without --retries."
        raise click.UsageError(msg)
    attempts = None if given["retries"] is None else given["retries"] + 1
    found = {"max_attempts": attempts, "delay": given["retry_delay"]}
    return {name: value for name, value in found.items() if value is not None}


def _refs(given: tuple[str, ...]) -> list[str]:
    refs = [ref.strip() for text in given for ref in text.split(",")]
    if not all(refs):
        msg = "--after needs ids or refs of tasks, separated by commas."
        raise click.UsageError(msg)
    return refs


def _lines_of(body: dict[str, object]) -> Callable[[Look], Iterable[str]]:
    return lambda _: [f"{name}: {value}" for name, value in body.items()]
