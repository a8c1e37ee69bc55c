"""Events that clients say, in memory, for tests of the gateway."""

from collections.abc import Mapping

from typing_extensions import override

from claude_agent.api.asked import Answered, IdempotencyKey
from claude_agent.api.services_publish import PublishServices
from claude_agent.errors import Invalid


class MemoryPublish(PublishServices):
    """Takes every event but those of the system."""

    @override
    def publish_event(
        self, type_: str, data: Mapping[str, object], *, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        if type_.startswith("task."):
            msg = "Events named task.* are said by the system alone."
            raise Invalid(msg, pointer="/type")
        return 201, {"id": "event-1", "type": type_, "at": 1_700_000_000_000}
