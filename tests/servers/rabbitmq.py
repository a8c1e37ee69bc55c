"""A real RabbitMQ for the tests; it starts in seconds, so its tests share a file and a worker."""

import contextlib
import logging
import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pika
import pika.exceptions
import pytest
from typing_extensions import override

from tests.servers.process import ServerProcess, free_port

# Not the wrapper on the PATH: it changes the user.
PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
logging.getLogger("pika").setLevel(logging.CRITICAL)


class RabbitServer(ServerProcess):
    """One node with ports, cookie, names and a port mapper (epmd) of its own, without plugins."""

    name = "rabbit"
    patience_s = 60.0

    def __init__(self) -> None:
        super().__init__()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}/%2F"
        self.queues: set[str] = set()
        self._ports = {"RABBITMQ_DIST_PORT": str(free_port()), "ERL_EPMD_PORT": str(free_port())}
        (self.folder / "plugins").write_text("[].")
        (self.folder / "env.conf").touch()
        (self.folder / "rabbitmq.conf").write_text("log.console.level = error\n")

    @override
    def _argv(self) -> list[str]:
        found = str(PROGRAM) if PROGRAM.exists() else shutil.which("rabbitmq-server")
        return [str(found)]

    @override
    def _environ(self) -> Mapping[str, str]:
        folder = self.folder
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"ca{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
            "RABBITMQ_LOG_BASE": f"{folder}/logs",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/env.conf",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{folder}/advanced",
            "RABBITMQ_FEATURE_FLAGS_FILE": f"{folder}/features",
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",
            **self._ports,
        }

    @override
    def answers(self) -> bool:
        with contextlib.suppress(pika.exceptions.AMQPError, OSError):
            self.connect().close()
            return True
        return False

    @override
    def wipe(self) -> None:
        """Delete every queue that a test has named in `queues`, with consumers and content."""
        with contextlib.closing(self.connect()) as connection:
            for queue in self.queues:
                connection.channel().queue_delete(queue)

    @override
    def close(self) -> None:
        self.kill()
        for pid in _living(self.folder):  # epmd is a daemon
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self) -> pika.BlockingConnection:
        """Return a connection of the test's own."""
        parameters = pika.URLParameters(self.url)
        parameters.socket_timeout = parameters.stack_timeout = 3
        return pika.BlockingConnection(parameters)


def _living(home: Path) -> Iterator[int]:
    mark = f"HOME={home}\0".encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes():
                    yield int(folder.name)


@pytest.fixture(scope="session")
def _rabbit_of_worker() -> Iterator[RabbitServer]:
    if not PROGRAM.exists() and shutil.which("rabbitmq-server") is None:
        pytest.skip("RabbitMQ is not installed")
    server = RabbitServer()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def rabbit_server(_rabbit_of_worker: RabbitServer) -> RabbitServer:
    """The worker's RabbitMQ: it runs."""
    _rabbit_of_worker.heal()
    _rabbit_of_worker.queues.clear()
    return _rabbit_of_worker
