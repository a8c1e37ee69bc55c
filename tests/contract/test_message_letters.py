"""Dead messages in people's hands, with the real broker, a real worker, on every database."""

import threading
from typing import Any

import dramatiq

from claude_agent.clock import SystemClock
from claude_agent.core.dead_letters import DeadLetters
from claude_agent.core.letters import Criteria
from claude_agent.core.task_desk import TaskDesk
from claude_agent.ids_source import IdSource
from claude_agent.storage import log
from tests.contract.broker_tools import Broker, address, broker, unknown, work
from tests.unit.core.stand import catalogue
from tests.waiting import wait_until

__all__ = ["address", "broker", "work"]


class Desk:
    """Dead letters over the broker's own database."""

    def __init__(self, broker: Broker) -> None:
        clock = SystemClock()
        self.database = broker.database
        self.desk = TaskDesk(clock, IdSource(clock), broker.notifier)
        self.letters = DeadLetters(self.desk, catalogue(), broker.notifier)

    def list(self, **wanted: Any) -> list[Any]:
        criteria = Criteria(**wanted)
        return self.database.read(lambda r: self.letters.page(r, criteria, 50))

    def show(self, ref: str) -> Any:
        return self.database.read(lambda r: self.letters.show(r, "message", ref))[0]

    def redrive(self, ref: str, **how: Any) -> Any:
        context = self.desk.context("ann")
        return self.database.write(
            lambda tx: self.letters.redrive(tx, ("message", ref), context, **how)
        )

    def discard(self, ref: str) -> Any:
        context = self.desk.context("ann")
        return self.database.write(
            lambda tx: self.letters.discard(tx, ("message", ref), context, reason="r")
        )


def dead(broker: Broker, number: int = 1) -> None:
    wait_until(
        lambda: broker.get_queue_message_counts("default")[2] == number, what="a dead letter"
    )


def test_a_dead_message_tells_why_and_runs_again_changed(broker: Broker, work: Any) -> None:
    seen: list[int] = []
    ran = threading.Event()

    @dramatiq.actor(broker=broker, max_retries=1, min_backoff=1, max_backoff=2)
    def halve(number: int) -> None:
        if number % 2:
            message = f"{number} is odd"
            raise ValueError(message)
        seen.append(number)
        ran.set()

    message = halve.send(3)
    work()
    dead(broker)
    desk = Desk(broker)
    (letter,) = desk.list(kind="message", agent="halve")
    assert (letter["id"], letter["reason"], letter["attempts"]) == (
        message.message_id,
        "failed",
        2,
    )
    assert letter["error"] == {"kind": "ValueError", "message": "3 is odd"}
    shown = desk.show(message.message_id)
    assert shown["payload"]["args"] == [3]
    assert "traceback" not in shown["payload"]["options"]
    assert "in halve" in shown["tail"]
    done = desk.redrive(message.message_id, changes={"args": [4]}, reason="even now")
    assert (done["state"], done["generation"]) == ("ready", 2)
    assert ran.wait(5)
    broker.join("default", timeout=5_000)
    assert seen == [4]
    assert desk.list() == []


def test_a_re_driven_message_has_all_its_retries_again(broker: Broker, work: Any) -> None:
    tries: list[int] = []

    @dramatiq.actor(broker=broker, max_retries=1, min_backoff=1, max_backoff=2)
    def broken() -> None:
        tries.append(1)
        message = "always"
        raise RuntimeError(message)

    message = broken.send()
    work()
    dead(broker)
    desk = Desk(broker)
    desk.redrive(message.message_id)
    wait_until(lambda: len(tries) == 4, what="two attempts more")
    dead(broker)
    (letter,) = desk.list()
    assert (letter["generation"], letter["attempts"]) == (2, 2)


def test_a_message_of_an_unknown_actor_runs_once_it_is_known(broker: Broker, work: Any) -> None:
    broker.declare_queue("default")
    ran = threading.Event()
    message = broker.enqueue(unknown("default", 1))
    first = work()
    dead(broker)
    first.stop(timeout=5_000)
    desk = Desk(broker)
    (letter,) = desk.list(reason="unknown_actor")
    assert letter["title"] == "nobody"

    @dramatiq.actor(broker=broker, actor_name="nobody")
    def nobody(number: int) -> None:
        ran.set()

    work()
    desk.redrive(message.message_id)
    assert ran.wait(5)


def test_a_discarded_message_is_gone_and_its_payload_is_in_the_log(
    broker: Broker, work: Any
) -> None:
    @dramatiq.actor(broker=broker, max_retries=0)
    def broken(text: str) -> None:
        raise RuntimeError(text)

    message = broken.send("secret plan")
    work()
    dead(broker)
    desk = Desk(broker)
    desk.discard(message.message_id)
    assert broker.get_queue_message_counts("default") == (0, 0, 0)
    (told,) = desk.database.read(lambda r: log.of_stream(r, f"message/{message.message_id}"))
    assert (told.event.type, told.event.actor) == ("message.discarded", "ann")
    assert told.event.data["payload"]["args"] == ["secret plan"]
