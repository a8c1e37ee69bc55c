"""`make_broker`: the one place where a Dramatiq broker is built and made Dramatiq's own."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import dramatiq
from dramatiq.middleware import CurrentMessage

from claude_agent.clock import Clock, SystemClock
from claude_agent.errors import ClaudeAgentError, Invalid, SetupError
from claude_agent.queue.actors import ActorRegistry
from claude_agent.queue.brokers.carrier import CarrierBroker, soon
from claude_agent.queue.brokers.courier import Courier
from claude_agent.queue.brokers.database import DatabaseBroker
from claude_agent.queue.brokers.datagrams import DatagramNotifier
from claude_agent.queue.brokers.options import BrokerOptions
from claude_agent.queue.tickets import CLAIM, TicketSource
from claude_agent.storage import log
from claude_agent.storage.database import Database
from claude_agent.storage.databases import open_database
from claude_agent.storage.databases.sqlite import SqliteDatabase, open_sqlite
from claude_agent.storage.notifier import Notifier
from claude_agent.storage.notifiers.local import LocalNotifier
from claude_agent.storage.postgres import ADDRESSES

__all__ = ["BrokerOptions", "DatabaseBroker", "TicketSource", "make_broker", "open_parts"]

DATABASE = "database"
"""The broker address that means: our own database."""
_SQLITE = "sqlite:///"
_EXTRAS = {"redis": "redis", "rediss": "redis", "amqp": "rabbitmq", "amqps": "rabbitmq"}
"""Scheme of a carrier -> the extra of the package with its client."""


def make_broker(  # noqa: PLR0913 - the parts of one object, all by name
    url: str | Path = DATABASE,
    *,
    registry: ActorRegistry | None = None,
    database: Database | None = None,
    notifier: Notifier | None = None,
    clock: Clock | None = None,
    tickets: TicketSource | None = None,
    options: BrokerOptions | None = None,
) -> DatabaseBroker:
    """Build the broker, bind the actors, write the boot manifest, set Dramatiq's global broker.

    `url`: `database` (with an open `database`), a path, or `sqlite:///path`. With `redis://…` or
    `amqp://…` (and `tickets`, and an actor `claim` in the registry) that server carries the
    tickets; every other message stays in the `database`.
    Raises `Invalid` for another address, `Conflict` for a registry that is bound already,
    `SetupError` where the client of the server is not installed.
    """
    carried = is_carrier(str(url))
    where = None if carried or str(url) == DATABASE else url
    broker = DatabaseBroker(
        where, database=database, notifier=notifier, clock=clock, tickets=tickets, options=options
    )
    broker.add_middleware(CurrentMessage())
    if carried and database is not None and registry is not None and tickets is not None:
        broker.carrier = Courier(
            open_carrier(str(url), namespace=database.read(log.head).epoch),
            address=without_secrets(str(url)),
            source=tickets,
            claim=registry.definition(CLAIM).function,
        )
    if registry is not None:
        registry.bind(broker, without=(CLAIM,) if broker.carrier is not None else ())
        broker.publish_manifest()
    dramatiq.set_broker(broker)
    return broker


def is_carrier(url: str) -> bool:
    """Say whether an address is that of a server which carries tickets."""
    return url.partition("://")[0] in _EXTRAS and "://" in url


def without_secrets(url: str) -> str:
    """Return host, port and path of an address: what may be shown."""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    return f"{host}:{parts.port}{parts.path}" if parts.port else f"{host}{parts.path}"


def open_carrier(url: str, *, namespace: str, clock: Clock | None = None) -> CarrierBroker:
    """Return the carrier of an address; it connects when it is used.

    `namespace` keeps the tickets of installations that share a server apart.
    Raises `Invalid` for an address that cannot be read, `SetupError` without the client.
    """
    extra = _EXTRAS[url.partition("://")[0]]
    clock = clock or SystemClock()
    open_it = _open_redis if extra == "redis" else _open_rabbitmq
    try:
        return open_it(url, namespace, clock)
    except ImportError as error:
        message = f"The client for {extra} is not installed."
        raise SetupError(message, hint=f"pip install 'claude-agent[{extra}]'") from error
    except ValueError as error:
        message = f"The address of the broker cannot be read: {error}."
        raise Invalid(
            message, hint="Write redis://host:6379/0 or amqp://user:word@host/."
        ) from error


def _open_redis(url: str, namespace: str, clock: Clock) -> CarrierBroker:
    from claude_agent.queue.brokers.redis import RedisCarrier  # noqa: PLC0415 - an extra
    from claude_agent.storage.notifiers.redis import RedisNotifier  # noqa: PLC0415 - an extra

    bell = RedisNotifier(url, namespace=namespace)
    return RedisCarrier(url, namespace=namespace, bell=bell, clock=clock)


def _open_rabbitmq(url: str, namespace: str, clock: Clock) -> CarrierBroker:
    from claude_agent.queue.brokers.rabbitmq import RabbitCarrier  # noqa: PLC0415 - an extra

    return RabbitCarrier(url, namespace=namespace, clock=clock)


def ask_carrier(url: str) -> tuple[bool, str]:
    """Return whether the carrier of an address answers, and a line about it for people."""
    try:
        broker = open_carrier(url, namespace="doctor")
    except ClaudeAgentError as error:
        return False, f"{error.detail} {error.hint}"
    where = f"{broker.title} at {without_secrets(url)}"
    try:
        broker.probe()
    except broker.failures as error:
        return False, f"{where} does not answer: {str(error) or type(error).__name__}"
    finally:
        soon(broker.close)
    return True, f"{where} answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a database broker stands on."""

    database: Database
    notifier: Notifier
    owners: Path
    """Folder of the owner files."""
    hosts: bool = False
    """Whether processes on other hosts may use it too."""
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
            owners=owners or _owners_of(database),
            hosts=not isinstance(database, SqliteDatabase),
            close=lambda: None,
        )
    if str(url).startswith(ADDRESSES):
        return _open_postgresql(str(url), notifier, owners)
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


def _open_postgresql(url: str, notifier: Notifier | None, owners: Path | None) -> Parts:
    opened = open_database(url)
    bell = notifier or _postgresql_bell(url)

    def close() -> None:
        if notifier is None:
            bell.close()
        opened.close()

    return Parts(
        database=opened,
        notifier=bell,
        owners=owners or _owners_of(opened),
        hosts=True,
        close=close,
    )


def _postgresql_bell(url: str) -> Notifier:
    from claude_agent.storage.notifiers import postgresql  # noqa: PLC0415 - an extra

    return postgresql.PostgresqlNotifier(url)


def _owners_of(database: Database) -> Path:
    if isinstance(database, SqliteDatabase):
        return _beside(Path(database.path).absolute())
    # No file of ours: a folder on this host, found by all of its processes.
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    epoch = database.read(log.head).epoch
    return Path(base) / f"claude-agent-{os.getuid()}" / f"{epoch}.owners"


def _path_in(url: str | Path | None) -> Path:
    if url is None or not str(url):
        message = "The broker needs a database: a path, its address, or an open one."
        raise Invalid(message, hint="Write DatabaseBroker('queue.db').")
    text = str(url)
    scheme = text.partition(":")[0] if "://" in text else ""
    if scheme and not text.startswith(_SQLITE):
        message = f"There is no broker for {scheme}://."
        raise Invalid(message, hint="Use a path, sqlite:///path or postgresql://user@host/name.")
    return Path(text.removeprefix(_SQLITE)).absolute()


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
