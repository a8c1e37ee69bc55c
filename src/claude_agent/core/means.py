"""What a decision draws on besides the execution: names, who is healthy, what earlier ones left."""

import json
from collections.abc import Iterator, Mapping

from typing_extensions import override

from claude_agent.core.catalogue import Catalogue
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.account import account
from claude_agent.domain.breaker import BreakerState
from claude_agent.domain.deciding.scene import Decision, Means, Names
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.events import Context
from claude_agent.storage import breaker_rows
from claude_agent.storage.database import Reader, Tx


def means_of(tx: Tx, desk: TaskDesk, catalogue: Catalogue, context: Context) -> Means:
    """Return the means of one decision in a transaction."""
    given: set[str] = set()  # refs that are decided and not in their table yet

    def fresh(table: str) -> tuple[str, str]:
        made = desk.new_id(tx, table, given=given)
        given.add(made[1])
        return made

    def route(description: str) -> tuple[str, str]:
        found = catalogue.route(description)
        return found.agent, found.reason

    return Means(
        at=context.at,
        new_id=lambda: fresh("tasks.id_of_ref"),
        route=route,
        choose=lambda *who: choose(tx, catalogue, *who),
        cached=lambda key: cached(tx, key),
        new_execution=lambda: fresh("executions.id_of_ref"),
        agents=AgentsNow(tx, catalogue),
    )


class AgentsNow(Mapping[str, Data]):
    """The configured agents as expressions see them; each is looked at when it is read."""

    def __init__(self, reader: Reader, catalogue: Catalogue) -> None:
        self._reader = reader
        self._catalogue = catalogue

    @override
    def __getitem__(self, name: str) -> Data:
        agent = self._catalogue.agents[name]
        kind = "prompt" if agent.takes_prompt else "run"
        return {
            "adapter": agent.adapter,
            "model": agent.model,
            "queue": agent.queue,
            "slots": agent.slots,
            "capabilities": list(agent.capabilities),
            "ready": _healthy(self._reader, self._catalogue, name, kind),
        }

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._catalogue.agents)

    @override
    def __len__(self) -> int:
        return len(self._catalogue.agents)


def choose(
    reader: Reader, catalogue: Catalogue, names: Names, capabilities: Names, kind: str
) -> tuple[str, str]:
    """Return (agent, why): the first healthy one of `names`, or of those that are able.

    Healthy: it can be given this kind of work, nobody has paused its queue, its breaker is not
    open, and for a prompt not every account that could do it is shut. Where none is, the first
    one; its tasks wait then.
    """
    if capabilities:
        able = catalogue.agents.values()
        names = tuple(one.name for one in able if set(capabilities) <= set(one.capabilities))
    if not names:
        return catalogue.fallback, f"nobody has all of {', '.join(capabilities)}"
    what = f"it has {', '.join(capabilities)}" if capabilities else f"of {', '.join(names)}"
    for name in names:
        if _healthy(reader, catalogue, name, kind):
            return name, f"the first healthy one: {what}"
    return names[0], f"none is healthy of {', '.join(names)}"


def _healthy(reader: Reader, catalogue: Catalogue, name: str, kind: str) -> bool:
    agent = catalogue.agents.get(name)
    if agent is None or (kind == "prompt" and not agent.takes_prompt):
        return False
    row = reader.row("queues.one", name=agent.queue)
    if row is not None and row["paused"]:
        return False
    if _open(reader, f"agent:{name}"):
        return False
    accounts = [link.account for link in agent.links] if kind == "prompt" else []
    return not accounts or not all(one and _open(reader, account(one)) for one in accounts)


def _open(reader: Reader, breaker: str) -> bool:
    return breaker_rows.load(reader, breaker).state == BreakerState.OPEN


def cached(reader: Reader, key: str) -> tuple[int, Data | None]:
    """Return (when it was stored, the outputs) of a key; at 0 nothing was."""
    row = reader.row("cache.one", key=key)
    if row is None:
        return 0, None
    return row["at"], json.loads(row["outputs"])


def remember(tx: Tx, decision: Decision, context: Context) -> None:
    """Keep the outputs of steps with a cache, in the transaction of their success."""
    for key, outputs in decision.stores:
        tx.execute(
            "cache.put",
            key=key,
            outputs=json.dumps(outputs),
            at=context.at,
            execution=decision.run.id,
        )
