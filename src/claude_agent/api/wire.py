"""What clients send: the contract of the request bodies and queries. Answers: `answers.py`.

Bodies are strict (no coercion, no unknown field), queries are read from text. Validators are
built on first use, so a server that never sees a shape never pays for it.
"""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from claude_agent.api.services import ExecutionFilter, LogRange, Page, TaskFilter

Priority = Annotated[
    Literal["LOW", "NORMAL", "HIGH", "CRITICAL", "EMERGENCY"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]
Topic = Literal["*", "tasks", "executions", "agents", "approvals", "state", "notices", "system"]
ErrorKind = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+)*$", max_length=64)]
Level = Literal["E1", "E2", "E3", "E4", "E5"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=262_144)]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Source = Annotated[str, StringConstraints(min_length=1, max_length=1_048_576)]
Folder = Annotated[str, StringConstraints(pattern=r"^/", max_length=4096)]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=256)]
_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+")
_YEAR_S = 31_536_000


def _duration(value: object) -> object:
    known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _YEAR_S
    if not known and not (isinstance(value, str) and _DURATION.fullmatch(value)):
        message = "a duration is text like 250ms, 10s, 5m, 1h30m, 2d, or whole seconds"
        raise ValueError(message)
    return value


Duration = Annotated[
    Any,
    AfterValidator(_duration),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^{_DURATION.pattern}$"},
                {"type": "integer", "minimum": 0, "maximum": _YEAR_S},
            ],
            "description": "`250ms`, `10s`, `5m`, `1h30m`, `2d`; a whole number means seconds",
        }
    ),
]


class Body(BaseModel):
    """A request body: strict and closed."""

    model_config = ConfigDict(
        extra="forbid", strict=True, defer_build=True, hide_input_in_errors=True
    )


class Query(BaseModel):
    """A query string: read from text and closed."""

    model_config = ConfigDict(extra="forbid", defer_build=True, hide_input_in_errors=True)


class Timeouts(Body):
    """Five limits of a task."""

    start: Duration | None = None
    run: Duration | None = None
    total: Duration | None = None
    idle: Duration | None = None
    heartbeat: Duration | None = None


class Retry(Body):
    """How often and how late a failed attempt is made again."""

    max_attempts: int | None = Field(default=None, ge=1, le=100)
    delay: Duration | None = None
    factor: float | None = Field(default=None, ge=1, le=100)
    max_delay: Duration | None = None
    jitter: float | None = Field(default=None, ge=0, le=1)
    deadline: Duration | None = None
    on: list[ErrorKind] | None = None
    not_on: list[ErrorKind] | None = None
    exit_codes: list[Annotated[int, Field(ge=0, le=255)]] | None = None
    if_: Expression | None = Field(
        default=None, alias="if", description="Over `failure`; false: no further attempt"
    )
    prompt: Expression | None = Field(
        default=None, description="What the next attempt is told; may hold `${{ failure.… }}`"
    )
    agent: Name | None = Field(default=None, description="Who makes the further attempts")


class Gate(Body):
    """One command that must succeed before the task has."""

    name: Name | None = None
    run: Text


def _long_timeout(value: object) -> object:
    return {"run": value} if isinstance(value, (str, int)) else value


def _long_gate(value: object) -> object:
    return {"run": value} if isinstance(value, str) else value


