"""Taking tasks over in memory, for tests of the gateway."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_takeover import TakeoverServices
from tests import wire_samples as samples


class MemoryTakeover(TakeoverServices):
    """Lets anybody in."""

    @override
    def take_over_task(self, ref: str, *, actor: str) -> Wire:
        return samples.task(ref, taken_over={"by": actor, "since": 1, "phase": "asked"})

    @override
    def hand_back_task(self, ref: str, note: str, *, actor: str) -> Wire:
        return samples.task(ref, taken_over={"by": actor, "since": 1, "phase": "back"})

    @override
    def attach_task_argv(self, ref: str) -> list[str]:
        return ["tmux", "attach", "-t", f"=claude-testing:{ref}"]
