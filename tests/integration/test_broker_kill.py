"""Several processes on one SQLite file, some of them killed in the middle of a message."""

import contextlib
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from claude_agent.errors import UnknownName
from claude_agent.queue import DatabaseBroker
from tests.waiting import wait_until

SCALE = int(os.environ.get("PROVE_SCALE", "1"))
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[subprocess.Popen[bytes]] = []

    def run(*args: object) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.integration.broker_stand_in", *map(str, args)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        running.append(process)
        return process

    yield run
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


def events(ledger: Path) -> list[list[str]]:
    return [line.split() for line in ledger.read_text().splitlines()] if ledger.exists() else []


def kinds(ledger: Path, kind: str) -> list[list[str]]:
    return [event for event in events(ledger) if event[0] == kind]


def wait_for_done(ledger: Path, count: int) -> None:
    wait_until(
        lambda: len(kinds(ledger, "done")) >= count, timeout=20, what=f"{count} done", every=0.001
    )


def test_no_message_is_lost_or_acked_twice_when_workers_are_killed(
    tmp_path: Path, start: Start
) -> None:
    count, kills = 200 * SCALE, 3 * SCALE
    db, ledger = tmp_path / "queue.db", tmp_path / "ledger"
    chance = random.Random(7)  # noqa: S311 - the moments of the kills, not a secret
    worker = start("worker", db, ledger)
    wait_until(lambda: kinds(ledger, "up"), timeout=10, what="the first worker")
    sender = start("send", db, count)

    for kill in range(1, kills + 1):
        goal = count * kill // (kills + 2) + chance.randrange(4)
        wait_for_done(ledger, goal)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker = start("worker", db, ledger)

    assert sender.wait(20) == 0
    broker = DatabaseBroker(db)
    broker.declare_queue("default")
    broker.join("default", timeout=20_000)
    done = Counter(int(event[1]) for event in kinds(ledger, "done"))
    acks = Counter((event[1], event[2]) for event in kinds(ledger, "ack"))
    starts = Counter((event[1], event[2]) for event in kinds(ledger, "start"))

    assert set(done) == set(range(count)), "messages were lost"
    assert broker.get_queue_message_counts("default") == (0, 0, 0)
    assert max(acks.values()) == 1, "a message was acked twice under one fence"
    assert max(starts.values()) == 1, "two workers held one fence"
    assert sum(done.values()) <= count + 8 * kills, "more came twice than were in hand"
    broker.close()


def test_message_is_taken_over_by_a_living_worker_when_another_is_killed(
    tmp_path: Path, start: Start
) -> None:
    db, ledger = tmp_path / "queue.db", tmp_path / "ledger"
    workers = [start("worker", db, ledger) for _ in range(2)]
    wait_until(lambda: len(kinds(ledger, "up")) == 2, timeout=10, what="both workers")
    start("send", db, 100)
    wait_until(lambda: len(kinds(ledger, "done")) > 10, timeout=10, what="work", every=0.001)
    workers[0].send_signal(signal.SIGKILL)
    workers[0].wait()

    wait_until(
        lambda: {int(event[1]) for event in kinds(ledger, "done")} == set(range(100)),
        timeout=8,
        what="the other worker to take over",
    )


def test_message_is_buried_as_poison_when_it_kills_every_worker(
    tmp_path: Path, start: Start
) -> None:
    db, ledger = tmp_path / "queue.db", tmp_path / "ledger"
    worker = start("worker", db, ledger)
    wait_until(lambda: kinds(ledger, "up"), timeout=10, what="the worker")
    broker = DatabaseBroker(db)
    poison = broker.send_by_name("die")
    for number in range(30):  # fetched together with it, again and again
        broker.send_by_name("work", [number], queue="poison")
    for _ in range(6):
        assert worker.wait(10) == -signal.SIGKILL
        worker = start("worker", db, ledger)
    letter = wait_until(
        lambda: (row := broker.store.find(poison.message_id)) and row["dead_reason"] and row,
        timeout=10,
        what="the dead letter",
    )

    assert (letter["dead_reason"], letter["deliveries"]) == ("poison", 6)
    assert letter["history"].count("owner_lost") == 6
    assert worker.poll() is None, "the last worker lives"
    wait_until(lambda: broker.store.counts("poison").open == 0, what="the innocent ones")
    assert {int(event[1]) for event in kinds(ledger, "done")} == set(range(30))
    assert broker.get_queue_message_counts("poison") == (0, 0, 1)
    broker.close()


def test_send_by_name_is_refused_with_the_nearest_when_nobody_knows_the_actor(
    tmp_path: Path, start: Start
) -> None:
    db, ledger = tmp_path / "queue.db", tmp_path / "ledger"
    start("worker", db, ledger)
    wait_until(lambda: kinds(ledger, "up"), timeout=10, what="the worker")
    broker = DatabaseBroker(db)

    with pytest.raises(UnknownName, match="wrok") as caught:
        broker.send_by_name("wrok", [1])

    assert caught.value.hint == "Did you mean work?"
    assert broker.get_queue_message_counts("default") == (0, 0, 0)
    broker.close()
