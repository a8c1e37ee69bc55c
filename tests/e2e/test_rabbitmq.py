"""RabbitMQ as a carrier of tickets: all its tests, so that few workers start one."""

import threading
from collections.abc import Iterator

import pika
import pytest

from claude_agent.queue.broker import ask_carrier
from claude_agent.queue.brokers.rabbitmq import RabbitCarrier
from tests.contract.carrier_suite import SHAPES, CarrierSuite, House, house_on
from tests.e2e import campaign, workload
from tests.e2e.two_hosts import cut_off_and_back, ground_on
from tests.servers.postgres import PostgresServer
from tests.servers.rabbitmq import RabbitServer


@pytest.fixture
def house(rabbit_server: RabbitServer) -> Iterator[House]:
    with house_on(rabbit_server) as made:
        rabbit_server.queues.add(made.carrier().queue)
        yield made


class TestRabbitCarrier(CarrierSuite):
    """The suite on RabbitMQ, and what only RabbitMQ has."""

    @pytest.mark.parametrize("body", SHAPES)
    def test_garbage_is_dropped_and_the_next_ticket_comes(
        self, house: House, rabbit_server: RabbitServer, body: bytes
    ) -> None:
        house.courier()
        house.carries()
        connection = rabbit_server.connect()
        channel = connection.channel()
        queue = house.carrier().queue
        text = body.replace(b'"tickets"', f'"{queue}"'.encode())
        channel.basic_publish("", queue, text, pika.BasicProperties())
        house.carries()
        connection.close()

    def test_tickets_have_one_queue_and_no_dead_letters(
        self, house: House, rabbit_server: RabbitServer
    ) -> None:
        house.courier()
        connection = rabbit_server.connect()
        for suffix in (".DQ", ".XQ"):
            with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="404"):
                connection.channel().queue_declare(house.carrier().queue + suffix, passive=True)
        connection.close()

    def test_closing_minds_no_thread_that_lets_go_of_its_own(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        carrier = house.carrier()
        assert isinstance(carrier, RabbitCarrier)
        carrier.probe()
        opened, go = threading.Event(), threading.Event()

        def other() -> None:
            carrier.probe()
            opened.set()
            go.wait(30)
            del carrier.connection

        thread = threading.Thread(target=other)
        thread.start()
        assert opened.wait(30)
        mine, close = carrier.channel, carrier.channel.close

        def close_late() -> None:
            go.set()
            thread.join()
            close()

        monkeypatch.setattr(mine, "close", close_late)
        made = carrier.connections.copy()
        assert len(made) == 2
        carrier.close()
        assert not any(one.is_open for one in made)


def test_doctor_asks_whether_rabbitmq_answers(rabbit_server: RabbitServer) -> None:
    where = f"RabbitMQ at 127.0.0.1:{rabbit_server.port}/%2F"
    assert ask_carrier(rabbit_server.url) == (True, f"{where} answers")
    ok, detail = ask_carrier(rabbit_server.url.replace("guest:guest", "guest:wrong"))
    assert not ok
    assert "does not answer" in detail
    assert "wrong" not in detail


def test_workload_is_the_same_over_rabbitmq(rabbit_server: RabbitServer) -> None:
    with workload.installation(broker=rabbit_server.url) as product:
        workload.works_as_on_sql(product)


def test_rabbitmq_that_fails_under_load_loses_nothing(
    rabbit_server: RabbitServer, prove_scale: int
) -> None:
    with workload.installation(broker=rabbit_server.url) as product:
        rabbit_server.queues.add(f"claude-agent.tickets.{workload.epoch_of(product)}")
        workload.loses_nothing(product, rabbit_server, rounds=prove_scale)


def test_hosts_with_tickets_over_rabbitmq_wait_for_proof_and_finish(
    rabbit_server: RabbitServer, postgres: PostgresServer, postgres_url: str
) -> None:
    with ground_on(postgres, postgres_url, rabbit_server) as ground:
        rabbit_server.queues.add(f"claude-agent.tickets.{workload.epoch_of(ground.head)}")
        assert workload.broker_of(ground.head)["detail"].endswith("carries tickets")
        cut_off_and_back(ground)


def test_worker_on_another_host_with_tickets_over_rabbitmq_loses_nothing(
    rabbit_server: RabbitServer, postgres_url: str
) -> None:
    slots = {"CLAUDE_AGENT_SERVER_WORKERS": "0", "CLAUDE_AGENT_HOST_ID": "one"}
    with (
        workload.installation(broker=rabbit_server.url, database=postgres_url, **slots) as head,
        workload.another_host(head),
    ):
        rabbit_server.queues.add(f"claude-agent.tickets.{workload.epoch_of(head)}")
        workload.loses_nothing(head, rabbit_server, rounds=1)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_random_kills_with_tickets_over_rabbitmq_lose_nothing(
    rabbit_server: RabbitServer, prove_scale: int
) -> None:
    with workload.installation(broker=rabbit_server.url) as product:
        campaign.run(product, seed=7, **campaign.counts(prove_scale, tasks=60, kills=4))