class TaskSpec(Body):
    """One unit of work: exactly one of `prompt`, `run`, `action`."""

    prompt: Text | None = Field(default=None, description="Words for an agent; never run as shell")
    run: Text | None = Field(default=None, description="A shell script")
    action: Name | None = Field(default=None, description="A named action")
    with_: dict[str, Any] | None = Field(default=None, alias="with")
    agent: Name | None = None
    agents: list[Name] | None = Field(default=None, description="Several need a planner")
    queue: Name | None = None
    priority: Priority | None = None
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    cwd: Folder | None = None
    env: dict[Variable, str] | None = None
    timeout: Annotated[Timeouts, BeforeValidator(_long_timeout, Timeouts | Duration)] | None = None
    retry: Retry | None = None
    outputs: dict[str, Any] | None = Field(default=None, description="A JSON Schema for each")
    result_schema: dict[str, Any] | None = Field(
        default=None, description="A JSON Schema (`type: object`) of the whole result"
    )
    gates: list[Annotated[Gate, BeforeValidator(_long_gate, Gate | Text)]] | None = None
    verify: Text | None = Field(default=None, description="A probe asked after a lost run")
    idempotent: bool | None = None
    on_uncertain: Literal["verify", "retry", "fail", "ask"] | None = None
    delay: Duration | None = None
    lock: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        default=None, description="No two tasks hold the same one; in the order of their submits"
    )
    after: Annotated[list[Name], Field(max_length=100)] | None = Field(
        default=None, description="Ids or refs of tasks that must end well before it may start"
    )
    approve: Literal["auto", "manual"] | None = Field(
        default=None, description="manual: ask in any case; auto: as `auto_approve`"
    )
    auto_approve: bool | None = Field(
        default=None, description="An operator's yes in advance; never over always_ask"
    )

    @model_validator(mode="after")
    def one_kind(self) -> Self:
        """Refuse none or several of the three kinds of work."""
        given = [name for name in ("prompt", "run", "action") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            message = f"a task has exactly one of prompt, run, action; here: {found}"
            raise ValueError(message)
        return self

    def to_spec(self) -> dict[str, Any]:
        """Return the fields that were sent, without nulls, long forms for the short ones."""
        return self.model_dump(by_alias=True, exclude_none=True)


class ResolveTask(Body):
    """A person's answer to "what happened?" in an uncertain task."""

    outcome: Literal["succeeded", "retry", "failed"]
    note: Annotated[str, StringConstraints(max_length=2_000)] = ""


class ValidateWorkflow(Body):
    """A definition to look at."""

    source: Source
    file: Name = "workflow.yaml"


class DefineWorkflow(ValidateWorkflow):
    """A definition to keep."""


class ExecuteWorkflow(Body):
    """What to start an execution with."""

    params: dict[str, Any] = Field(default_factory=dict)
    cwd: Folder | None = None
    source: Source | None = Field(default=None, description="Define and run at once")
    file: Name | None = None


class CancelExecution(Body):
    """Whether to undo what was done; absent: as the definition says."""

    compensate: bool | None = None


class StopServer(Body):
    """Whether the agents stop as well."""

    stop_agents: bool = False


class SendMessage(Body):
    """An ordinary Dramatiq message."""

    actor: Name
    args: list[Any] = Field(default_factory=list)
    kwargs: dict[str, Any] = Field(default_factory=dict)
    queue: Name | None = None


class OpenSession(Body):
    """A token to be exchanged for a cookie."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=512)]


class Nothing(Body):
    """A POST whose address says everything: no body, or an empty object."""


def _topics(value: list[str]) -> list[str]:
    if not value:
        message = 'name at least one topic, or "*"'
        raise ValueError(message)
    return value


class Subscribe(Body):
    """The first message of a socket: which topics, and from where on."""

    subscribe: Annotated[list[Topic], AfterValidator(_topics)]
    after: Annotated[str, StringConstraints(max_length=128)] | None = None


class PageQuery(Query):
    """A part of a list."""

    limit: int = Field(default=50, ge=1, le=500)
    cursor: Annotated[str, StringConstraints(max_length=256)] | None = None

    def page(self) -> Page:
        """Return the part that is wanted."""
        return Page(limit=self.limit, cursor=self.cursor)


class TaskQuery(PageQuery):
    """Which tasks."""

    state: Name | None = None
    agent: Name | None = None
    queue: Name | None = None
    execution_id: Name | None = None
    evidence: Level | None = None
    """Those that rest on this: E5 on gates that passed, …"""
    unverified: bool = False
    """Prompts that ended well and that no gate has checked."""

    def to_filter(self) -> TaskFilter:
        """Return the filter for the services."""
        return TaskFilter(
            state=self.state,
            agent=self.agent,
            queue=self.queue,
            execution_id=self.execution_id,
            evidence=self.evidence,
            unverified=self.unverified,
            page=self.page(),
        )


class ExecutionQuery(PageQuery):
    """Which executions."""

    state: Name | None = None
    workflow: Name | None = None

    def to_filter(self) -> ExecutionFilter:
        """Return the filter for the services."""
        return ExecutionFilter(state=self.state, workflow=self.workflow, page=self.page())


class LogQuery(Query):
    """Which part of an output."""

    run: int | None = Field(default=None, ge=1)
    offset: int = Field(default=0, ge=-(2**53), le=2**53)
    limit: int = Field(default=65_536, ge=1, le=1_048_576)

    def to_range(self) -> LogRange:
        """Return the range for the services."""
        return LogRange(run=self.run, offset=self.offset, limit=self.limit)


class LinesQuery(Query):
    """How many lines."""

    lines: int = Field(default=200, ge=1, le=5_000)


class AfterQuery(Query):
    """Events after a cursor."""

    after: Annotated[str, StringConstraints(max_length=128)] | None = None
    limit: int = Field(default=500, ge=1, le=1_000)


class EventQuery(AfterQuery):
    """Events after a cursor, of one topic, waiting for them if need be."""

    topic: Topic | None = None
    wait_ms: int = Field(default=0, ge=0, le=20_000)


class TicketQuery(Query):
    """A one-use ticket."""

    ticket: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class NoQuery(Query):
    """An address that takes no query."""
