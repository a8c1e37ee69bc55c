"""`make_broker`: the one place where a Dramatiq broker is built and made Dramatiq's own."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dramatiq
from dramatiq.middleware import CurrentMessage

from claude_agent.clock import Clock
from claude_agent.errors import Invalid
from claude_agent.queue.actors import ActorRegistry
from claude_agent.queue.brokers.database import DatabaseBroker
from claude_agent.queue.brokers.datagrams import DatagramNotifier
from claude_agent.queue.brokers.options import BrokerOptions
from claude_agent.queue.tickets import TicketSource
from claude_agent.storage.database import Database
from claude_agent.storage.databases.sqlite import SqliteDatabase, open_sqlite
from claude_agent.storage.notifier import Notifier
from claude_agent.storage.notifiers.local import LocalNotifier

__all__ = ["BrokerOptions", "DatabaseBroker", "TicketSource", "make_broker", "open_parts"]

DATABASE = "database"
"""The broker address that means: our own database."""
_SQLITE = "sqlite:///"
_LATER = ("redis", "rediss", "amqp", "amqps", "postgresql", "postgres")


def make_broker(
    url: str | Path = DATABASE,
    *,
    registry: ActorRegistry | None = None,
    database: Database | None = None,
    notifier: Notifier | None = None,
    clock: Clock | None = None,
    tickets: TicketSource | None = None,
) -> DatabaseBroker:
    """Build the broker, bind the actors, write the boot manifest, set Dramatiq's global broker.

    `url`: `database` (with an open `database`), a path, or `sqlite:///path`.
    Raises `Invalid` for another address, `Conflict` for a registry that is bound already.
    """
    where = None if str(url) == DATABASE else url
    broker = DatabaseBroker(
        where, database=database, notifier=notifier, clock=clock, tickets=tickets
    )
    broker.add_middleware(CurrentMessage())
    if registry is not None:
        registry.bind(broker)
        broker.publish_manifest()
    dramatiq.set_broker(broker)
    return broker


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a database broker stands on."""

    database: Database
    notifier: Notifier
    owners: Path
    """Folder of the owner files."""
    close: Callable[[], None]
    """Closes what was opened for the broker, and nothing else."""


def open_parts(
    url: str | Path | None,
    *,
    database: Database | None,
    notifier: Notifier | None,
    owners: Path | None,
) -> Parts:
    """Find or open the database and the doorbell of a broker. Raises `Invalid`."""
    if database is not None:
        return Parts(
            database=database,
            notifier=notifier or LocalNotifier(),
            owners=owners or _beside(_path_of(database)),
            close=lambda: None,
        )
    path = _path_in(url)
    folder = owners or _beside(path)
    with _one_at_a_time(folder):
        opened = open_sqlite(str(path), shared=True)
    bell = notifier or DatagramNotifier(folder, LocalNotifier())

    def close() -> None:
        if notifier is None:
            bell.close()
        opened.close()

    return Parts(database=opened, notifier=bell, owners=folder, close=close)


def _path_in(url: str | Path | None) -> Path:
    if url is None or not str(url):
        message = "The broker needs a database: a path, sqlite:///path, or an open one."
        raise Invalid(message, hint="Write DatabaseBroker('queue.db').")
    text = str(url)
    scheme = text.partition(":")[0] if "://" in text else ""
    if scheme in _LATER:
        message = f"A broker on {scheme}:// is not available yet."
        raise Invalid(message, hint='Use broker_url = "database", or a path to a SQLite file.')
    if scheme and not text.startswith(_SQLITE):
        message = f"There is no broker for {scheme}://."
        raise Invalid(message, hint="Use a path, or sqlite:///path (four slashes: absolute).")
    return Path(text.removeprefix(_SQLITE)).absolute()


def _path_of(database: Database) -> Path:
    if isinstance(database, SqliteDatabase):
        return Path(database.path).absolute()
    message = "This database has no folder for the files that show who is alive."
    raise Invalid(message, hint="Give one: BrokerOptions(owners=Path(...)).")


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.owners")


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    # Two processes that start together on a new file would both run the same migration.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "open.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
