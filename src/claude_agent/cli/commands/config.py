"""`config`: the settings and where each comes from."""

import click

from claude_agent.cli.look import Look
from claude_agent.cli.options import pass_session
from claude_agent.cli.output import View, format_option, show
from claude_agent.cli.session import Session


@click.group("config")
def command() -> None:
    """Show the settings and where each comes from."""


@command.command("list")
@format_option
@pass_session
def list_(session: Session, form: str) -> None:
    """List every setting, its value and its source."""
    from claude_agent.settings import Settings  # noqa: PLC0415 - pydantic takes 60 ms

    found = Settings.load(home=session.home, prepare=False).listing()
    items: list[dict[str, object]] = [
        {"name": name, "value": value, "source": source} for name, value, source in found
    ]

    def table(look: Look) -> list[str]:
        rows = [[name, str(value), source] for name, value, source in found]
        return look.table(("setting", "value", "from"), rows, elastic=1)

    show(View(document={"items": items}, items=items, name="name", table=table), form)
