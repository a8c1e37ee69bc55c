"""Types of the wire about why things wait and what would follow."""

from typing import TypedDict

from claude_sdk.wire_steps import Json, Shown


class Reason(TypedDict):
    """One reason why something waits; `until` is in epoch milliseconds."""

    code: str
    text: str
    about: list[str]
    command: str | None
    until: int | None


class Skip(TypedDict):
    """A step that is not run."""

    step: str
    reason: str


class IfWell(TypedDict):
    """What follows when a step ends well; `undecided` reads what the step will deliver."""

    starts: list[str]
    cached: list[str]
    skips: list[Skip]
    undecided: list[str]
    ends: str | None


class IfFailed(TypedDict):
    """What follows when a step fails for good."""

    stops: list[str]
    starts: list[str]
    skips: list[str]
    undoes: list[list[str]]
    not_undone: list[str]
    ends: str | None


class StepExplained(TypedDict):
    """Why a step is not closed."""

    id: str
    state: str
    task_ref: str | None
    reasons: list[Reason]
    if_well: IfWell | None
    if_failed: IfFailed | None


class ExecutionExplained(TypedDict):
    """Why an execution has not ended."""

    id: str
    ref: str
    state: str
    shown: Shown
    ended: bool
    reasons: list[Reason]
    steps: list[StepExplained]
    total: int
    at: int


class TaskExplained(TypedDict):
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


class StepPlanned(TypedDict):
    """What one step would do."""

    id: str
    kind: str
    level: int
    depends_on: list[str]
    when: str
    agent: str | None
    routed_by: str | None
    condition: str
    skipped: str | None
    many: bool
    instances: int | None
    waits: list[Reason]


class WorkflowPlan(TypedDict):
    """What an execution would do; nothing was stored."""

    workflow: str
    name: str
    hash: str
    params: Json
    levels: list[list[str]]
    steps: list[StepPlanned]
    waits: list[Reason]
    on_failure: str
    undoes: list[list[str]]
    not_undone: list[str]
    missing: list[str]


class WorkflowVersion(TypedDict):
    """One version of a workflow."""

    hash: str
    version: str | None
    source: str
    created_at: int
    steps: int
    newest: bool


class WorkflowVersions(TypedDict):
    """The versions of a workflow, the newest first."""

    workflow: str
    items: list[WorkflowVersion]


class DefinitionChange(TypedDict):
    """One difference between two versions."""

    kind: str
    path: str
    before: object
    after: object
    text: str


class WorkflowDiff(TypedDict):
    """What changed between two versions; `text` is a unified diff of the sources."""

    workflow: str
    before: str
    after: str
    changes: list[DefinitionChange]
    text: str


class Unmapped(TypedDict):
    """Something that our format does not say, with its line."""

    line: int
    path: str
    reason: str


class WorkflowImported(TypedDict):
    """What came of an import; `source` None: nothing could be mapped."""

    origin: str
    source: str | None
    steps: int
    unmapped: list[Unmapped]
