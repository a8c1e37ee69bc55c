"""The JSON of questions, as types. Times are epoch milliseconds."""

from typing import TypedDict

from claude_sdk.wire import Json, Shown


class Question(TypedDict):
    """Something an agent at work asks, or asked."""

    id: str
    ref: str
    task_id: str
    run: int
    execution_id: str | None
    step_id: str | None
    agent: str
    title: str
    what: str
    tool: str
    input: Json
    text: str
    options: list[str]
    asks: str
    answers: list[str]
    state: str
    shown: Shown
    created_at: int
    decision: str | None
    by: str | None
    via: str | None
    said: str
    note: str
    given: Json | None
    decided_at: int | None
    delivered_at: int | None
    reason: str | None
    advisory: bool


class QuestionPage(TypedDict):
    """A page of questions."""

    items: list[Question]
    next: str | None
    counts: dict[str, int]
    advisory: bool


class QuestionFilter(TypedDict, total=False):
    """Which questions a list holds."""

    state: str
    agent: str
    task: str
    execution_id: str
    limit: int
    cursor: str
