"""Appends to the event log, and the limit above them: bare inserts that share no counter row."""

import threading

import psycopg
from typing_extensions import override

from claude_agent.domain.events import Event
from claude_agent.storage.databases import open_database
from queue_peers.adapter import PADDING, Adapter, Handler

AT = 1_800_000_000_000


class Appends(Adapter):
    """Each job is one transaction that appends `batch` events to a stream of its own."""

    batch = 1

    def __init__(self, url: str, handler: Handler) -> None:
        super().__init__(url, handler)
        self._database = open_database(url)

    @override
    def send(self, number: int) -> None:
        events = [_event(number, seq) for seq in range(1, self.batch + 1)]
        self._database.write(lambda tx: tx.append(events))

    @override
    def start(self, threads: int) -> None:
        """Nothing works on events."""

    @override
    def stop(self) -> None:
        self._database.close()


class TenAtOnce(Appends):
    """As a busy dispatcher appends them."""

    batch = 10


class HundredAtOnce(Appends):
    """As a fan-out appends them."""

    batch = 100


class BareInserts(Adapter):
    """Each job is one committed row of about the same size; each thread has its connection."""

    def __init__(self, url: str, handler: Handler) -> None:
        super().__init__(url, handler)
        self._local = threading.local()

    @override
    def prepare(self) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute("CREATE TABLE raw (id TEXT PRIMARY KEY, body TEXT NOT NULL)")

    @override
    def send(self, number: int) -> None:
        if not hasattr(self._local, "connection"):
            self._local.connection = psycopg.connect(self.url, autocommit=True)
        row = (f"{number:036}", PADDING * 2)
        self._local.connection.execute("INSERT INTO raw VALUES (%s, %s)", row)

    @override
    def start(self, threads: int) -> None:
        """Nothing works on bare rows."""

    @override
    def stop(self) -> None:
        """The connections end with the process."""


def _event(number: int, seq: int) -> Event:
    data = {"text": PADDING}
    stream = f"bench/{number}"
    return Event(stream=stream, seq=seq, type="bench.said", v=1, at=AT, actor="me", data=data)
