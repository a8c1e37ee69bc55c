from typing import Any

import dramatiq
from typing_extensions import override

from claude_agent.queue.brokers.quiet import QuietBroker


class Ear(dramatiq.Middleware):
    def __init__(self) -> None:
        self.heard: list[str] = []

    @override
    def before_ack(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        self.heard.append("before_ack")


def test_signal_is_heard_by_who_listens_also_when_added_later() -> None:
    broker, ear = QuietBroker([]), Ear()
    proxy: Any = object()
    broker.emit_before("ack", proxy)
    broker.add_middleware(ear)
    broker.emit_before("ack", proxy)
    broker.emit_after("ack", proxy)
    assert ear.heard == ["before_ack"]

    broker.middleware.remove(ear)
    broker.emit_before("ack", proxy)
    assert ear.heard == ["before_ack"]


def test_hook_of_one_object_alone_is_heard() -> None:
    ear: Any = Ear()
    ear.after_nack = lambda *_: ear.heard.append("after_nack")
    broker = QuietBroker([ear])
    broker.emit_after("nack", None)

    assert ear.heard == ["after_nack"]
