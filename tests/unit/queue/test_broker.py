import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from typing_extensions import override

from claude_agent.errors import Invalid, SetupError, UnknownName
from claude_agent.queue import (
    ActorRegistry,
    BrokerOptions,
    DatabaseBroker,
    Services,
    TicketSource,
    make_broker,
    shipped_actors,
)
from claude_agent.queue.broker import ask_carrier, open_carrier
from claude_agent.queue.message_store import Turn
from claude_agent.storage.database import Database
from claude_agent.storage.databases.sqlite import open_sqlite
from claude_agent.storage.notifiers.local import LocalNotifier
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def global_broker() -> Iterator[None]:
    before = dramatiq.broker.global_broker
    yield
    dramatiq.broker.global_broker = before


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    one = open_sqlite(str(tmp_path / "home.db"))
    yield one
    one.close()


def test_make_broker_binds_announces_and_becomes_global(database: Database) -> None:
    registry = ActorRegistry()
    registry.actor(queue="mail", priority=2)(notify)
    broker = make_broker(database=database, registry=registry)

    assert dramatiq.get_broker() is broker
    assert broker.get_declared_actors() == {"notify"}
    entry = broker.store.manifest()["notify"]
    assert (entry.queue, entry.priority) == ("mail", 2)
    broker.close()
    assert database.read(lambda reader: reader.rows("messages.owners")) == []


def notify() -> None:
    """Stand in for any actor."""


@pytest.mark.parametrize(("url", "extra"), [("redis://x", "redis"), ("amqps://x", "rabbitmq")])
def test_carrier_names_the_extra_when_its_client_is_not_installed(
    url: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, f"claude_agent.queue.brokers.{extra}", None)
    with pytest.raises(SetupError, match=extra) as caught:
        open_carrier(url, namespace="n")
    assert f"claude-agent[{extra}]" in caught.value.hint
    assert ask_carrier(url)[0] is False


