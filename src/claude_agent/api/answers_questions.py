"""What clients receive about the questions of agents at work."""

from typing import Any, Literal

from claude_agent.api.answers import Answer, Shown


class Question(Answer):
    """Something an agent at work asks, or asked."""

    id: str
    ref: str
    task_id: str
    run: int
    execution_id: str | None
    step_id: str | None
    agent: str
    title: str
    """Of the task."""
    what: Literal["permission", "question"]
    tool: str
    input: dict[str, Any]
    """What the tool would do; `shortened` and `characters` where that is long."""
    text: str
    options: list[str]
    asks: str
    """All of it in one line."""
    answers: list[str]
    """What may be said to it."""
    state: Literal["open", "answered", "gone"]
    shown: Shown
    created_at: int
    decision: Literal["allow", "deny", "answer"] | None
    by: str | None
    via: Literal["person", "policy"] | None
    said: str
    """What the agent was told."""
    note: str
    given: dict[str, Any] | None
    """What it was to do instead."""
    decided_at: int | None
    delivered_at: int | None
    """When its shim took the answer; absent with an answer: it is on its way, or came too late."""
    reason: str | None
    """Why nobody waits any more."""
    advisory: bool


class QuestionList(Answer):
    """A page of questions."""

    items: list[Question]
    next: str | None
    counts: dict[str, int]
    advisory: bool
