"""What clients receive about tasks and executions, as models for OpenAPI and for tests.

The rest is in `answers_system.py`. The server sends plain dictionaries and imports these
modules only when somebody asks for `/openapi.json`.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Evidence = Literal["E1", "E2", "E3", "E4", "E5"]


class Answer(BaseModel):
    """An answer: every field is always there."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Shown(Answer):
    """How a state is shown to people."""

    word: str
    icon: str
    family: Literal["running", "waiting", "ok", "failed", "healing", "idle"]


class Failure(Answer):
    """Why something failed."""

    kind: str
    message: str


class Lock(Answer):
    """What no two tasks hold at once."""

    name: str
    holder: str | None
    """The ref of the task that holds it now."""


class TakenOver(Answer):
    """Who has a task in hand instead of its agent."""

    by: str
    since: int
    phase: Literal["asked", "screen", "back"]
    """`asked`: the agent is being stopped; `screen`: the person has it; `back`: it is closed."""


class Parked(Answer):
    """What a limit of an account makes a task wait for; no attempt is used."""

    why: str
    kind: str
    account: str | None
    until: int
    command: str | None
    """What ends it early."""


class Task(Answer):
    """One unit of queue work."""

    id: str
    ref: str
    title: str
    kind: Literal["prompt", "run", "action"]
    prompt: str | None
    run: str | None
    action: str | None
    with_: dict[str, Any] | None = Field(alias="with")
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
    purpose: Literal["task", "step", "compensation"]
    created_at: int
    due_at: int | None
    started_at: int | None
    ended_at: int | None
    reason: str | None
    error: Failure | None
    outputs: dict[str, Any] | None
    routed_by: str | None
    cwd: str | None
    lock: Lock | None
    waits_for: list[str]
    """The refs of the tasks that must end well before it may start."""
    question: str | None
    """The ref of the question that its agent waits for."""
    taken_over: TakenOver | None
    """The person who goes on in its agent's conversation now."""
    parked: Parked | None
    evidence: list[Evidence]
    """What the newest attempt rests on."""
    verified: bool | None
    """Of a prompt that ended well: did gates pass? None: there is nothing to doubt."""
    last_output_at: int | None
    """Of a running task: when its run last printed something."""
    stuck_since: int | None
    """When it printed last, where that is longer ago than `server.stuck_after`."""
    url: str


class Exit(Answer):
    """How a command ended."""

    code: int | None
    signal: int | None


class TaskResult(Answer):
    """What came of a task."""

    id: str
    ref: str
    state: str
    outputs: dict[str, Any] | None
    error: Failure | None
    exit: Exit | None
    attempt: int
    evidence: list[dict[str, Any]]


class Spent(Answer):
    """What runs used together, as their programs told."""

    runs: int
    """How many of them told anything."""
    input: int
    """Tokens that were sent and not read from a cache."""
    output: int
    cache_read: int
    cache_write: int
    cost_usd: float | None
    """None: no program told a cost."""


class Late(Answer):
    """What a run reported after it had been decided without it; nothing changed by it."""

    at: int
    outcome: str
    """`succeeded`, or the error kind."""


class Attempt(Answer):
    """How one run of a task ended, on what evidence, and what it used."""

    run: int
    attempt: int
    generation: int
    agent: str
    adapter: str
    started_at: int
    ended_at: int
    outcome: Literal[
        "succeeded",
        "failed",
        "parked",
        "cancelled",
        "stopped",
        "taken_over",
        "handed_back",
        "lost",
    ]
    error: Failure | None
    evidence: list[Evidence]
    spent: Spent | None
    late: Late | None


class TaskAttempts(Answer):
    """The attempts of a task that have ended, oldest first, and what they used together."""

    items: list[Attempt]
    spent: Spent | None


class TaskLog(Answer):
    """A part of a task's output, escapes neutralised."""

    run: int
    offset: int
    next: int
    total: int
    text: str
    done: bool


class TaskList(Answer):
    """A page of tasks and the number in each state."""

    items: list[Task]
    next: str | None
    counts: dict[str, int]


class CompensateSpec(Answer):
    """How a step is undone."""

    action: str | None = None
    run: str | None = None
    on: Literal["succeeded", "attempted"]


class Compensation(Answer):
    """The undoing of one step."""

    state: str
    shown: Shown
    task_id: str | None
    task_ref: str | None
    order: int
    started_at: int | None
    ended_at: int | None


class Child(Answer):
    """The execution that does a step: a sub-workflow's."""

    id: str
    ref: str


class Waiting(Answer):
    """What ends a step that waits: a time (epoch ms), a signal, an event; one or several."""

    until: int | None
    signal: str | None
    event: str | None


class Instance(Answer):
    """One of the many that a step with `matrix` or `foreach` became."""

    id: str
    item: Any
    state: str
    shown: Shown
    task_id: str | None
    task_ref: str | None
    attempt: int
    started_at: int | None
    ended_at: int | None
    reason: str | None
    error: Failure | None
    outputs: dict[str, Any] | None
    compensation: Compensation | None
    execution: Child | None = None


class Instances(Answer):
    """The instances of a step; of very many only the most interesting ones as items."""

    total: int
    counts: dict[str, int]
    items: list[Instance]


class Step(Answer):
    """One step of an execution."""

    id: str
    state: str
    shown: Shown
    agent: str | None
    kind: str
    action: str | None
    depends_on: list[str]
    task_id: str | None
    task_ref: str | None
    attempt: int
    max_attempts: int
    started_at: int | None
    ended_at: int | None
    reason: str | None
    error: Failure | None
    outputs: dict[str, Any] | None
    compensate: CompensateSpec | None
    compensation: Compensation | None
    instances: Instances | None = None
    waiting: Waiting | None = None
    execution: Child | None = None


class Execution(Answer):
    """A workflow's run."""

    id: str
    ref: str
    name: str
    workflow: str
    definition: str
    generation: int
    state: str
    shown: Shown
    params: dict[str, Any]
    cwd: str | None
    created_at: int
    started_at: int | None
    ended_at: int | None
    reason: str | None
    error: Failure | None
    outputs: dict[str, Any] | None
    not_undone: list[str]
    forked_from: str | None = None
    started_by: dict[str, object] | None
    steps: list[Step]
    url: str


class Graph(Answer):
    """The edges from a step to those that depend on it."""

    edges: list[list[str]]


class ExecutionSummary(Execution):
    """Graph and timeline in one document."""

    graph: Graph
    cursor: str
    spent: Spent | None
    """What the runs of its steps used together; None: none told anything."""


class ExecutionList(Answer):
    """A page of executions and the number in each state."""

    items: list[Execution]
    next: str | None
    counts: dict[str, int]
