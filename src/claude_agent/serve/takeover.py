"""Taking tasks over, as the gateway asks for it."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_takeover import TakeoverServices
from claude_agent.errors import Conflict
from claude_agent.serve.tasks import Tasks


class Takeover(Tasks, TakeoverServices):
    """Lets a person into an agent's conversation."""

    @override
    def take_over_task(self, ref: str, *, actor: str) -> Wire:
        task = self._find(ref)
        screens = self._parts.foundation.catalogue.screens
        if task.spec.kind == "prompt" and task.adapter and task.adapter not in screens:
            message = f"The adapter {task.adapter} has no screen on which a person could go on."
            hint = f"Watch it instead: claude-agent agent attach {task.ref}"
            raise Conflict(message, hint=hint)
        return self._viewed(self._parts.orders.take_over(ref, actor=actor))

    @override
    def hand_back_task(self, ref: str, note: str, *, actor: str) -> Wire:
        return self._viewed(self._parts.orders.hand_back(ref, note=note, actor=actor))

    @override
    def attach_task_argv(self, ref: str) -> list[str]:
        task = self._find(ref)
        return self._parts.terminal.attach_argv(task.spec.agent, task.ref)
