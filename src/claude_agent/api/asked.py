"""What several services of the port are asked with and answer with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from claude_agent.core.letters import Criteria

Wire = dict[str, Any]
"""One JSON object, ready to be sent."""

Answered = tuple[int, Wire]
"""An HTTP status and its JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageToSend:
    """An ordinary message, by the name of its actor."""

    actor: str
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any]
    queue: str | None = None
    """None: the actor's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """A caller's promise that two requests with this key are one."""

    key: str
    """As sent in `Idempotency-Key`."""
    body_hash: str
    """SHA-256 over method, path and canonical body: another hash under one key is a conflict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is wanted."""

    limit: int = 50
    """At most so many items, 1 to 500."""
    cursor: str | None = None
    """What the page before gave as `next`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks a list holds; None means any."""

    state: str | None = None
    agent: str | None = None
    queue: str | None = None
    execution_id: str | None = None
    evidence: str | None = None
    """`E1` to `E5`: those that rest on it."""
    unverified: bool = False
    """Prompts that ended well and no gate has checked."""
    page: Page = Page()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFilter:
    """Which executions a list holds; None means any."""

    state: str | None = None
    workflow: str | None = None
    page: Page = Page()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondChance:
    """What a person asks of an execution that stopped, or of one that should."""

    ref: str
    what: str
    """pause, resume, retry, rewind, skip, set-output, fork or compensate."""
    step: str = ""
    params: dict[str, Any] | None = None
    feedback: str = ""
    outputs: dict[str, Any] | None = None
    failed_only: bool = False
    skip: tuple[str, ...] = ()
    """Steps whose undoing is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """Which dead letters a list holds."""

    criteria: Criteria = Criteria()  # noqa: RUF009 - frozen
    page: Page = Page()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as their token says."""

    actor: str
    """As it is recorded: `operator`, a person's name, `agent:<name>`."""
    role: str = "operator"
    """operator, approver, viewer, agent."""
    name: str = ""
    """The person's or the agent's name; empty: the home's own token."""
    task_id: str = ""
    """An agent's task: its token is good for one run of it."""
    run: int = 0
    """The number of that run."""
    over: bool = False
    """The run is over: all that is taken from it is a late report."""


OPERATOR = Caller(actor="operator")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFilter:
    """Which approvals a list holds; None means any."""

    state: str | None = None
    agent: str | None = None
    execution_id: str | None = None
    page: Page = Page()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFilter:
    """Which questions of agents at work a list holds; None means any."""

    state: str | None = None
    agent: str | None = None
    task: str | None = None
    """Id or ref."""
    execution_id: str | None = None
    page: Page = Page()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody says to a question."""

    decision: str
    text: str = ""
    note: str = ""
    input: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A yes or a no."""

    yes: bool
    note: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
    """What they saw; empty: what is bound now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowStart:
    """What an execution is made of."""

    name: str
    """Slug of a defined workflow, or `-` when `source` defines it here and now."""
    params: Mapping[str, Any]
    source: str | None = None
    """The definition's text, for define-and-run at once."""
    file: str | None = None
    """The file name that error messages show."""
    cwd: str | None = None
    """Absolute folder in which steps work by default."""
