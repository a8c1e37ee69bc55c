"""The terminal of a process: a tmux server of our own, or a guest on the person's."""

import os
from pathlib import Path

from claude_agent.agents.terminal import Terminal
from claude_agent.agents.terminals.tmux import TmuxTerminal
from claude_agent.agents.terminals.tmux_shared import SharedTmux, default_socket
from claude_agent.errors import Invalid
from claude_agent.settings import Settings


def build_terminal(settings: Settings, private: str) -> Terminal:
    """Return the terminal; `private`: the name of our own server's socket.

    Raises `Invalid` where an agent names a session that our own server cannot have.
    """
    names = {name: agent.session for name, agent in settings.agents.items() if agent.session}
    if settings.tmux.socket == "default":
        socket = default_socket(os.environ)
        return SharedTmux(socket, home=settings.home, names=names, size=settings.tmux.size)
    if names:
        agent, session = next(iter(names.items()))
        message = f"agents.{agent}.session = {session!r} names a session of your own tmux server."
        raise Invalid(message, hint='Set tmux.socket = "default", or leave the session out.')
    return TmuxTerminal(Path(settings.sockets / private), size=settings.tmux.size)
