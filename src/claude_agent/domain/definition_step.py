"""One step of a compiled workflow, every default resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from claude_agent.domain.definition_kinds import TASKLESS, Approval, Case, Emit, Wait, read_cases
from claude_agent.domain.definition_parts import (
    Cache,
    Compensate,
    Data,
    Fallback,
    Foreach,
    Gate,
    JsonObject,
    Matrix,
    Readers,
    Timeouts,
    Workspace,
    changed_fields,
    read_fields,
)
from claude_agent.domain.retry import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, with every default resolved."""

    id: str
    """Unique within the definition."""
    kind: str
    """One of `definition_kinds.KINDS`; the field of that name is set, the others are not."""
    action: str | None = None
    """The action's name."""
    run: str | None = None
    """Shell text; holds no expressions."""
    prompt: str | None = None
    """What the agent is asked; may hold expressions."""
    with_: Data = field(default_factory=dict)
    """Values, with expressions (see `expression.render_with`)."""
    agent: str | None = None
    """Who does it; None: `agents` or `capabilities` say it, else it is routed at submit."""
    queue: str | None = None
    """Where it waits; None: its agent's queue."""
    priority: str | None = None
    """One of `priority.NAMES`, or an expression that gives one; None: the definition's."""
    depends_on: tuple[str, ...] = ()
    """Steps that must have ended before."""
    when: str = "success"
    """`success`, `failure`, `always` or `cancelled`: how they must have ended."""
    if_: str | None = None
    """An expression without `${{ }}`; None: no condition."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    """How often it is tried."""
    timeout: Timeouts = field(default_factory=Timeouts)
    """How long it may take."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment of its own, over the definition's; may hold expressions."""
    outputs: Data = field(default_factory=dict)
    """A JSON Schema for each output that it must deliver."""
    gates: tuple[Gate, ...] = ()
    """What must pass after it."""
    verify: str | None = None
    """A probe (shell text), asked only when an attempt is uncertain."""
    idempotent: bool = False
    """It may be started twice without harm."""
    on_uncertain: str = "ask"
    """`verify`, `retry`, `fail` or `ask`."""
    compensate: Compensate | None = None
    """How it is undone."""
    workspace: str | None = None
    """`none`, `shared` or `worktree`; None: the execution's workspace."""
    workflow: str | None = None
    """The sub-workflow's slug; `with` holds its parameters."""
    approval: Approval | None = None
    """What is asked."""
    wait: Wait | None = None
    """What is waited for."""
    emit: Emit | None = None
    """What is said."""
    switch: tuple[Case, ...] = ()
    """The ways to go on."""
    matrix: Matrix | None = None
    """Many instances, by combination; never together with `foreach`."""
    foreach: Foreach | None = None
    """Many instances, by item."""
    agents: tuple[str, ...] = ()
    """Who does it: the first that is healthy; then `agent` is None."""
    capabilities: tuple[str, ...] = ()
    """Who does it: routed among the agents with all of these; then `agent` is None."""
    fallback: tuple[Fallback, ...] = ()
    """Tried one after the other when every attempt has failed."""
    lock: str | None = None
    """A name, with expressions; of all tasks with the same one only one runs."""
    cache: Cache | None = None
    """Where outputs of earlier executions are found."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Environment variable to the secret whose value it gets."""
    place: Workspace | None = None
    """The workspace in full, where it was given as a mapping; `workspace` is its mode."""

    @property
    def taskless(self) -> bool:
        """No task does it: it is decided, or waits for somebody or something."""
        return self.kind in TASKLESS or self.kind == "workflow"

    @property
    def many(self) -> Matrix | Foreach | None:
        """What makes it many instances, if anything does."""
        return self.matrix or self.foreach

    def to_data(self) -> JsonObject:
        """Return a JSON object that `from_data` reads back."""
        data = {name: getattr(self, name) for name in _PLAIN_STEP_FIELDS}
        return data | {
            "with": dict(self.with_),
            "if": self.if_,
            "depends_on": list(self.depends_on),
            "retry": self.retry.to_data(),
            "timeout": self.timeout.to_data(),
            "env": dict(self.env),
            "outputs": dict(self.outputs),
            "gates": [{"name": gate.name, "run": gate.run} for gate in self.gates],
            "compensate": self.compensate.to_data() if self.compensate else None,
            **changed_fields(self, _ADDED_FIELDS),
        }

    @classmethod
    def from_data(cls, data: Data) -> "Step":
        """Read what `to_data` wrote."""
        undo = data["compensate"]
        plain = {name: data[name] for name in _PLAIN_STEP_FIELDS}
        return cls(
            with_=data["with"],
            if_=data["if"],
            depends_on=tuple(data["depends_on"]),
            retry=RetryPolicy.from_data(data["retry"]),
            timeout=Timeouts(**data["timeout"]),
            env=data["env"],
            outputs=data["outputs"],
            gates=tuple(Gate(**gate) for gate in data["gates"]),
            compensate=Compensate.from_data(undo) if undo else None,
            **plain,
            **read_fields(data, _ADDED_FIELDS, _READERS),
        )


_PLAIN_STEP_FIELDS = (
    *("id", "kind", "action", "run", "prompt", "agent", "queue", "priority", "when"),
    *("verify", "idempotent", "on_uncertain", "workspace"),
)
# Younger than stored definitions, whose hashes must stay: stored only where they are set.
_ADDED_FIELDS = (
    *("workflow", "approval", "wait", "emit", "switch", "matrix", "foreach", "agents"),
    *("capabilities", "fallback", "lock", "cache", "secrets", "place"),
)
_READERS: Readers = {
    "approval": Approval.from_data,
    "wait": Wait.from_data,
    "emit": Emit.from_data,
    "switch": read_cases,
    "matrix": Matrix.from_data,
    "foreach": Foreach.from_data,
    "agents": tuple,
    "capabilities": tuple,
    "fallback": lambda data: tuple(map(Fallback.from_data, data)),
    "cache": Cache.from_data,
    "place": Workspace.from_data,
}
