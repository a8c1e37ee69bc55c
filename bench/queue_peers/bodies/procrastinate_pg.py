"""Procrastinate on PostgreSQL: jobs in threads, woken by LISTEN/NOTIFY."""

import asyncio
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from typing_extensions import override

from queue_peers.adapter import PADDING, Adapter, Handler


class Procrastinate(Adapter):
    """The worker keeps its default settings but for the number of jobs at once."""

    def __init__(self, url: str, handler: Handler) -> None:
        super().__init__(url, handler)
        logging.getLogger("procrastinate").setLevel(logging.ERROR)
        self._sending = App(connector=SyncPsycopgConnector(conninfo=url))
        self._working = App(connector=PsycopgConnector(conninfo=url))

        def job(*, number: int, padding: str) -> None:
            del padding
            handler(number)

        self._job = self._sending.task(name="job")(job)
        self._working.task(name="job")(job)
        self._sending.open()
        self._loop: asyncio.AbstractEventLoop | None = None

    @override
    def prepare(self) -> None:
        self._sending.schema_manager.apply_schema()

    @override
    def send(self, number: int) -> None:
        self._job.defer(number=number, padding=PADDING)

    @override
    def send_many(self, numbers: Sequence[int]) -> None:
        self._job.batch_defer(*({"number": n, "padding": PADDING} for n in numbers))

    @override
    def start(self, threads: int) -> None:
        self._thread = threading.Thread(target=asyncio.run, args=[self._work(threads)])
        self._thread.daemon = True
        self._thread.start()

    async def _work(self, threads: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(threads))
        async with self._working.open_async():
            self._task = asyncio.create_task(
                self._working.run_worker_async(concurrency=threads, install_signal_handlers=False)
            )
            await asyncio.wait([self._task])

    @override
    def stop(self) -> None:
        if self._loop:
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(10)
        self._sending.close()
