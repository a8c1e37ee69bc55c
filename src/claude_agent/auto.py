"""`adapter = "auto"`: Claude Code where it is installed and logged in, else the first that is."""

import os
import threading
from collections.abc import Callable, ItemsView, Iterator, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import TypeAlias

from typing_extensions import override

from claude_agent.agents.adapter import Adapter
from claude_agent.agents.run_plan import ALWAYS
from claude_agent.core.catalogue import AgentInfo, AgentLink
from claude_agent.errors import Invalid
from claude_agent.shipped import clis_for

LOOKS_AGAIN_S = 30.0
"""How long what was found holds: who installs one or logs in needs no restart."""


How: TypeAlias = tuple[str, str]
"""The transport and the permissions that an agent must have."""
Links: TypeAlias = Callable[[str, str], tuple[AgentLink, ...]]
"""An agent and what was found for it, to the ways in which its prompts may be done."""


@dataclass(frozen=True, slots=True)
class Found:
    """Which CLI drives, and why."""

    adapter: str
    """Its name; empty: none can be used."""
    why: str


class Auto:
    """Looks for a CLI that an agent with this environment can use."""

    def __init__(
        self, names: tuple[str, ...], *, isolated: bool, how: How = ("auto", "all")
    ) -> None:
        self._how = how
        kept = {name: os.environ[name] for name in (*ALWAYS, *names) if name in os.environ}
        if isolated:
            kept.pop("HOME", None)  # the person's login is not its own
        self._bodies = clis_for(kept)

    def look(self) -> Found:
        """Ask one after the other; no network."""
        passed: list[str] = []
        for body in self._bodies:
            probe = body.probe()
            if probe.ok and not self._fits(body):
                passed.append(f"{probe.detail} cannot be driven as this agent must.")
            elif probe.ok:
                before = f"; before it: {' '.join(passed)}" if passed else ""
                return Found(body.name, f"auto: {probe.detail} can be used{before}")
            else:
                passed.append(probe.detail)
        return Found("", f"its adapter is auto, and no agent CLI can be used: {' '.join(passed)}")

    def _fits(self, body: Adapter) -> bool:
        try:
            body.transport_for(*self._how)
        except Invalid:
            return False
        return True


class Agents(Mapping[str, AgentInfo]):
    """The agents; those with `auto` as what was found last, looked for again when that is old."""

    def __init__(self, agents: Mapping[str, AgentInfo], links: Links) -> None:
        self._links = links
        self._lock = threading.Lock()
        self._agents = dict(agents)
        self._autos: dict[tuple[tuple[str, ...], bool, How], tuple[Auto, list[str]]] = {}
        self._due = 0.0
        for name, info in agents.items():
            if info.adapter == "auto":
                key = (info.environment, info.isolated, (info.transport, info.may))
                auto = self._autos.get(key) or (Auto(key[0], isolated=key[1], how=key[2]), [])
                auto[1].append(name)
                self._autos[key] = auto

    def _look(self) -> None:
        if not self._autos or monotonic() < self._due:
            return
        with self._lock:
            if monotonic() < self._due:
                return
            for auto, names in self._autos.values():
                found = auto.look()
                for name in names:
                    self._agents[name] = replace(
                        self._agents[name],
                        adapter=found.adapter or "auto",
                        takes_prompt=bool(found.adapter),
                        links=self._links(name, found.adapter) if found.adapter else (),
                        note=found.why,
                    )
            self._due = monotonic() + LOOKS_AGAIN_S

    @override
    def __getitem__(self, name: str) -> AgentInfo:
        self._look()
        return self._agents[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._agents)

    @override
    def __len__(self) -> int:
        return len(self._agents)

    @override
    def items(self) -> ItemsView[str, AgentInfo]:
        self._look()
        return self._agents.items()
