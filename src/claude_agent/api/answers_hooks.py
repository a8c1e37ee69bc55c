"""What senders of webhooks receive."""

from claude_agent.api.answers import Answer


class HookExecution(Answer):
    """An execution that a delivery started."""

    id: str
    ref: str
    workflow: str


class HookTaken(Answer):
    """What a delivery started; `skipped`: workflows whose condition did not hold."""

    executions: list[HookExecution]
    skipped: int
