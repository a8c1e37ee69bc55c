"""Random kills over each database and carrier: nothing is lost, nothing starts twice."""

import os

import pytest

from tests.e2e import campaign
from tests.e2e.product import Product
from tests.e2e.workload import installation
from tests.servers.redis import RedisServer

SEEDS = [int(seed) for seed in os.environ.get("CAMPAIGN_SEEDS", "20261121").split(",")]
FEW = {"tasks": 60, "kills": 4}


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS)
def test_random_kills_lose_nothing_and_start_nothing_twice(
    fresh: Product, prove_scale: int, seed: int
) -> None:
    campaign.run(fresh, seed=seed, **campaign.counts(prove_scale, tasks=300, kills=10))


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS)
def test_random_kills_on_postgresql_lose_nothing(
    postgres_url: str, prove_scale: int, seed: int
) -> None:
    with installation(database=postgres_url) as product:
        campaign.run(product, seed=seed, **campaign.counts(prove_scale, **FEW))


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS)
def test_random_kills_with_tickets_over_redis_lose_nothing(
    redis_server: RedisServer, prove_scale: int, seed: int
) -> None:
    with installation(broker=redis_server.url) as product:
        campaign.run(product, seed=seed, **campaign.counts(prove_scale, **FEW))
