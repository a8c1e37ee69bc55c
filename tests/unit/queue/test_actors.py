import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker

from claude_agent.errors import Conflict, Unavailable
from claude_agent.queue.actors import ActorRegistry, Services, shipped_actors


def test_registry_leaves_the_function_as_it_is_and_declares_it_when_bound() -> None:
    registry = ActorRegistry()

    @registry.actor(queue="mail", priority=3, max_retries=1)
    def notify(word: str) -> str:
        return word * 2

    broker = StubBroker()
    bound = registry.bind(broker)

    assert notify("ab") == "abab"
    actor = broker.get_actor("notify")
    assert bound == {"notify": actor}
    assert (actor.queue_name, actor.priority, actor.options) == ("mail", 3, {"max_retries": 1})
    broker.close()


def test_registry_refuses_a_name_that_is_taken() -> None:
    registry = ActorRegistry()
    registry.actor(name="same")(print)

    with pytest.raises(Conflict, match="two actors named same"):
        registry.actor(name="same")(repr)

    assert [one.function for one in registry.definitions] == [print]


def test_registry_is_frozen_when_bound() -> None:
    registry = ActorRegistry()
    broker = StubBroker()
    registry.bind(broker)

    with pytest.raises(Conflict, match="too late"):
        registry.actor(name="late")(print)
    with pytest.raises(Conflict, match="bound to a broker already"):
        registry.bind(broker)

    assert broker.get_declared_actors() == set()
    broker.close()


def test_shipped_actors_call_the_services_that_are_bound_later() -> None:
    services = Services()
    broker = StubBroker()
    broker.add_middleware(dramatiq.middleware.CurrentMessage())
    actors = shipped_actors(services).bind(broker)
    calls: list[object] = []
    services.claim = calls.append
    services.execute_approved_command = lambda *args: calls.append(args)

    actors["claim"]("testing")
    actors["execute_approved_command"](["ls", "-l"], cwd="/srv")

    assert calls == ["testing", (["ls", "-l"], "/srv", "")]
    assert actors["claim"].queue_name == "tickets"
    assert actors["claim"].options["max_retries"] == 0
    broker.close()


def test_shipped_actors_say_so_when_no_service_is_bound() -> None:
    broker = StubBroker()
    actors = shipped_actors(Services()).bind(broker)

    with pytest.raises(Unavailable):
        actors["execute_approved_command"]("ls")
    broker.close()
