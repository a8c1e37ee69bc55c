"""What the gateway asks of the server when a person takes a task over."""

from abc import ABC, abstractmethod

from claude_agent.api.asked import Wire


class TakeoverServices(ABC):
    """A person in an agent's conversation, and back."""

    @abstractmethod
    def take_over_task(self, ref: str, *, actor: str) -> Wire:
        """Stop the agent's run softly and open its own screen with the conversation.

        Return the Task. Raises NotFound, Invalid (it has no conversation), Conflict (not now).
        """

    @abstractmethod
    def hand_back_task(self, ref: str, note: str, *, actor: str) -> Wire:
        """Close the screen; the agent goes on in the same conversation, told the note.

        Return the Task. Raises NotFound, Conflict.
        """

    @abstractmethod
    def attach_task_argv(self, ref: str) -> list[str]:
        """Return the command that attaches a terminal to the task's window. Raises NotFound."""
