"""A real Redis for the tests, one for each test worker, started when the first test asks."""

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from typing_extensions import override

from tests.servers.process import ServerProcess


class RedisServer(ServerProcess):
    """Redis with an append-only file, so that a kill -9 loses nothing that was written."""

    name = "redis"

    def __init__(self) -> None:
        super().__init__()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    @override
    def _argv(self) -> list[str]:
        words = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1"]
        return [*words, "--dir", str(self.folder), "--save", "", "--appendonly", "yes"]

    @override
    def answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), self.client() as client:
            return bool(client.ping())
        return False

    @override
    def wipe(self) -> None:
        with self.client() as client:
            client.flushall()

    def client(self) -> Any:
        """Return a client of the test's own."""
        return redis.Redis.from_url(self.url, socket_timeout=2, socket_connect_timeout=2)


@pytest.fixture(scope="session")
def _redis_of_worker() -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        pytest.skip("Redis is not installed")
    server = RedisServer()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def redis_server(_redis_of_worker: RedisServer) -> RedisServer:
    """The worker's Redis: it runs and is empty."""
    _redis_of_worker.heal()
    _redis_of_worker.wipe()
    return _redis_of_worker
