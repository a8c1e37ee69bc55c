"""Results of actors on the broker's own database, for Dramatiq's `Results` middleware."""

from typing import Any

from dramatiq import Encoder
from dramatiq.results import ResultBackend, ResultMissing, ResultTimeout
from dramatiq.results.backend import DEFAULT_TIMEOUT, Missing
from typing_extensions import override

from claude_agent.queue.broker import DatabaseBroker
from claude_agent.queue.text import from_text, to_text
from claude_agent.queue.waiting_room import WaitingRoom

TOPIC = "results"


class DatabaseResults(ResultBackend):
    """Stores results beside the messages; who waits for one is woken by the doorbell.

    `broker.add_middleware(Results(backend=DatabaseResults(broker)))`
    """

    def __init__(
        self,
        broker: DatabaseBroker,
        *,
        namespace: str = "dramatiq-results",
        encoder: Encoder | None = None,
    ) -> None:
        super().__init__(namespace=namespace, encoder=encoder)
        self._database = broker.database
        self._clock = broker.clock
        self._room = WaitingRoom(broker.notifier, broker.clock, TOPIC)

    @override
    def get_result(self, message: Any, *, block: bool = False, timeout: int | None = None) -> Any:
        """Return the result; with `block` wait up to `timeout` ms (default 10 s) for it.

        Raises ResultMissing, ResultTimeout, ResultFailure (the actor raised).
        """
        key = self.build_message_key(message)
        if not block:
            found = self._find(key)
        else:
            limit = DEFAULT_TIMEOUT if timeout is None else timeout
            found = self._room.wait(lambda: self._find(key), limit / 1000)
        if found is None:
            missing = ResultTimeout if block else ResultMissing
            raise missing(message)
        return self.unwrap_result(self._decoded(found))  # type: ignore[no-untyped-call] # theirs

    def _find(self, key: str) -> str | None:
        now = self._clock.now()
        row = self._database.read(lambda reader: reader.row("broker.result", key=key, now=now))
        return None if row is None else str(row["data"])

    @override
    def _get(self, message_key: str) -> Any:
        found = self._find(message_key)
        return Missing if found is None else self._decoded(found)

    def _decoded(self, found: str) -> Any:
        return self.encoder.decode(from_text(found))

    @override
    def _store(self, message_key: str, result: Any, ttl: int) -> None:
        data = to_text(self.encoder.encode(result))
        expires_at = self._clock.now() + ttl
        # Not synced: who loses it with the machine loses the ack that follows it too, so the
        # message is delivered again and stores it again.
        self._database.write(
            lambda tx: tx.execute(
                "broker.result_put", key=message_key, data=data, expires_at=expires_at
            ),
            durable=False,
        )
        self._room.ring()
