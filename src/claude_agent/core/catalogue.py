"""What tasks may name: agents with their queues, actions, adapters that take a prompt."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from claude_agent.domain.definition import ActionSpec
from claude_agent.domain.routing import Route
from claude_agent.errors import UnknownName

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLink:
    """One way in which an agent's prompts may be done: its adapter, or one of its fallback."""

    adapter: str
    model: str = ""
    account: str = ""
    """Whose usage limit it counts for; empty: nobody's."""
    staggered: bool = False
    """Its launches keep a distance from the others of its account."""
    keys: frozenset[str] = frozenset()
    """Variables by which a task brings a key, and so an account, of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentInfo:
    """One configured agent."""

    name: str
    queue: str
    slots: int
    """How many of its tasks run at once."""
    max_ready: int | None = None
    """So many ready tasks its queue takes from clients; None: any number."""
    adapter: str
    """What drives it; `auto` until one is found."""
    takes_prompt: bool
    """Its adapter can be given a prompt."""
    fake: bool = False
    """It only pretends to be an agent; always shown."""
    capabilities: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    """Names of variables that are let through to its commands."""
    model: str = ""
    """The model its CLI asks; empty: the CLI's own choice."""
    instructions: str = ""
    """What its CLI is told before every task."""
    isolated: bool = False
    """Its CLI has a home of its own, not the person's."""
    session: str = ""
    """The tmux session in which its windows open; empty: `claude-<name>`."""
    may: Literal["all", "edit", "ask"] = "all"
    """`edit`: its CLI changes files in the working folder and runs no commands; `ask`: it asks."""
    policy: Mapping[str, object] = field(default_factory=lambda: {"v": 1, "default": "allow"})
    """What its CLI may do without asking: `policy.json` of its runs."""
    transport: str = "auto"
    """By what its CLI is driven; `auto`: by what its adapter and `may` need."""
    program: tuple[str, ...] = ()
    """The command that its adapter drives, where it drives any."""
    note: str = ""
    """Why it takes no prompt, and what to do."""
    links: tuple[AgentLink, ...] = ()
    """Its adapter and then its fallback, in order; empty: its adapter without an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every name that a submit is checked against."""

    agents: Mapping[str, AgentInfo]
    actions: Mapping[str, ActionSpec]
    route: Callable[[str], Route]
    fallback: str = "master"
    in_worker: frozenset[str] = field(default_factory=frozenset)
    """Actions that run in the worker itself (they are quick and idempotent)."""
    screens: frozenset[str] = field(default_factory=frozenset)
    """Adapters in whose conversations a person can go on, on the program's own screen."""
    stuck_after_ms: int = 0
    """A run that has printed nothing for so long is shown as stuck; 0: none is."""

    def agent(self, name: str) -> AgentInfo:
        """Return an agent. Raises `UnknownName` with the nearest one."""
        return _known("agent", name, self.agents)

    def action(self, name: str) -> ActionSpec:
        """Return an action. Raises `UnknownName` with the nearest one."""
        return _known("action", name, self.actions)


def _known(what: str, name: str, table: Mapping[str, T]) -> T:
    if name not in table:
        raise unknown(what, name, table)
    return table[name]


def unknown(what: str, name: str, known: Iterable[str], *, pointer: str = "") -> UnknownName:
    """Return the error for a name nobody knows, with the nearest one."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(names)}."
    message = f"There is no {what} named {name[:80]}."
    return UnknownName(message, hint=hint, pointer=pointer or f"/{what}")
