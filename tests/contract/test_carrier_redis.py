"""Redis as a carrier of tickets, and as a doorbell between processes."""

import uuid
from collections.abc import Iterator

import dramatiq
import pytest
from typing_extensions import override

from claude_agent.queue.broker import ask_carrier
from claude_agent.queue.brokers.carrier import CarrierBroker
from claude_agent.storage.notifiers.redis import RedisNotifier
from tests.contract.carrier_suite import SHAPES, CarrierSuite, House, house_on
from tests.servers.redis import RedisServer
from tests.waiting import wait_until


@pytest.fixture
def house(redis_server: RedisServer) -> Iterator[House]:
    with house_on(redis_server) as made:
        yield made


class TestRedisCarrier(CarrierSuite):
    """The suite on Redis, and what only Redis has."""

    @override
    def lose(self, gone: CarrierBroker, holding: dramatiq.Consumer) -> None:
        heart = f"{gone.namespace}:__heartbeats__"
        gone.client.zadd(heart, {gone.broker_id: 0})  # it stopped long ago
        gone.close()

    def test_redis_that_restarts_costs_a_wait_and_carries_again(self, house: House) -> None:
        house.courier()
        house.server.restart()
        house.works("work after a restart")
        house.carries()

    @pytest.mark.parametrize("body", [*SHAPES, None])
    def test_garbage_is_dropped_and_the_next_ticket_comes(
        self, house: House, redis_server: RedisServer, body: bytes | None
    ) -> None:
        house.courier()
        queue = f"claude-agent:{house.namespace}:tickets"
        with redis_server.client() as client:
            name = uuid.uuid4().hex
            if body is not None:
                client.hset(f"{queue}.msgs", name, body)
            client.rpush(queue, name)
            house.carries()
            wait_until(lambda: not client.llen(queue), what="an empty queue")
            wait_until(lambda: not client.hlen(f"{queue}.msgs"), what="nothing kept")
            assert client.keys(f"{queue}.XQ*") == []

    def test_key_of_another_kind_hinders_no_work(
        self, house: House, redis_server: RedisServer
    ) -> None:
        house.courier()
        with redis_server.client() as client:
            client.set(f"claude-agent:{house.namespace}:tickets", "no list")
            house.works("work beside a broken key")
            client.delete(f"claude-agent:{house.namespace}:tickets")
        house.carries()


def test_doctor_asks_whether_redis_answers(redis_server: RedisServer) -> None:
    assert ask_carrier(redis_server.url) == (
        True,
        f"Redis at 127.0.0.1:{redis_server.port}/0 answers",
    )
    redis_server.kill()
    ok, detail = ask_carrier(redis_server.url.replace("redis://", "redis://me:secret@"))
    assert not ok
    assert "does not answer" in detail
    assert "secret" not in detail


@pytest.fixture
def bells(redis_server: RedisServer) -> Iterator[tuple[RedisNotifier, RedisNotifier]]:
    namespace = uuid.uuid4().hex
    pair = tuple(RedisNotifier(redis_server.url, namespace=namespace) for _ in range(2))
    wait_until(lambda: all(bell.listening for bell in pair), what="both to listen")
    yield pair[0], pair[1]
    for bell in pair:
        bell.close()


def test_ring_is_heard_by_another_process(bells: tuple[RedisNotifier, RedisNotifier]) -> None:
    here, there = bells
    there.wait({"a"}, 0.05)  # having connected may count as news
    assert not there.wait({"a"}, 0.05)
    here.ring("a")
    assert there.wait({"a"}, 5)
    assert here.wait({"a"}, 5), "the one that rang hears it too"
    assert not there.wait({"b"}, 0.05)


def test_wait_looks_by_itself_while_redis_is_away(
    bells: tuple[RedisNotifier, RedisNotifier], redis_server: RedisServer
) -> None:
    here, there = bells
    redis_server.kill()
    wait_until(lambda: not there.listening, timeout=10, what="the loss to be seen")
    here.ring("a")  # does not raise
    assert there.wait({"a"}, 30), "nobody can say that nothing has changed"
    redis_server.start()
    wait_until(lambda: there.listening, timeout=10, what="the bell to be back")
    assert there.wait({"a"}, 5), "what rang meanwhile is heard"


def test_frozen_redis_is_noticed_by_the_bell(
    bells: tuple[RedisNotifier, RedisNotifier], redis_server: RedisServer
) -> None:
    redis_server.pause()
    wait_until(lambda: not bells[0].listening, timeout=15, what="the silence to be noticed")
    redis_server.resume()
    wait_until(lambda: bells[0].listening, timeout=15, what="the bell to be back")
