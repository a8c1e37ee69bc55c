"""Tasks and their attempts, as types. Times are epoch milliseconds."""

from typing import TypedDict

from claude_sdk.wire_held import Lock, Parked, TakenOver
from claude_sdk.wire_steps import Failure, Json, Shown


class Task(TypedDict):
    """One unit of queue work."""

    id: str
    ref: str
    title: str
    kind: str
    agent: str
    queue: str
    priority: str
    state: str
    shown: Shown
    attempt: int
    max_attempts: int
    run_number: int
    adapter: str
    fake: bool
    execution_id: str | None
    step_id: str | None
    created_at: int
    due_at: int | None
    started_at: int | None
    ended_at: int | None
    reason: str | None
    error: Failure | None
    outputs: Json | None
    routed_by: str | None
    cwd: str | None
    url: str
    prompt: str | None
    run: str | None
    action: str | None
    purpose: str
    lock: Lock | None
    waits_for: list[str]
    question: str | None
    taken_over: TakenOver | None
    parked: Parked | None
    evidence: list[str]
    verified: bool | None
    last_output_at: int | None
    stuck_since: int | None


class Exit(TypedDict):
    """How the command ended."""

    code: int | None
    signal: int | None


class Result(TypedDict):
    """What a task left: `GET /tasks/{id}/result`."""

    id: str
    ref: str
    state: str
    outputs: Json | None
    error: Failure | None
    exit: Exit | None
    attempt: int
    evidence: list[object]


class Log(TypedDict):
    """A piece of a run's output; `next` is the offset to ask for next."""

    run: int
    offset: int
    next: int
    total: int
    text: str
    done: bool


class Spent(TypedDict):
    """What runs used together, as their programs told; a cost that none told is None."""

    runs: int
    input: int
    output: int
    cache_read: int
    cache_write: int
    cost_usd: float | None


class Late(TypedDict):
    """What a run reported after it had been decided without it."""

    at: int
    outcome: str


class Attempt(TypedDict):
    """How one run of a task ended, on what evidence, and what it used."""

    run: int
    attempt: int
    generation: int
    agent: str
    adapter: str
    started_at: int
    ended_at: int
    outcome: str
    error: Failure | None
    evidence: list[str]
    spent: Spent | None
    late: Late | None


class Attempts(TypedDict):
    """`GET /tasks/{id}/attempts`: those that have ended, oldest first."""

    items: list[Attempt]
    spent: Spent | None
