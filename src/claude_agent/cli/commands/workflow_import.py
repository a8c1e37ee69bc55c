"""`workflow import`: another system's workflow in our format, with a report."""

import click

from claude_agent.cli import codes
from claude_agent.cli.options import MAX_DEFINITION_BYTES, pass_session, read_text
from claude_agent.cli.output import View, format_option, note, show
from claude_agent.cli.session import Session
from claude_agent.cli.text import counted, harmless, one_line
from claude_agent.cli.views.common import as_items

_LONGEST_NAME = 128


@click.command("import")
@click.argument("file")
@click.option(
    "--from",
    "origin",
    type=click.Choice(("github", "dagu")),
    help="Whose format it is (else by its looks).",
)
@format_option
@pass_session
def import_(session: Session, file: str, origin: str | None, form: str) -> int:
    """Print a workflow of GitHub Actions or Dagu in our format.

    What did not map stands on standard error and at the head of the YAML. Nothing is stored.
    """
    text = read_text(file, limit=MAX_DEFINITION_BYTES)
    name = "stdin" if file == "-" else file[-_LONGEST_NAME:]
    found = session.system.workflows.import_(text, file=name, origin=origin or "")
    lost = found["unmapped"]
    for one in lost:
        note(one_line(f"{name}:{one['line']}: {one['path']}: {one['reason']}"))
    source = found["source"]
    lines = [] if source is None else [harmless(line) for line in source.rstrip("\n").split("\n")]
    show(
        View(document=found, items=as_items(lost), name="path", table=lambda _: lines),
        form,
    )
    if source is None:
        note("Nothing of it could be mapped.")
        return codes.FAILED
    steps = counted(found["steps"], "step")
    note(
        f"{steps} mapped, {counted(len(lost), 'remark')}. Check it: claude-agent workflow validate"
    )
    return codes.OK
