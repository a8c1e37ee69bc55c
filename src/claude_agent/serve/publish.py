"""Events that clients say, as the gateway hands them over."""

from collections.abc import Callable, Mapping

from typing_extensions import override

from claude_agent.api.asked import Answered, IdempotencyKey, Wire
from claude_agent.api.services_publish import PublishServices
from claude_agent.core.event_triggers import check_event
from claude_agent.serve.base import Base
from claude_agent.storage.database import Reader, Tx


class Publishing(Base, PublishServices):
    """Says events."""

    @override
    def publish_event(
        self, type_: str, data: Mapping[str, object], *, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        check_event(type_, data)

        def work(tx: Tx) -> Callable[[Reader], Wire]:
            new = self._parts.bus.broadcast(tx, type_, data, actor=actor)
            told = {"id": new, "type": type_, "at": self._clock.now()}
            return lambda _: told

        return self._once(key, work)
