"""A process killed before, inside and after each transaction of one message's life."""

from collections import Counter
from pathlib import Path

import pytest

from claude_agent.queue import DatabaseBroker
from tests.integration.test_broker_kill import Start, kinds, start
from tests.waiting import wait_until

__all__ = ["start"]
MOMENTS = [
    "before enqueue",
    "after enqueue",
    "after claim",
    "before retry",
    "inside retry",
    "after retry",
    "before ack",
    "inside ack",
    "after ack",
]


def lives_on(address: str, ledger: Path, start: Start, moment: str) -> None:
    assert start("crash", address, ledger, moment).wait(20) == -9
    start("finish", address, ledger)
    wait_until(lambda: kinds(ledger, "up"), timeout=10, what="the next worker")
    broker = DatabaseBroker(address)
    broker.declare_queue("default")
    broker.join("default", timeout=10_000)
    seen = Counter(event[0] for event in (*kinds(ledger, "failed"), *kinds(ledger, "done")))

    assert broker.get_queue_message_counts("default") == (0, 0, 0)
    broker.close()
    if moment == "before enqueue":
        assert not seen, "it was never accepted"
        return
    # What was not committed happens again; what was committed does not.
    again = {"before retry": "failed", "inside retry": "failed", "before ack": "done"}
    again["inside ack"] = "done"
    assert seen == Counter(["failed", "done", *([again[moment]] if moment in again else [])])


@pytest.mark.parametrize("moment", MOMENTS)
def test_message_is_done_whenever_its_process_is_killed(
    tmp_path: Path, start: Start, moment: str
) -> None:
    lives_on(f"sqlite:///{tmp_path / 'queue.db'}", tmp_path / "ledger", start, moment)


@pytest.mark.parametrize("moment", ["inside retry", "inside ack", "after claim"])
def test_message_is_done_on_postgresql_too(
    tmp_path: Path, postgres_url: str, start: Start, moment: str
) -> None:
    lives_on(postgres_url, tmp_path / "ledger", start, moment)
