"""Orders are confirmed by workers: a Dramatiq project whose broker is one SQLite file.

Start workers with `dramatiq orders`, in as many terminals as you like; send with
`python orders.py`.
"""

import os

import dramatiq
from dramatiq.results import Results

from claude_agent.queue import DatabaseBroker, DatabaseResults

broker = DatabaseBroker(os.environ.get("ORDERS_DB", "orders.db"))
results = DatabaseResults(broker)
broker.add_middleware(Results(backend=results))
dramatiq.set_broker(broker)


@dramatiq.actor(max_retries=3, store_results=True)
def confirm(order: int) -> str:
    """Confirm one order; the result tells which process did it."""
    return f"order {order} confirmed by process {os.getpid()}"


def main() -> None:
    """Send twenty orders, each of them twice by mistake, and show what became of them."""
    sent = {}
    for order in [*range(20), *range(20)]:
        level = "HIGH" if order % 10 == 0 else "NORMAL"
        message = confirm.send_with_options(
            args=(order,), priority=level, dedupe_key=f"confirm/{order}"
        )
        sent[message.message_id] = message
    for message in sent.values():
        print(results.get_result(message, block=True, timeout=30_000))
    broker.close()


if __name__ == "__main__":
    main()
