"""The same workload over SQLite, PostgreSQL and Redis (RabbitMQ: test_rabbitmq.py)."""

import pytest

from tests.e2e import workload
from tests.servers.redis import RedisServer
from tests.waiting import wait_until


@pytest.mark.parametrize("carrier", ["sqlite", "postgresql", "redis"])
def test_workload_is_the_same_over(carrier: str, request: pytest.FixtureRequest) -> None:
    places = {}
    if carrier == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        places["broker"] = server.url
    if carrier == "postgresql":
        database = request.getfixturevalue("postgres")
        places["database"] = database.empty("workload")
    with workload.installation(**places) as product:
        workload.works_as_on_sql(product)


def test_redis_that_fails_under_load_loses_nothing(
    redis_server: RedisServer, prove_scale: int
) -> None:
    with workload.installation(broker=redis_server.url) as product:
        workload.loses_nothing(product, redis_server, rounds=2 * prove_scale)


def test_worker_on_another_host_with_tickets_over_redis_loses_nothing(
    redis_server: RedisServer, postgres_url: str
) -> None:
    slots = {"CLAUDE_AGENT_SERVER_WORKERS": "0", "CLAUDE_AGENT_HOST_ID": "one"}
    with (
        workload.installation(broker=redis_server.url, database=postgres_url, **slots) as head,
        workload.another_host(head),
    ):
        workload.loses_nothing(head, redis_server, rounds=1)


def test_redis_that_is_away_shows_degraded_and_work_is_taken(redis_server: RedisServer) -> None:
    with workload.installation(broker=redis_server.url) as product:
        assert workload.broker_of(product)["detail"].endswith("carries tickets")
        redis_server.pause()
        wait_until(lambda: not workload.broker_of(product)["ok"], timeout=10, what="the loss")
        status, health = product.ask("GET", "/health/ready")
        assert (status, health["status"]) == (200, "degraded")
        task = product.submit(product.entry("without"))
        product.reaches(task["id"], "succeeded")
        redis_server.resume()
        wait_until(lambda: workload.broker_of(product)["ok"], timeout=20, what="its return")
