"""Webhooks in memory, for tests of the gateway."""

from collections.abc import Mapping

from typing_extensions import override

from claude_agent.api.asked import Answered
from claude_agent.api.services_hooks import HookServices
from claude_agent.errors import Unauthorized


class MemoryHooks(HookServices):
    """Takes whatever is sent to `deploy`."""

    @override
    def receive_hook(
        self, path: str, raw: bytes, body: object, headers: Mapping[str, str]
    ) -> Answered:
        if path != "deploy":
            msg = "This address does not exist, or the signature is wrong."
            raise Unauthorized(msg)
        started = {"id": "execution-1", "ref": "X1", "workflow": "deploy"}
        return 202, {"executions": [started], "skipped": 0}
