"""Programs that the kill tests run as processes of their own.

`worker DB LEDGER`: a stock Dramatiq worker on the database; each line of the ledger is one event.
`send DB COUNT`: sends by name, without ever importing an actor.
`crash DB LEDGER MOMENT`: sends one message, works on it, and kills itself at that moment.
"""

import os
import signal
import sys
import threading
from typing import Any

import dramatiq
from dramatiq.errors import Retry
from dramatiq.middleware import CurrentMessage
from typing_extensions import override

from claude_agent.queue import ActorRegistry, DatabaseBroker, make_broker, message_store
from claude_agent.queue.message_store import Verdict


class Ledger(dramatiq.Middleware):
    """Appends one line an event; one write each, so that a kill tears nothing."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, *words: object) -> None:
        os.write(self._file, (" ".join(str(word) for word in words) + "\n").encode())

    @override
    def before_process_message(self, _broker: Any, message: Any) -> None:
        self.note("start", message.message_id, message.lease.fence, os.getpid())

    @override
    def after_ack(self, _broker: Any, message: Any) -> None:
        self.note("ack", message.message_id, message.lease.fence, os.getpid())


def worker(db: str, ledger_path: str) -> None:
    registry = ActorRegistry()
    ledger = Ledger(ledger_path)

    @registry.actor(max_retries=0)
    def work(number: int) -> None:
        threading.Event().wait(0.01)
        ledger.note("done", number)

    @registry.actor(queue="poison")
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    broker = make_broker(db, registry=registry)
    broker.add_middleware(ledger)
    dramatiq.Worker(broker, worker_threads=4, worker_timeout=200).start()
    ledger.note("up", os.getpid())
    signal.pause()


def send(db: str, count: str) -> None:
    broker = DatabaseBroker(db)
    for number in range(int(count)):
        broker.send_by_name("work", [number])
    broker.close()


def shaky(db: str, ledger_path: str) -> tuple[DatabaseBroker, Ledger]:
    """Return a broker with an actor that fails once and then succeeds."""
    registry = ActorRegistry()
    ledger = Ledger(ledger_path)

    @registry.actor(min_backoff=1, max_backoff=1)
    def shaky(number: int) -> None:
        message = CurrentMessage.get_current_message()
        assert message is not None
        if "retries" not in message.options:
            ledger.note("failed", number)
            raise Retry(delay=1)
        ledger.note("done", number)

    return make_broker(db, registry=registry), ledger


def crash(db: str, ledger_path: str, moment: str) -> None:
    broker, _ = shaky(db, ledger_path)
    die_at(broker, moment)
    broker.send_by_name("shaky", [1])
    dramatiq.Worker(broker, worker_threads=1, worker_timeout=200).start()
    signal.pause()


def finish(db: str, ledger_path: str) -> None:
    broker, ledger = shaky(db, ledger_path)
    dramatiq.Worker(broker, worker_threads=1, worker_timeout=200).start()
    ledger.note("up", os.getpid())
    signal.pause()


def die_at(broker: DatabaseBroker, moment: str) -> None:
    """Kill this process `before`, `inside` or `after` a transaction: `before ack`, …"""
    when, _, what = moment.partition(" ")
    find_next = message_store._next_due
    store: Any = broker.store
    turn, put = store.turn, store.put
    inside = [False]

    def die(now: str, happens: str) -> None:
        if (now, happens) == (when, what):
            os.kill(os.getpid(), signal.SIGKILL)

    def next_due(tx: Any) -> int | None:
        # Called between the settlements and the commit.
        if inside[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return find_next(tx)

    def watched_turn(owner: str, settled: Any, wishes: Any, *, most: Any = None) -> Any:
        words = {"ack": Verdict.DONE, "retry": Verdict.RETRY}
        said = [word for word, verdict in words.items() if verdict in {s.verdict for s in settled}]
        for word in said:
            die("before", word)
            inside[0] = moment == f"inside {word}"
        result = turn(owner, settled, wishes, most=most)
        for word in [*said, *(["claim"] if any(result.leases) else [])]:
            die("after", word)
        return result

    def watched_put(messages: Any) -> Any:
        die("before", "enqueue")
        ids = put(messages)
        die("after", "enqueue")
        return ids

    message_store._next_due = next_due
    store.turn = watched_turn
    store.put = watched_put


if __name__ == "__main__":
    programs = {"worker": worker, "send": send, "crash": crash, "finish": finish}
    programs[sys.argv[1]](*sys.argv[2:])
