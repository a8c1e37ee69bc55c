"""The limit below every durable queue on SQLite: bare inserts, one for each commit."""

import sqlite3

from typing_extensions import override

from queue_peers.adapter import PADDING, Adapter, Handler, NotOffered


class RawSqlite(Adapter):
    """A table with a text key, in WAL mode. The address ends in `?synchronous=FULL|NORMAL`."""

    def __init__(self, url: str, handler: Handler) -> None:
        super().__init__(url, handler)
        path, _, level = url.partition("?synchronous=")
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute(f"PRAGMA synchronous={level or 'FULL'}")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS raw (id TEXT PRIMARY KEY, body TEXT NOT NULL)"
        )

    @override
    def send(self, number: int) -> None:
        self._connection.execute("INSERT INTO raw VALUES (?, ?)", (f"{number:036}", PADDING))

    @override
    def start(self, threads: int) -> None:
        message = f"nothing works on bare rows ({threads} threads)"
        raise NotOffered(message)

    @override
    def stop(self) -> None:
        self._connection.close()
