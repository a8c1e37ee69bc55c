"""The action that does nothing."""

from collections.abc import Mapping

from claude_agent.actions.context import Context


def perform(context: Context) -> Mapping[str, object]:
    """Show and return `message`."""
    message = context.text("message")
    if message:
        context.say(message)
    return {"message": message}
