"""How durable a message is when sending it returns."""

from pathlib import Path
from typing import Literal

import dramatiq
import pytest

from claude_agent.queue import BrokerOptions, DatabaseBroker
from claude_agent.storage.databases.sqlite import SqliteDatabase


@pytest.mark.parametrize(("durability", "synchronous"), [("strict", 2), ("balanced", 1)])
def test_message_is_synced_as_the_broker_was_told(
    tmp_path: Path, durability: Literal["strict", "balanced"], synchronous: int
) -> None:
    broker = DatabaseBroker(tmp_path / "q.db", options=BrokerOptions(durability=durability))

    @dramatiq.actor(broker=broker, actor_name="noop")
    def noop() -> None: ...

    noop.send()
    database = broker.database
    assert isinstance(database, SqliteDatabase)
    assert database._writer.execute("PRAGMA synchronous").fetchone() == {"synchronous": synchronous}
    assert broker.get_queue_message_counts("default") == (1, 0, 0)
    broker.close()
