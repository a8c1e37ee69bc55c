"""Programs that the kill tests run as processes of their own.

`worker DB LEDGER`: a stock Dramatiq worker on the database; each line of the ledger is one event.
`send DB COUNT`: sends by name, without ever importing an actor.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import dramatiq
from typing_extensions import override

from claude_agent.queue import ActorRegistry, DatabaseBroker, make_broker


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


if __name__ == "__main__":
    Path(sys.argv[2]).parent.mkdir(parents=True, exist_ok=True)
    {"worker": worker, "send": send}[sys.argv[1]](*sys.argv[2:])
