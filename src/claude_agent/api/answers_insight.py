"""What clients receive about why things wait and what would follow."""

from typing import Any

from claude_agent.api.answers import Answer, Shown


class Reason(Answer):
    """One reason why something waits."""

    code: str
    text: str
    about: list[str]
    command: str | None
    """The command that ends the waiting or shows more."""
    until: int | None
    """When time ends it, in epoch milliseconds."""


class Skip(Answer):
    """A step that is not run."""

    step: str
    reason: str


class IfWell(Answer):
    """What follows when a step ends well."""

    starts: list[str]
    cached: list[str]
    """Steps that take what an earlier execution left under their key: nothing of them runs."""
    skips: list[Skip]
    undecided: list[str]
    """Steps whose turn it is, but whose conditions or values read what it will deliver."""
    ends: str | None


class IfFailed(Answer):
    """What follows when a step fails for good."""

    stops: list[str]
    starts: list[str]
    skips: list[str]
    undoes: list[list[str]]
    not_undone: list[str]
    ends: str | None


class StepExplained(Answer):
    """Why a step is not closed."""

    id: str
    state: str
    task_ref: str | None
    reasons: list[Reason]
    if_well: IfWell | None
    if_failed: IfFailed | None


class ExecutionExplained(Answer):
    """Why an execution has not ended."""

    id: str
    ref: str
    state: str
    shown: Shown
    ended: bool
    reasons: list[Reason]
    steps: list[StepExplained]
    total: int
    """How many steps are not closed; of very many only the first are in `steps`."""
    at: int


class TaskExplained(Answer):
    """Why a task has not ended."""

    id: str
    ref: str
    state: str
    shown: Shown
    ended: bool
    reasons: list[Reason]
    execution_id: str | None
    step_id: str | None
    at: int


class StepPlanned(Answer):
    """What one step would do."""

    id: str
    kind: str
    level: int
    depends_on: list[str]
    when: str
    agent: str | None
    routed_by: str | None
    condition: str
    """`none`, `holds`, `fails`, or `later`: only steps before it can tell."""
    skipped: str | None
    many: bool
    instances: int | None
    waits: list[Reason]


class WorkflowPlan(Answer):
    """What an execution would do; nothing was stored."""

    workflow: str
    name: str
    hash: str
    params: dict[str, Any]
    levels: list[list[str]]
    steps: list[StepPlanned]
    waits: list[Reason]
    on_failure: str
    undoes: list[list[str]]
    """What would be undone, in order, if it failed at its very end."""
    not_undone: list[str]
    missing: list[str]
    """What this version cannot do yet: starting it is refused."""


class WorkflowVersion(Answer):
    """One version of a workflow."""

    hash: str
    version: str | None
    source: str
    created_at: int
    steps: int
    newest: bool


class WorkflowVersions(Answer):
    """The versions of a workflow, the newest first."""

    workflow: str
    items: list[WorkflowVersion]


class DefinitionChange(Answer):
    """One difference between two versions."""

    kind: str
    """`added`, `removed` or `changed`."""
    path: str
    before: Any
    after: Any
    text: str


class WorkflowDiff(Answer):
    """What changed between two versions."""

    workflow: str
    before: str
    after: str
    changes: list[DefinitionChange]
    text: str
    """A unified diff of the sources."""


class Unmapped(Answer):
    """Something that our format does not say."""

    line: int
    path: str
    reason: str


class WorkflowImported(Answer):
    """What came of an import."""

    origin: str
    source: str | None
    """Our YAML; null: nothing could be mapped."""
    steps: int
    unmapped: list[Unmapped]
