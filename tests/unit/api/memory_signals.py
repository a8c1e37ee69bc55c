"""Signals in memory, for tests of the gateway."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_signals import SignalSent, SignalServices
from claude_agent.errors import Conflict
from tests import wire_samples as samples


class MemorySignals(SignalServices):
    """Takes every signal but `late`."""

    @override
    def signal_execution(self, ref: str, signal: SignalSent, *, actor: str) -> Wire:
        if signal.name == "late":
            msg = f"Execution {ref} is succeeded: it takes no signal any more."
            raise Conflict(msg)
        return samples.execution(ref)
