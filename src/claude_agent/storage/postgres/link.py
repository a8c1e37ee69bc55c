"""One connection to PostgreSQL: how it is opened and what its errors mean to us."""

import contextlib
import threading
from collections.abc import Iterator
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumperUnknown
from typing_extensions import override

from claude_agent.errors import DiskFull, Invalid, SetupError, Unavailable
from claude_agent.storage.chain import writable
from claude_agent.storage.database import Corrupt, Duplicate

Connection = psycopg.Connection[dict[str, Any]]

OLDEST = 130_000
"""PostgreSQL 13."""
CONNECT_S = 5
# A process that is frozen inside a transaction must not hold the log's counter for ever.
_SETTINGS = (
    "SET idle_in_transaction_session_timeout = '10s'; SET lock_timeout = '20s'; "
    "SET client_min_messages = 'warning'"
)
_DOWN_HINT = "Start PostgreSQL or check server.database_url; agents go on, nothing is lost."


class _Text(StrDumperUnknown):
    """Text as the database can keep it: no half characters, no NUL."""

    @override
    def dump(self, obj: str) -> Any:
        return writable(obj).replace("\0", "?").encode()


class _Flag(Int8Dumper):
    @override
    def dump(self, obj: Any) -> Any:
        return b"1" if obj else b"0"


def conninfo(url: str) -> str:
    """Return psycopg's form of an address, with our defaults. Raises `Invalid`."""
    try:
        known = conninfo_to_dict(url)
    except psycopg.Error as error:
        message = f"The database address cannot be read: {str(error).strip()}."
        hint = "Write postgresql://user@host:port/name."
        raise Invalid(message, hint=hint) from error
    ours: dict[str, str | int | None] = {
        "connect_timeout": CONNECT_S,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
        "application_name": "claude-agent",
    }
    given = {name: value for name, value in ours.items() if name not in known}
    return make_conninfo(url, **given, client_encoding="utf8")


def place(url: str) -> str:
    """Return the address without its password, for people."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2] or str(conninfo_to_dict(url).get("host", "local"))
    return f"{host}{parts.path}"


OPTIONS: dict[str, Any] = {"autocommit": True, "row_factory": dict_row}
"""Transactions are begun by hand: a claim's and a read's begin differ."""


def configure(connection: psycopg.Connection[Any]) -> None:
    """Make a new connection ours: settings, and how values are sent."""
    connection.execute(_SETTINGS, prepare=False)
    # One type for every number: otherwise each size would be a prepared statement of its own.
    connection.adapters.register_dumper(int, Int8Dumper)
    connection.adapters.register_dumper(bool, _Flag)
    connection.adapters.register_dumper(str, _Text)


_asked: dict[int, float] = {}
"""The threads that wait for an answer, and since when."""


@contextlib.contextmanager
def asked() -> Iterator[None]:
    """Mark that this thread waits for PostgreSQL; inside another mark it does nothing."""
    me = threading.get_ident()
    if me in _asked:
        yield
        return
    _asked[me] = monotonic()
    try:
        yield
    finally:
        del _asked[me]


def waits_s() -> float:
    """Return for how many seconds the thread that waits longest has waited for an answer."""
    now = monotonic()
    return now - min(list(_asked.values()), default=now)


def connect(url: str) -> Connection:
    """Open one connection. Raises `Unavailable`, `SetupError`, `Invalid`."""
    try:
        connection = psycopg.connect(conninfo(url), **OPTIONS)
    except psycopg.Error as error:
        raise translated(error, place(url)) from error
    try:
        configure(connection)
        _refuse_unusable(connection, place(url))
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_unusable(connection: Connection, where: str) -> None:
    if connection.info.server_version < OLDEST:
        message = f"PostgreSQL {connection.info.server_version // 10_000} at {where} is too old."
        raise SetupError(message, hint="Use PostgreSQL 13 or newer.")
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        message = f"The database at {where} has the encoding {encoding}."
        raise SetupError(message, hint="Make one: createdb --encoding=UTF8 --template=template0.")


def translated(error: psycopg.Error, where: str) -> Exception:
    """Return what an error of PostgreSQL means to the caller."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    match error:
        case errors.UniqueViolation():
            return Duplicate(text)
        case errors.DiskFull():
            return DiskFull(
                f"PostgreSQL at {where} has no room left.",
                hint="Free some space; nothing accepted is lost and intake resumes by itself.",
            )
        case errors.DataCorrupted() | errors.IndexCorrupted():
            return Corrupt(
                f"The database at {where} is damaged: {text}.",
                hint="Stop the server and restore PostgreSQL's newest backup.",
            )
        case errors.ReadOnlySqlTransaction() | errors.InsufficientPrivilege():
            return Unavailable(
                f"The database at {where} cannot be written: {text}.",
                hint="Use the primary server and a role that owns the database.",
            )
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return Unavailable(f"PostgreSQL at {where} does not answer: {text}.", hint=_DOWN_HINT)
        case _:
            return error
