"""Huey on SQLite with fsync. It deletes a job when it takes it: a killed worker loses it."""

import logging

from huey import SqliteHuey
from typing_extensions import override

from queue_peers.adapter import PADDING, Adapter, Handler


class HueySqlite(Adapter):
    """Threads of Huey's own consumer, with its default polling."""

    def __init__(self, url: str, handler: Handler) -> None:
        super().__init__(url, handler)
        logging.getLogger("huey").setLevel(logging.ERROR)
        self._huey = SqliteHuey("bench", filename=url, fsync=True, results=False)

        @self._huey.task(name="job")
        def job(number: int, _padding: str) -> None:
            handler(number)

        self._job = job

    @override
    def send(self, number: int) -> None:
        self._job(number, PADDING)

    @override
    def start(self, threads: int) -> None:
        self._consumer = self._huey.create_consumer(workers=threads, periodic=False)
        self._consumer.start()

    @override
    def stop(self) -> None:
        self._consumer.stop(graceful=True)
