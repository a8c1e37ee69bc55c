"""What the server answers about sessions and agent programs."""

from typing import TypedDict


class TerminalSession(TypedDict):
    """A session of the terminal; `agent` None: a person's own."""

    name: str
    agent: str | None
    ours: bool
    windows: int
    attached: int
    dead: int
    active_at: int | None


class AgentProbe(TypedDict):
    """Whether an agent's program can be used on the server's machine."""

    agent: str
    adapter: str
    ok: bool
    version: str | None
    detail: str
    hint: str
