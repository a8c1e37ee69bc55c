"""Dramatiq on its own brokers: Redis, RabbitMQ, and in memory."""

from abc import abstractmethod
from typing import Any

import dramatiq
from typing_extensions import override

from queue_peers.adapter import PADDING, Adapter, Handler


class DramatiqAdapter(Adapter):
    """An actor `job` on the broker that `broker` returns, under Dramatiq's own worker."""

    def __init__(self, url: str, handler: Handler) -> None:
        super().__init__(url, handler)
        self._broker = self.broker()

        @dramatiq.actor(broker=self._broker, actor_name="job")
        def job(number: int, _padding: str) -> None:
            handler(number)

        self.job: Any = job
        self._worker: dramatiq.Worker | None = None

    @abstractmethod
    def broker(self) -> dramatiq.Broker:
        """Make the broker."""

    @override
    def send(self, number: int) -> None:
        self.job.send(number, PADDING)

    @override
    def start(self, threads: int) -> None:
        self._worker = dramatiq.Worker(self._broker, worker_threads=threads)
        self._worker.start()

    @override
    def stop(self) -> None:
        if self._worker:
            self._worker.stop()
        self._broker.close()


class Stub(DramatiqAdapter):
    """In memory: what Dramatiq's worker can do at most."""

    @override
    def broker(self) -> dramatiq.Broker:
        from dramatiq.brokers.stub import StubBroker  # noqa: PLC0415 - where it is installed

        return StubBroker()


class Redis(DramatiqAdapter):
    """Redis; how durable is the server's setting."""

    @override
    def broker(self) -> dramatiq.Broker:
        from dramatiq.brokers.redis import RedisBroker  # noqa: PLC0415 - where it is installed

        return RedisBroker(url=self.url)


class RabbitMQ(DramatiqAdapter):
    """RabbitMQ with publisher confirms."""

    @override
    def prepare(self) -> None:
        self._broker.declare_queue("default", ensure=True)
        self._broker.flush_all()  # what an earlier run may have left

    @override
    def broker(self) -> dramatiq.Broker:
        from dramatiq.brokers.rabbitmq import RabbitmqBroker  # noqa: PLC0415 - where it is installed

        return RabbitmqBroker(url=self.url, confirm_delivery=True)
