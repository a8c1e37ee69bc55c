"""`up`: start everything on this machine."""

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.output import note
from claude_agent.cli.session import Session


@click.command("up")
@click.option("-d", "--detach", is_flag=True, help="Return once it serves.")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free one.")
@pass_session
def command(session: Session, port: int | None, *, detach: bool) -> int:
    """Start the server and keep it alive; Ctrl-C ends it, running agents go on."""
    from claude_agent import keeper  # noqa: PLC0415 - only here
    from claude_agent.settings import Settings  # noqa: PLC0415 - pydantic takes 60 ms

    settings = Settings.load(home=session.home, flags={"server.port": port})
    for text in settings.notes:
        note(text)
    server = settings.server
    return keeper.become(str(settings.home), port=server.port, detach=detach, host=server.host)
