"""Webhooks in, as the gateway hands them over."""

from collections.abc import Mapping

from typing_extensions import override

from claude_agent.api.asked import Answered
from claude_agent.api.services_hooks import HookServices
from claude_agent.core.webhooks import Delivery
from claude_agent.serve.base import Base


class Hooks(Base, HookServices):
    """Takes deliveries."""

    @override
    def receive_hook(
        self, path: str, raw: bytes, body: object, headers: Mapping[str, str]
    ) -> Answered:
        delivery = Delivery(path=path, raw=raw, body=body, headers=headers)
        return self._parts.links.triggers.webhooks.receive(delivery)
