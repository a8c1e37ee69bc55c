"""One idempotency key sent to two servers on one PostgreSQL at the same time is one effect."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

from claude_agent.api.services import IdempotencyKey
from claude_agent.serve.base import Base
from claude_agent.storage.database import Reader, Tx
from tests.unit.core.stand import EVERY_TASK, Stand


class Submits(Base):
    """What a server does with a keyed submit."""

    def __init__(self, stand: Stand, both: Barrier) -> None:
        self._stand = stand
        self._both = both
        self._database = stand.database
        self._clock = stand.clock
        self._tries = 0

    def submit(self, key: str) -> tuple[int, Any]:
        def work(tx: Tx) -> Callable[[Reader], dict[str, Any]]:
            self._tries += 1
            if self._tries == 1:
                self._both.wait(10)  # neither finds the other's answer
            task = self._stand.bus.accept(tx, {"run": "true"}, actor="me")
            return lambda _: {"id": task.id}

        return self._once(IdempotencyKey(key=key, body_hash="h"), work)


def test_key_sent_to_two_servers_at_once_is_one_task(tmp_path: Path, postgres_url: str) -> None:
    one = Stand(tmp_path, url=postgres_url, seed=1, worker="one-")
    two = Stand(tmp_path, url=postgres_url, seed=2, worker="two-")
    for n in range(5):
        both = Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(Submits(each, both).submit, f"k{n}") for each in (one, two)]
            answers = [each.result(20) for each in asked]
        assert answers[0] == answers[1]
        assert len(one.rows("tasks.counts", **EVERY_TASK)) == 1
        assert one.rows("tasks.counts", **EVERY_TASK)[0]["count"] == n + 1
    two.close()
    one.close()
