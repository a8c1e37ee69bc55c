"""Breakers between rows and values."""

from dataclasses import asdict

from claude_agent.domain.breaker import Breaker, BreakerState, evolve
from claude_agent.domain.events import decode
from claude_agent.storage.database import Reader, Row, Tx
from claude_agent.storage.log import Recorded


def breaker_of(row: Row) -> Breaker:
    """Return the breaker of a row."""
    values = {**row, "state": BreakerState(row["state"]), "dated": bool(row["dated"])}
    return Breaker(**values)


def load(reader: Reader, name: str) -> Breaker:
    """Return a breaker; one that was never needed is closed."""
    row = reader.row("breakers.one", name=name)
    return Breaker(name=name) if row is None else breaker_of(row)


def save(tx: Tx, one: Breaker) -> None:
    """Write a breaker."""
    tx.execute(
        "breakers.put", **(asdict(one) | {"state": one.state.value, "dated": int(one.dated)})
    )


def fold_breakers(history: list[Recorded]) -> dict[str, Breaker]:
    """Fold every breaker out of the log, for rebuilding and comparing."""
    found: dict[str, Breaker] = {}
    for one in history:
        kind, _, name = one.event.stream.partition("/")
        said = decode(one.event) if kind == "breaker" else None
        if said is not None:
            found[name] = evolve(found.get(name, Breaker(name=name)), said, one.event.at)
    return found
