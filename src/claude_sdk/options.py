"""What callers give by keyword, as types."""

from typing import TypedDict

from claude_sdk.wire import Json, Priority
from claude_sdk.workflow import Workflow


class WorkOptions(TypedDict, total=False):
    """What `execute_task` takes by keyword; `with_` is sent as `with`."""

    with_: Json
    queue: str
    priority: Priority
    title: str
    cwd: str
    env: dict[str, str]
    retry: Json
    outputs: Json
    result_schema: Json
    gates: list[str | Json]
    verify: str | Json
    idempotent: bool
    on_uncertain: str
    delay: str | int
    lock: str
    after: list[str]
    approve: str
    auto_approve: bool
    idempotency_key: str


class TaskOptions(WorkOptions, total=False):
    """What `submit_task` takes by keyword.

    Exactly one of the description, `run` and `action` says what to do. `timeout` is the
    limit of one attempt ("5m", seconds, or {"start", "run", "total", "idle"}).
    """

    run: str
    action: str
    agent: str
    agents: list[str]
    timeout: str | int | Json


class Source(TypedDict, total=False):
    """What starts an execution besides its workflow's name."""

    params: Json
    cwd: str
    source: str | Workflow
    file: str


class TaskFilter(TypedDict, total=False):
    """What a list of tasks can be narrowed by."""

    state: str | None
    agent: str | None
    queue: str | None
    execution_id: str | None
    evidence: str | None
    unverified: bool | None
    limit: int | None
    cursor: str | None


class ExecutionFilter(TypedDict, total=False):
    """What a list of executions can be narrowed by."""

    state: str | None
    workflow: str | None
    limit: int | None
    cursor: str | None


class LetterFilter(TypedDict, total=False):
    """What a list of dead letters can be narrowed by; `since` in epoch milliseconds."""

    kind: str | None
    queue: str | None
    reason: str | None
    agent: str | None
    since: int | None
