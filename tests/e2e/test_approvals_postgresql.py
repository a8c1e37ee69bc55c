"""A hundred racing decisions over HTTP on PostgreSQL: one wins."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.gates import RULES
from tests.e2e.product import Product, product
from tests.servers.postgres import PostgresServer


@pytest.fixture
def on_postgres() -> Iterator[Product]:
    server = PostgresServer(durable=True)
    try:
        server.start()
        server.empty("product")
        url = {"CLAUDE_AGENT_SERVER_DATABASE_URL": server.url("product")}
        with product(url, up=False) as made:
            (made.work / "claude-agent.toml").write_text(RULES)
            made.up()
            yield made
    finally:
        server.remove()


def test_a_hundred_racing_decisions_have_one_winner(on_postgres: Product) -> None:
    task = on_postgres.submit(f"# rm -rf\n{on_postgres.entry('race')}")
    ref = on_postgres.system.approvals.get(task["ref"])["ref"]

    def decide(n: int) -> int:
        verb = "approve" if n % 2 else "reject"
        return on_postgres.ask("POST", f"/approvals/{ref}/{verb}", {})[0]

    with ThreadPoolExecutor(20) as pool:
        found = Counter(pool.map(decide, range(100)))
    assert found == {200: 1, 409: 99}
    ended = on_postgres.reaches(task["ref"], "succeeded", "rejected")["state"]
    won = on_postgres.system.approvals.get(ref)["state"]
    assert (won == "used") == (ended == "succeeded")
    assert len(on_postgres.entries("race")) == (ended == "succeeded")