@pytest.mark.parametrize("url", ["redis://x:port/0", "amqp://x:port/"])
def test_carrier_refuses_an_address_that_cannot_be_read(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        open_carrier(url, namespace="n")
    assert caught.value.hint


@pytest.mark.parametrize("url", ["", "http://x", "sqlite://x", "database", "redis://x"])
def test_make_broker_refuses_an_address_it_cannot_use(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        make_broker(url)

    assert caught.value.hint


def test_broker_opens_a_path_in_each_of_its_forms(tmp_path: Path) -> None:
    for number, url in enumerate([tmp_path / "a.db", str(tmp_path / "b.db"), "sqlite:///{}"]):
        where = str(url).format(tmp_path / "c.db")
        broker = DatabaseBroker(where)
        broker.close()
        assert (tmp_path / f"{'abc'[number]}.db").exists()


def test_send_by_name_runs_the_command_that_the_server_bound(database: Database) -> None:
    services = Services()
    calls: list[tuple[object, ...]] = []
    services.execute_approved_command = lambda *args: calls.append(args)
    server = make_broker(database=database, registry=shipped_actors(services))
    sender = DatabaseBroker(database=database, notifier=server.notifier)
    worker = dramatiq.Worker(server, queues={"default"}, worker_timeout=50, worker_threads=1)
    worker.start()

    message = sender.send_by_name("execute_approved_command", [["ls"]], {"cwd": "/srv"})
    wait_until(lambda: calls, what="the command")

    assert calls == [(["ls"], "/srv", message.message_id)]
    assert sender.get_declared_queues() == set(), "the sender would consume the queue too"
    worker.stop()
    sender.close()
    server.close()


def test_send_by_name_stores_nothing_when_the_name_is_unknown(database: Database) -> None:
    broker = make_broker(database=database, registry=shipped_actors(Services()))

    with pytest.raises(UnknownName) as caught:
        broker.send_by_name("execute_aproved_command")
    with pytest.raises(UnknownName, match="zzz") as far:
        broker.send_by_name("zzz")

    assert caught.value.hint == "Did you mean execute_approved_command?"
    assert "execute_approved_command" in far.value.hint
    assert broker.get_queue_message_counts("default") == (0, 0, 0)
    broker.close()


def test_send_by_name_says_so_when_no_worker_ever_started(tmp_path: Path) -> None:
    broker = DatabaseBroker(tmp_path / "new.db")

    with pytest.raises(UnknownName) as caught:
        broker.send_by_name("anything")

    assert "start one first" in caught.value.hint
    broker.close()


def test_broker_leaves_a_notifier_open_that_it_was_given(tmp_path: Path) -> None:
    bell = LocalNotifier()
    broker = DatabaseBroker(tmp_path / "a.db", notifier=bell)
    broker.close()

    bell.ring("x")
    assert bell.wait(["x"], 0)


def test_send_by_name_obeys_queue_delay_and_options(database: Database) -> None:
    broker = make_broker(database=database, registry=shipped_actors(Services()))

    message = broker.send_by_name(
        "execute_approved_command", ["ls"], queue="other", delay=60_000, max_retries=1
    )

    assert broker.get_queue_message_counts("other") == (0, 1, 0)
    assert message.options == {"max_retries": 1}
    broker.close()


class Bell(TicketSource):
    """A ticket source with a queue of rings."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self._condition = threading.Condition()

    @override
    def wait(self, timeout: float) -> str | None:
        with self._condition:
            self._condition.wait_for(lambda: self.rung, timeout)
            return self.rung.pop(0) if self.rung else None

    @override
    def ring(self, queue: str) -> None:
        with self._condition:
            self.rung.append(queue)
            self._condition.notify()


def test_tickets_reach_the_claim_actor_without_a_row(database: Database) -> None:
    bell, seen = Bell(), list[str]()
    services = Services(claim=seen.append)
    broker = make_broker(database=database, tickets=bell, registry=shipped_actors(services))
    worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=2)
    worker.start()

    bell.ring("testing")
    broker.get_actor("claim").send("database")
    wait_until(lambda: len(seen) == 2, what="both tickets")

    assert sorted(seen) == ["database", "testing"]
    assert broker.store.counts("tickets").open == 0
    worker.stop()
    broker.close()


def test_ticket_is_forgotten_when_its_claim_fails(database: Database) -> None:
    bell, tried = Bell(), list[str]()

    def claim(queue: str) -> None:
        tried.append(queue)
        message = "no"
        raise RuntimeError(message)

    broker = make_broker(
        database=database, tickets=bell, registry=shipped_actors(Services(claim=claim))
    )
    worker = dramatiq.Worker(broker, queues={"tickets"}, worker_timeout=50, worker_threads=1)
    worker.start()
    for number in range(20):
        bell.ring(str(number))
    wait_until(lambda: len(tried) == 20, what="all tickets, beyond the prefetch")
    worker.stop()

    counts = broker.store.counts("tickets")
    assert (counts.open, counts.dead) == (0, 0)
    broker.close()


def test_idle_worker_does_not_poll(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = make_broker(database=database, registry=shipped_actors(Services()))
    turns: list[int] = []
    turn = broker.store.turn

    def counted(*args: Any, **more: Any) -> Turn:
        turns.append(1)
        return turn(*args, **more)

    monkeypatch.setattr(broker.store, "turn", counted)
    worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=2)
    worker.start()
    threading.Event().wait(0.1)
    turns.clear()
    threading.Event().wait(0.5)

    assert len(turns) <= 1
    worker.stop()
    broker.close()


def test_close_gives_back_what_was_not_begun(database: Database) -> None:
    broker = make_broker(database=database, registry=shipped_actors(Services()))
    for _ in range(4):
        broker.send_by_name("execute_approved_command", ["ls"])
    consumer = broker.consume("default", prefetch=4, timeout=1_000)
    assert next(consumer) is not None
    wait_until(lambda: broker.store.counts("default").leased == 4, what="four leases")

    broker.close()

    other = DatabaseBroker(database=database)
    assert other.get_queue_message_counts("default") == (4, 0, 0)
    other.close()


def test_broker_finds_a_folder_of_this_host_when_the_database_is_no_file(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    one, other = DatabaseBroker(postgres_url), DatabaseBroker(postgres_url)
    for broker in (one, other):
        broker.declare_queue("default")
        broker.consume("default", timeout=10)

    assert len(list(tmp_path.glob("claude-agent-*/*.owners/*.owner"))) == 2
    one.close()
    other.close()


def test_broker_puts_owner_files_where_it_is_told(database: Database, tmp_path: Path) -> None:
    options = BrokerOptions(owners=tmp_path / "elsewhere")
    broker = DatabaseBroker(database=database, options=options)
    broker.declare_queue("default")
    broker.consume("default", timeout=10)

    assert len(list((tmp_path / "elsewhere").glob("*.owner"))) == 1
    broker.close()
    assert list((tmp_path / "elsewhere").glob("*.owner")) == []


def test_queue_can_be_imported_without_the_server() -> None:
    code = (
        "import sys, claude_agent.queue as q; q.DatabaseBroker;"
        "print([m for m in ('fastapi', 'uvicorn', 'pydantic', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
