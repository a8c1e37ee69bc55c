"""What drives the configured agents: shipped, declared in a TOML file, or of another package."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeAlias

from claude_agent.agents.adapter import Adapter
from claude_agent.errors import Invalid
from claude_agent.settings import Settings
from claude_agent.settings_model import Agent
from claude_agent.shipped import ADAPTERS, declared_by

GROUP = "claude_agent.adapters"
"""The entry points by which a package brings an adapter."""
DECLARED = "declared"


Adapters: TypeAlias = Mapping[str, type[Adapter]]


@dataclass(frozen=True, slots=True)
class Drivers:
    """The adapters, and which of them an agent has."""

    adapters: Adapters
    of: Mapping[str, str]
    """Agent to the name of its adapter; `auto` is not looked for here."""

    def made(self) -> dict[str, Adapter]:
        """Return one of each."""
        return {name: adapter() for name, adapter in self.adapters.items()}


def find_drivers(settings: Settings) -> Drivers:
    """Return every adapter by its name: the shipped ones, and those that an agent names.

    Raises `Invalid`: no such adapter, a package that brings none, a declaration with errors.
    """
    found, of = dict(ADAPTERS), {}
    for name, agent in settings.agents.items():
        of[name] = agent.adapter
        if agent.adapter == DECLARED:
            made = declared_by(declaration_of(settings, name, agent))
            taken = found.setdefault(made.name, made)
            if getattr(taken, "declaration", None) != getattr(made, "declaration", made):
                msg = f"The declaration of agent {name} takes the name {made.name}: it is taken."
                raise Invalid(msg, hint="Give `name` in the file another value.")
            of[name] = made.name
        elif agent.adapter != "auto" and agent.adapter not in found:
            found[agent.adapter] = _loaded(agent.adapter, name)
    return Drivers(found, of)


def declaration_of(settings: Settings, name: str, agent: Agent) -> Path:
    """Return the file that declares an agent's adapter; relative paths start in the home."""
    if not agent.declaration:
        msg = f'The agent {name} has adapter = "declared" and no `declaration`.'
        raise Invalid(msg, hint=f"Set agents.{name}.declaration to the path of its TOML file.")
    return settings.home / Path(agent.declaration).expanduser()


def known_adapters() -> list[str]:
    """Return every name that `adapter` may have here, those of installed packages too."""
    brought = {point.name for point in entry_points(group=GROUP)}
    return ["auto", DECLARED, *ADAPTERS, *sorted(brought - {*ADAPTERS})]


def _loaded(name: str, agent: str) -> type[Adapter]:
    brought = {point.name: point for point in entry_points(group=GROUP)}
    if name not in brought:
        msg = f"There is no adapter {name} for agent {agent}."
        raise Invalid(msg, hint=f"This installation has: {', '.join(known_adapters())}.")
    point = brought[name]
    try:
        body = point.load()
    except (ImportError, AttributeError, NameError, SyntaxError, TypeError, ValueError) as error:
        msg = f"The adapter {name} ({point.value}) cannot be loaded: {error!r}."
        raise Invalid(msg, hint="Correct or remove the package that brings it.") from error
    if not (isinstance(body, type) and issubclass(body, Adapter) and body.name == name):
        msg = f"The entry point {name} ({point.value}) is no adapter of this name."
        raise Invalid(msg, hint=f'It must be a class derived from Adapter with name = "{name}".')
    return body
