"""PostgreSQL (13 or newer): READ COMMITTED, writers side by side, the log's counter row last.

Transactions take their locks in one order (`Reader.lock`, `Tx.at_end`), so they wait for each
other and do not deadlock; one that does all the same is run again as a whole. No lock is held
while a commit is synced, and no answer leaves before it is (`storage.postgres.durability`).
Commits of other processes are heard by LISTEN, and seen by a look at the counter row every few
seconds.
"""

import contextlib
import random
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import psycopg
from psycopg import errors, sql
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout
from typing_extensions import override

from claude_agent.errors import Unavailable
from claude_agent.storage import log
from claude_agent.storage.database import Corrupt, Database, Duplicate, Reader, Row, Tx
from claude_agent.storage.duty import Duty
from claude_agent.storage.gathering import GatheringTx
from claude_agent.storage.migrate import upgrade
from claude_agent.storage.postgres import durability, link
from claude_agent.storage.postgres.duties import Duties
from claude_agent.storage.postgres.listener import Listener
from claude_agent.storage.postgres.text import SKIP_LOCKED, arrays, statement

T = TypeVar("T")
_Cursor = psycopg.Cursor[dict[str, Any]]
CONNECTIONS = 10
KEPT_FOR_READS = 3
"""A transaction may read beside itself: some connections are never given to writers."""
WAIT_S = 3.0
"""How long a caller waits for a connection before it is told that there is none."""
DOWN_WAIT_S = 0.3
"""The same after another one waited in vain: an outage must not hold every thread up."""
TRIES = 12
CHANNEL = "claude_agent_log"
_MIGRATING = 7_420_001
"""The advisory lock of migrations."""
_OPEN = (TransactionStatus.INTRANS, TransactionStatus.INERROR)
_AGAIN = (errors.DeadlockDetected, errors.SerializationFailure)


def open_postgresql(
    url: str, *, draw: Callable[[], str] = lambda: secrets.token_hex(4)
) -> "PostgresqlDatabase":
    """Open a PostgreSQL database and migrate it.

    Raises `Unavailable` (also: the schema is newer), `SetupError`, `Invalid`.
    """
    database = PostgresqlDatabase(url)
    try:
        upgrade(database, draw)
    except BaseException:
        database.close()
        raise
    return database


