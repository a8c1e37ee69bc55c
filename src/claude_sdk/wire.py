"""The JSON that the server answers, as types. Times are epoch milliseconds."""

from typing import Literal, NotRequired, TypedDict

from claude_sdk import wire_steps, wire_tasks

Json = wire_steps.Json
Shown = wire_steps.Shown
Failure = wire_steps.Failure
Compensation = wire_steps.Compensation
Instance = wire_steps.Instance
Instances = wire_steps.Instances
Task = wire_tasks.Task
Exit = wire_tasks.Exit
Result = wire_tasks.Result
Log = wire_tasks.Log
Spent = wire_tasks.Spent
Attempts = wire_tasks.Attempts

Priority = Literal["LOW", "NORMAL", "HIGH", "CRITICAL", "EMERGENCY"]


class Step(TypedDict):
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
    outputs: Json | None
    compensate: Json | None
    compensation: Compensation | None
    instances: NotRequired[Instances | None]
    waiting: NotRequired[wire_steps.Waiting | None]
    execution: NotRequired[wire_steps.Child | None]


class Execution(TypedDict):
    """One run of a workflow."""

    id: str
    ref: str
    name: str
    workflow: str
    definition: str
    generation: int
    state: str
    shown: Shown
    params: Json
    cwd: str | None
    created_at: int
    started_at: int | None
    ended_at: int | None
    reason: str | None
    error: Failure | None
    outputs: Json | None
    not_undone: list[str]
    forked_from: NotRequired[str | None]
    started_by: Json | None
    steps: list[Step]
    url: str


class Graph(TypedDict):
    """The edges of an execution's steps, from dependency to dependent."""

    edges: list[list[str]]


class Summary(Execution):
    """An execution with its graph and the cursor at which it was read."""

    graph: Graph
    cursor: str
    spent: Spent | None


class Running(TypedDict):
    """A task that an agent works on."""

    id: str
    ref: str
    title: str
    started_at: int | None


class Agent(TypedDict):
    """One agent and its session."""

    name: str
    state: str
    shown: Shown
    adapter: str
    fake: bool
    note: str
    queue: str
    session: str
    session_alive: bool
    running: list[Running]
    slots: int
    capabilities: list[str]
    last_output_at: int | None


class Queue(TypedDict):
    """The backlog of one queue."""

    name: str
    ready: int
    scheduled: int
    running: int
    limit: int | None
    oldest_ready_at: int | None
    paused: bool
    shown: Shown


class HostWorker(TypedDict):
    """One process of a host."""

    id: str
    pid: int
    role: str
    queues: list[str]
    slots: int
    busy: int
    started_at: int
    lost: bool


class HostFencing(TypedDict):
    """What became of a host's fencing hook; `state` is asked, failed, refused or confirmed."""

    state: str
    tries: int
    at: int
    next_at: int
    said: str


class Host(TypedDict):
    """One home that shares the database; `state` is up, unreachable or lost."""

    name: str
    state: str
    here: bool
    home: str
    seen_at: int
    lost_by: str
    fencing: HostFencing | None
    slots: int
    busy: int
    tasks: dict[str, int]
    workers: list[HostWorker]


class HostLost(TypedDict):
    """The refs of the tasks that are decided now."""

    name: str
    tasks: list[str]


class Workers(TypedDict):
    """The slots of all queues together."""

    slots: int
    busy: int
    emergency_reserved: int


class LeftAlone(TypedDict):
    """Something that gets no work for a while because it failed again and again."""

    name: str
    state: str
    until: int | None
    reason: str


class Status(TypedDict):
    """`GET /agents/status`."""

    agents: list[Agent]
    queues: list[Queue]
    workers: Workers
    left_alone: list[LeftAlone]
    cursor: str


class Frame(TypedDict):
    """One event as clients see it; `pos` rises by one for each event of the log."""

    pos: int
    topic: str
    type: str
    id: str
    at: int
    actor: str
    execution_id: str | None
    data: Json


class Frames(TypedDict):
    """A page of events and the cursor to go on from."""

    items: list[Frame]
    cursor: str
    reset: NotRequired[bool]


class TaskPage(TypedDict):
    """A page of tasks; `next` is the cursor of the next page."""

    items: list[Task]
    next: str | None
    counts: dict[str, int]


class ExecutionPage(TypedDict):
    """A page of executions; `next` is the cursor of the next page."""

    items: list[Execution]
    next: str | None
    counts: dict[str, int]


class Workflow(TypedDict):
    """A definition that the server knows."""

    workflow: str
    name: str
    hash: str
    description: NotRequired[str]
    inputs: NotRequired[dict[str, Json] | None]
    form: NotRequired[Json]
    steps: NotRequired[list[Json]]
    source: NotRequired[str]


class Validated(TypedDict):
    """`POST /workflows/validate`."""

    valid: bool
    workflow: str
    name: str
    steps: int
    hash: str
    not_yet: list[str]


class Start(TypedDict):
    """One start of a task's command, as the log has it."""

    task_id: str
    ref: str
    run: int
    attempt: int
    step_id: str | None
    execution_id: str | None
    at: int
    cause: str


class Head(TypedDict):
    """The end of the log: its cursor and the head of its hash chain."""

    cursor: str
    hash: str


class Verdict(TypedDict):
    """Whether the log's hash chain holds."""

    ok: bool
    events: int
    head: str
    problems: list[object]


class App(TypedDict):
    """A deployed application."""

    name: str
    url: str | None
    pid: int | None
    release: str | None
    state: str
    previous: str | None


class Left(TypedDict):
    """A task that goes on while the server is away."""

    ref: str
    agent: str
    title: str


class Stopping(TypedDict):
    """`POST /server/stop`."""

    left_running: list[Left]


class Ticket(TypedDict):
    """An address, relative to the server, that logs a browser in once."""

    url: str


class Health(TypedDict):
    """`GET /health`; the second half only with a token."""

    status: str
    version: str
    components: NotRequired[dict[str, Json]]
    cursor: NotRequired[str]
    pid: NotRequired[int]
    uptime_ms: NotRequired[int]
    home: NotRequired[str]
