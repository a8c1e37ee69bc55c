"""What clients receive about agents, definitions, the log and the server itself."""

from typing import Any, Literal, TypeAlias

from pydantic import ConfigDict, Field

from claude_agent.api.answers import Answer, Shown

JsonObject: TypeAlias = dict[str, Any]
"""Plain JSON data by name."""


class RunningTask(Answer):
    """What an agent works on."""

    id: str
    ref: str
    title: str
    started_at: int | None


class Agent(Answer):
    """A configured role with its session."""

    name: str
    state: Literal["idle", "starting", "working", "stopped", "lost"]
    shown: Shown
    adapter: str
    fake: bool
    note: str
    """Why it is driven by this adapter (`auto`), or takes no prompt; empty: nothing to say."""
    queue: str
    session: str
    session_alive: bool
    running: list[RunningTask]
    slots: int
    capabilities: list[str]
    last_output_at: int | None


class LeftAlone(Answer):
    """Something that gets no work for a while because it failed again and again."""

    name: str
    state: Literal["open", "half_open"]
    until: int | None
    reason: str


class Queue(Answer):
    """One queue and how full it is."""

    name: str
    ready: int
    scheduled: int
    running: int
    limit: int | None
    oldest_ready_at: int | None
    paused: bool
    shown: Shown


class Workers(Answer):
    """Slots in all, and in use."""

    slots: int
    busy: int
    emergency_reserved: int


class AgentsStatus(Answer):
    """The whole floor at one position of the log."""

    agents: list[Agent]
    queues: list[Queue]
    workers: Workers
    left_alone: list[LeftAlone]
    cursor: str


class AgentLogs(Answer):
    """The end of an agent's session."""

    text: str


class Attach(Answer):
    """The command that attaches a terminal."""

    argv: list[str]


class TerminalSession(Answer):
    """A session of the terminal."""

    name: str
    agent: str | None
    """The agent whose windows open there; None: a person's own."""
    ours: bool
    windows: int
    attached: int
    dead: int
    """Windows whose program has ended."""
    active_at: int | None
    """When something was last printed or typed there."""


class SessionList(Answer):
    """Every session of the terminal."""

    items: list[TerminalSession]


class AgentProbe(Answer):
    """Whether an agent's program can be used on the server's machine."""

    agent: str
    adapter: str
    ok: bool
    version: str | None
    detail: str
    hint: str


class App(Answer):
    """A deployed application."""

    name: str
    url: str | None
    pid: int | None
    release: str | None
    state: str
    previous: str | None


class AppList(Answer):
    """The deployed applications."""

    items: list[App]


class Validated(Answer):
    """A definition without problems."""

    valid: Literal[True]
    workflow: str
    name: str
    steps: int
    hash: str
    not_yet: list[str]
    """What this version cannot run of it, one sentence each; it can be stored."""


class FormatSchema(Answer):
    """The JSON Schema of definitions; its keys are those of JSON Schema."""

    model_config = ConfigDict(extra="allow")


class Defined(Answer):
    """A stored definition."""

    workflow: str
    hash: str
    name: str


class Workflow(Answer):
    """A definition as lists show it."""

    workflow: str
    name: str
    hash: str
    description: str
    inputs: JsonObject | None
    form: JsonObject = Field(description="The JSON Schema of the parameters, for a form")
    steps: list[JsonObject]
    source: Literal["shipped", "user"]


class WorkflowList(Answer):
    """The definitions."""

    items: list[Workflow]


class Frame(Answer):
    """One event of the log."""

    pos: int
    topic: Literal["tasks", "executions", "agents", "approvals", "state", "notices", "system"]
    type: str
    id: str
    at: int
    actor: str
    execution_id: str | None
    data: JsonObject


class Events(Answer):
    """Events in order; `reset`: the cursor sent is not of this log, read the state again."""

    items: list[Frame]
    cursor: str
    reset: bool = False


class Head(Answer):
    """The newest position and the head of the hash chain."""

    cursor: str
    hash: str


class Verified(Answer):
    """What the check of the hash chain found."""

    ok: bool
    events: int
    head: str
    problems: list[Any]


class Start(Answer):
    """One start of a run, and why."""

    task_id: str
    ref: str
    run: int
    attempt: int
    step_id: str | None
    execution_id: str | None
    at: int
    cause: str


class Starts(Answer):
    """Every start of a run."""

    items: list[Start]


class HostWorker(Answer):
    """One process of a host."""

    id: str
    pid: int
    role: Literal["server", "worker"]
    queues: list[str]
    slots: int
    busy: int
    started_at: int
    lost: bool


class HostFencing(Answer):
    """What became of the fencing hook of a host that nobody hears of."""

    state: Literal["asked", "failed", "refused", "confirmed"]
    tries: int
    at: int
    next_at: int
    said: str


class Host(Answer):
    """One home that shares the database."""

    name: str
    state: Literal["up", "unreachable", "lost"]
    here: bool
    home: str
    seen_at: int
    lost_by: str
    fencing: HostFencing | None
    slots: int
    busy: int
    tasks: dict[str, int]
    workers: list[HostWorker]


class HostList(Answer):
    """The hosts."""

    items: list[Host]


class HostLost(Answer):
    """What was decided with a host that is lost."""

    name: str
    tasks: list[str]


class Component(Answer):
    """One part of the server."""

    ok: bool
    detail: str


class Health(Answer):
    """With a token every field, without one the first two."""

    status: Literal["ok", "degraded"]
    version: str
    components: dict[str, Component] | None = None
    cursor: str | None = None
    pid: int | None = None
    uptime_ms: int | None = None
    home: str | None = None


class LeftRunning(Answer):
    """A task that goes on without the server."""

    ref: str
    agent: str
    title: str


class Stopping(Answer):
    """What goes on after the server has ended."""

    left_running: list[LeftRunning]


class MessageSent(Answer):
    """A message that was enqueued."""

    message_id: str


class Session(Answer):
    """Who is logged in; unsafe methods by cookie carry `csrf` as `X-CSRF`."""

    actor: str
    csrf: str | None
    expires_at: int | None


class Ticket(Answer):
    """An address that logs a browser in, once, for 30 s."""

    url: str


class Vocabulary(Answer):
    """Every state and how it is shown."""

    tasks: dict[str, Shown]
    steps: dict[str, Shown]
    executions: dict[str, Shown]
    agents: dict[str, Shown]
    queues: dict[str, Shown]


class Problem(Answer):
    """RFC 9457: what went wrong, where, and what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    pointer: str | None
    id: str
    problems: list[JsonObject] | None = None
