"""`status`: agents, queues and workers at a glance."""

import click

from claude_agent.cli.options import pass_session
from claude_agent.cli.output import format_option, show
from claude_agent.cli.session import Session
from claude_agent.cli.views import agents as agents_view


@click.command("status")
@click.option("--agent", metavar="NAME", help="One agent in detail.")
@click.option("--watch", "watching", is_flag=True, help="Keep showing it until Ctrl-C.")
@format_option
@pass_session
def command(session: Session, agent: str | None, form: str, *, watching: bool) -> int:
    """Show agents, queues and workers."""
    system = session.system
    if watching:
        from claude_agent.cli.commands.monitor import overview  # noqa: PLC0415 - only here

        return overview(system, "claude-agent status --watch")
    if agent is not None:
        address = system.address(f"/ui/#/agents/{agent}")
        show(agents_view.agent(system.agents.get(agent), address), form)
    else:
        hosts = system.hosts.list()
        found = system.agents.status()
        waiting = system.approvals.waiting()
        asked = system.questions.waiting()
        view = agents_view.status(
            found, system.address(), hosts, approvals=waiting, questions=asked
        )
        show(view, form)
    return 0