class PostgresqlDatabase(Database):
    """One PostgreSQL database, shared with any number of processes and hosts."""

    shared = True
    lock_clause = SKIP_LOCKED

    def __init__(self, url: str, *, chance: Callable[[], float] = random.random) -> None:
        self.place = link.place(url)
        """Where it is, without the password."""
        link.connect(url).close()  # the reason why it cannot be opened, at once
        self._chance = chance
        self._me = secrets.token_hex(8)
        self._local = threading.local()
        self._writers = threading.BoundedSemaphore(CONNECTIONS - KEPT_FOR_READS)
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: tuple[Callable[[int], None], ...] = ()
        self._told = 0
        self._down = False
        self._listener: Listener | None = None
        self._url = url
        self._duties = Duties(url)
        self.repeated = 0
        """How many transactions ran again because of a deadlock or a serialisation failure."""
        self._pool: ConnectionPool[link.Connection] = ConnectionPool(
            link.conninfo(url),
            kwargs=link.OPTIONS,
            configure=link.configure,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=WAIT_S,
            reconnect_timeout=1.0,
            open=False,
            name="claude-agent",
        )
        self._pool.open()

    @override
    def write(self, work: Callable[[Tx], T], *, durable: bool = True) -> T:
        if getattr(self._local, "writing", False):
            message = "a transaction was opened inside a transaction"
            raise RuntimeError(message)
        with self._writers:
            self._local.writing = True
            try:
                done = self._whole(work, durable=durable)
            finally:
                self._local.writing = False
        self._tell(done.pos)
        for call in done.after:
            call()
        return done.result

    def _whole(self, work: Callable[[Tx], T], *, durable: bool) -> "_Done[T]":
        """Run a transaction, again as a whole while others are in its way."""
        for tried in range(1, TRIES + 1):
            try:
                return self._once(work, durable=durable)
            except _AGAIN as error:
                self.repeated += 1
                if tried == TRIES:
                    message = f"The database at {self.place} is too busy: {tried} tries failed."
                    raise Unavailable(message, hint="Try again.") from error
            except Duplicate as error:
                # Somebody was first with this key: the work may see that now and take another.
                number = _is_stream(error)
                if tried == TRIES or (tried > 1 and not number):
                    raise
            self._closing.wait(self._chance() * 0.002 * 2 ** min(tried, 6))
        raise AssertionError  # the last try returns or raises

    def _once(self, work: Callable[[Tx], T], *, durable: bool) -> "_Done[T]":
        with self._begun(durability.BEGIN_WRITE if durable else durability.BEGIN_LAZY) as (
            connection,
            _,
        ):
            tx = _PgTx(connection)
            try:
                result, pos = self._work(work, tx, connection, durable=durable)
            except _AGAIN:
                raise
            except psycopg.Error as error:
                raise link.translated(error, self.place) from error
            if pos:
                self._notify(connection, pos)
            return _Done(result=result, pos=pos, after=tx.after)

    @staticmethod
    def _work(
        work: Callable[[Tx], T], tx: "_PgTx", connection: link.Connection, *, durable: bool
    ) -> tuple[T, int]:
        try:
            result = work(tx)
            with link.asked():
                return result, tx.commit(durable=durable)
        finally:
            if connection.info.transaction_status in _OPEN:
                durability.refuse(connection, durable=durable)

    def _notify(self, connection: link.Connection, pos: int) -> None:
        # After the sync, and by itself: all who notify take one lock until their commit. Whoever
        # hears nothing looks by itself, so a failure here does not undo what is durable.
        notice = sql.Literal(f"{self._me} {pos}")
        text = sql.SQL("NOTIFY {}, {}").format(sql.Identifier(CHANNEL), notice)
        with contextlib.suppress(psycopg.Error):
            connection.execute(text, prepare=False)

    @contextlib.contextmanager
    def _begun(self, begin: str) -> Iterator[tuple[link.Connection, _Cursor]]:
        """Lend a connection on which a transaction was begun; roll back what is left of it."""
        connection, cursor = self._begin(begin)
        try:
            yield connection, cursor
        finally:
            if connection.info.transaction_status != TransactionStatus.IDLE:
                with contextlib.suppress(psycopg.Error):
                    connection.execute("ROLLBACK", prepare=False)
            self._pool.putconn(connection)

    def _begin(self, begin: str) -> tuple[link.Connection, _Cursor]:
        # After a restart of PostgreSQL every kept connection is broken: nothing was done on it
        # yet, so the next one is tried.
        for left in range(CONNECTIONS, -1, -1):
            connection = self._connection()
            try:
                with link.asked():
                    cursor = connection.execute(begin, prepare=False)
            except psycopg.Error as error:
                self._pool.putconn(connection)
                if not left or not isinstance(error, psycopg.OperationalError):
                    raise link.translated(error, self.place) from error
            except BaseException:
                self._pool.putconn(connection)
                raise
            else:
                return connection, cursor
        raise AssertionError  # the last one returns or raises

    def _connection(self) -> link.Connection:
        try:
            found = self._pool.getconn(DOWN_WAIT_S if self._down else WAIT_S)
        except PoolClosed as error:
            message = "the database is closed"
            raise Unavailable(message) from error
        except (PoolTimeout, psycopg.Error) as error:
            self._down = True
            raise link.translated(error, self.place) from error
        self._down = False
        return found

    @override
    def read(self, work: Callable[[Reader], T]) -> T:
        with self._begun(durability.BEGIN_READ) as (connection, begun):
            try:
                upto = durability.seen(begun)
                try:
                    return work(_PgReader(connection, locking=False))
                finally:
                    durability.end_read(connection, upto)
            except psycopg.Error as error:
                raise link.translated(error, self.place) from error

    @override
    def leads(self, duty: Duty) -> bool:
        return not self._closing.is_set() and self._duties.mine(duty)

    # News ---------------------------------------------------------------------------------------

    @override
    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        with self._lock:
            if self._listener is None and not self._closing.is_set():
                self._told = self._head()
                self._listener = Listener(self._url, CHANNEL, self._heard)
            self._callbacks = (*self._callbacks, callback)

        def end() -> None:
            with self._lock:
                self._callbacks = tuple(one for one in self._callbacks if one is not callback)

        return end

    def _head(self) -> int:
        return self.read(log.head).pos

    def _heard(self, notice: str) -> None:
        """Another process committed; an empty notice: look, some may have been missed."""
        who, _, pos = notice.partition(" ")
        if not notice:
            with contextlib.suppress(Unavailable):
                self._look()
        elif who != self._me:
            self._tell(int(pos))

    def _look(self) -> None:
        head = self._head()
        with self._lock:  # a crash may have taken back what need not be durable
            self._told = min(self._told, head)
        self._tell(head)

    def _tell(self, pos: int) -> None:
        with self._lock:
            if pos <= self._told:
                return
            self._told = pos
            callbacks = self._callbacks
        for callback in callbacks:
            callback(pos)

    # Care ---------------------------------------------------------------------------------------

    @override
    def state(self) -> tuple[bool, str]:
        try:
            self._head()
        except Unavailable as error:
            return False, error.detail
        return True, f"PostgreSQL at {self.place}"

    @override
    def waits_s(self) -> float:
        return link.waits_s()

    @override
    def check(self) -> None:
        def work(reader: Reader) -> str:
            end = log.head(reader)
            last = reader.row("log.last")
            if last is None or (last["pos"], last["hash"]) == (end.pos, end.hash):
                return ""
            return f"the counter row says {end.pos}, the events end at {last['pos']}"

        if problem := self.read(work):
            message = f"The database at {self.place} is damaged: {problem}."
            hint = "Stop the server and restore PostgreSQL's newest backup."
            raise Corrupt(message, hint=hint)

    @override
    def migrate_script(self, script: str) -> None:
        with self._begun(durability.BEGIN_SYNCED) as (connection, _):
            try:
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATING,))
                # psycopg takes only literal text; a migration is a file of ours.
                connection.execute(script.encode(), prepare=False)
                connection.execute("COMMIT", prepare=False)
            except psycopg.Error as error:
                raise link.translated(error, self.place) from error

    @override
    def close(self) -> None:
        self._closing.set()
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        self._duties.close()
        self._pool.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done(Generic[T]):
    result: T
    pos: int
    after: list[Callable[[], None]]


