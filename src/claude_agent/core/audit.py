"""Events that belong to no state machine: what people did to queues and letters, news, starts."""

from collections.abc import Mapping
from typing import Any

from claude_agent.domain.events import Context, Event
from claude_agent.storage.database import Tx


def record(tx: Tx, context: Context, stream: str, type_: str, data: Mapping[str, Any]) -> None:
    """Append an event at the end of its stream, once in a transaction for each stream.

    Two writers of one stream must meet at a row that both change before; else `Duplicate`.
    """
    row = tx.row("log.last_of_stream", stream=stream)
    event = Event(
        stream=stream,
        seq=(row["seq"] if row is not None and row["seq"] is not None else 0) + 1,
        type=type_,
        v=1,
        at=context.at,
        actor=context.actor,
        causation=context.causation,
        data=dict(data),
    )
    tx.append([event])
