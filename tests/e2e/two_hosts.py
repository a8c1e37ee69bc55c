"""A server without slots and two hosts that do the work, on any carrier of tickets."""

import contextlib
from collections.abc import Iterator

from tests.e2e.far_host import FarHost, Ways, far_hosts
from tests.e2e.product import Product, product
from tests.servers.postgres import PostgresServer
from tests.servers.rabbitmq import RabbitServer
from tests.servers.redis import RedisServer


class Ground:
    """The server and the hosts."""

    def __init__(self, head: Product, hosts: list[FarHost]) -> None:
        self.head = head
        self.one, self.two = hosts


@contextlib.contextmanager
def ground_on(
    postgres: PostgresServer, url: str, carrier: RedisServer | RabbitServer | None = None
) -> Iterator[Ground]:
    """Start the server and make the hosts, which reach nothing but what is given here."""
    environ = {
        "CLAUDE_AGENT_SERVER_DATABASE_URL": url,
        "CLAUDE_AGENT_SERVER_WORKERS": "0",
        "CLAUDE_AGENT_HOST_ID": "head",
    }
    if carrier is not None:
        environ["CLAUDE_AGENT_SERVER_BROKER_URL"] = carrier.url
    port = carrier.port if carrier is not None else 0
    ways = Ways(postgres=postgres.port, database=url.rpartition("/")[2], carrier=port)
    with (
        product(environ) as head,
        far_hosts(("one", "two"), ways, head.environ) as hosts,
    ):
        yield Ground(head, hosts)


def cut_off_and_back(ground: Ground) -> None:
    """A host that is cut off waits for proof, the others go on, and it finishes when it is back."""
    head, one, two = ground.head, ground.one, ground.two
    one.worker()
    long = head.submit(head.held("long"), idempotent=True)
    head.started("long")
    two.worker()
    one.cut()
    waits = head.reaches(long["ref"], "uncertain", timeout=60)
    assert waits["reason"] == "host unreachable"
    head.cli("task", "resolve", long["ref"], "retry", expect=6)  # nobody may guess
    other = head.submit("echo other")  # the rest of the system goes on
    head.reaches(other["ref"], "succeeded")
    head.let_go("long")  # it ends while nobody hears of it
    assert head.task(long["ref"])["state"] == "uncertain"
    one.join()
    assert head.reaches(long["ref"], "succeeded", timeout=60)["attempt"] == 1
    assert len(head.entries("long")) == 1
    head.verify()