class _PgReader(Reader):
    def __init__(self, connection: link.Connection, *, locking: bool) -> None:
        self._connection = connection
        self._locking = locking

    def _run(self, query: str, params: dict[str, object]) -> _Cursor:
        text = statement(query, locking=self._locking)
        with link.asked():
            return self._connection.execute(text.encode(), arrays(params))

    @override
    def rows(self, query: str, **params: object) -> list[Row]:
        return list(self._run(query, params).fetchall())


class _PgTx(_PgReader, GatheringTx):
    def __init__(self, connection: link.Connection) -> None:
        _PgReader.__init__(self, connection, locking=True)
        GatheringTx.__init__(self)

    @override
    def lock(self, query: str, **params: object) -> None:
        self._run(query, params)

    @override
    def execute(self, query: str, **params: object) -> int:
        try:
            return self._run(query, params).rowcount
        except errors.UniqueViolation as error:
            raise Duplicate(str(error)) from error

    @override
    def execute_many(self, query: str, params: Sequence[Mapping[str, object]]) -> None:
        text = statement(query, locking=True).encode()
        try:
            with link.asked(), self._connection.cursor() as cursor:
                cursor.executemany(text, params)
        except errors.UniqueViolation as error:
            raise Duplicate(str(error)) from error

    def commit(self, *, durable: bool) -> int:
        """Write what was kept for the end and commit; return the new head or 0."""
        if self._connection.info.transaction_status != TransactionStatus.INTRANS:
            message = "a statement failed and its transaction went on"
            raise RuntimeError(message)
        if not self.keeps:
            durability.commit(self._connection, durable=durable)
            return 0
        try:
            return durability.commit_with(self._connection, self.finish, durable=durable)
        except errors.UniqueViolation as error:
            raise Duplicate(str(error)) from error


def _is_stream(error: Duplicate) -> bool:
    """Whether two transactions gave one stream the same number: the next try reads it anew."""
    cause = error.__cause__
    return isinstance(cause, psycopg.Error) and cause.diag.constraint_name == "events_stream"
