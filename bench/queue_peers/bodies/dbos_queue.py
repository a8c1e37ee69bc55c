"""DBOS's queue, on SQLite and PostgreSQL: each job is a workflow without steps."""

from dbos import DBOS, DBOSClient, DBOSConfig, Queue
from typing_extensions import override

from queue_peers.adapter import PADDING, Adapter, Handler

QUEUE = "bench"


class Dbos(Adapter):
    """Sends by DBOS's client, works with its default polling (1 s)."""

    def __init__(self, url: str, handler: Handler) -> None:
        super().__init__(url, handler)
        self._client: DBOSClient | None = None

    def _launch(self) -> None:
        handler = self.handler
        config: DBOSConfig = {
            "name": QUEUE,
            "system_database_url": self.url,
            "application_version": "1",
            "log_level": "ERROR",
        }
        DBOS(config=config)
        Queue(QUEUE)

        @DBOS.workflow(name="job")
        def job(number: int, _padding: str) -> None:
            handler(number)

        DBOS.launch()

    @override
    def prepare(self) -> None:
        self._launch()
        DBOS.destroy()

    @override
    def send(self, number: int) -> None:
        if self._client is None:
            self._client = DBOSClient(system_database_url=self.url)
        where = {"queue_name": QUEUE, "workflow_name": "job", "app_version": "1"}
        self._client.enqueue(where, number, PADDING)

    @override
    def start(self, threads: int) -> None:
        del threads  # it has its own pool; a limit on its queue would be eight jobs a second
        self._launch()

    @override
    def stop(self) -> None:
        if self._client is None:
            DBOS.destroy()
        else:
            self._client.destroy()
