"""What those who say an event receive."""

from claude_agent.api.answers import Answer


class EventPublished(Answer):
    """An event that was said; executions that it starts name its id (`started_by.event`)."""

    id: str
    type: str
    at: int
