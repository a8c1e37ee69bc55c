"""What a workflow is once it has been compiled: complete, checked, defaults resolved."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from typing_extensions import override

from claude_agent.domain.retry import RetryPolicy
from claude_agent.errors import DefinitionInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, and where."""

    message: str
    """One sentence."""
    path: str = ""
    """Like `steps[2].depends_on[0]`; empty: the definition as a whole."""
    line: int = 0
    """From 1; 0 where the source is no text."""
    column: int = 0
    """From 1; 0 where the source is no text."""
    file: str = ""
    """The name of the source."""
    hint: str = ""
    """What to write instead."""

    @override
    def __str__(self) -> str:
        where = [self.file] if self.file else []
        if self.line:
            where += [str(self.line), str(self.column)]
        place = ":".join(where) or self.path
        return f"{place}: {self.message}" if place else self.message

    def to_data(self) -> dict[str, Any]:
        """Return the wire form."""
        return asdict(self)


class DefinitionError(DefinitionInvalid):
    """A workflow definition has problems; `found` holds all of them, `problems` their wire form."""

    def __init__(self, found: Sequence[Problem]) -> None:
        first = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        super().__init__(
            f"{first}{more}",
            hint=first.hint,
            pointer=first.path or None,
            problems=[problem.to_data() for problem in found],
        )
        self.found = tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSpec:
    """One parameter of an action."""

    required: bool = False
    """It must be given."""
    type: str = "string"
    """Its JSON Schema type."""
    from_input: str = ""
    """The input that fills it where `with` leaves it out; empty: the input of its own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """What the compiler needs to know about an action."""

    name: str
    """The name a step uses."""
    parameters: Mapping[str, ParameterSpec] = field(default_factory=dict)
    """Its parameters by name."""
    idempotent: bool = False
    """It may be started twice without harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """The limits of one step, in milliseconds; None: no limit."""

    start_ms: int | None = None
    """Longest wait in the queue."""
    run_ms: int | None = None
    """Longest attempt."""
    total_ms: int | None = None
    """Longest time over all attempts."""
    idle_ms: int | None = None
    """Longest silence of an attempt."""

    def to_data(self) -> dict[str, Any]:
        """Return a JSON object that the constructor reads back."""
        # By hand: `asdict` copies deeply, which is felt with thousands of steps.
        return {
            "start_ms": self.start_ms,
            "run_ms": self.run_ms,
            "total_ms": self.total_ms,
            "idle_ms": self.idle_ms,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A command that must exit 0 before a step has succeeded."""

    name: str
    """Unique within its step."""
    run: str
    """Shell text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSchema:
    """One declared input."""

    schema: Mapping[str, Any]
    """Its JSON Schema, without `default` and `required`."""
    required: bool = True
    """It must be given."""
    default: Any = None
    """Its value where it is not given and not required."""

    @property
    def type(self) -> str | None:
        """The one type it has, where it names one."""
        named = self.schema.get("type")
        return named if isinstance(named, str) else None

    @property
    def description(self) -> str:
        """What people read beside it."""
        return str(self.schema.get("description", ""))

    def to_data(self) -> dict[str, Any]:
        """Return a JSON object that `from_data` reads back."""
        return {"schema": dict(self.schema), "required": self.required, "default": self.default}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "InputSchema":
        """Read what `to_data` wrote."""
        return cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensate:
    """How a step is undone."""

    kind: str
    """`action` or `run`."""
    action: str | None = None
    """The action's name."""
    run: str | None = None
    """Shell text."""
    with_: Mapping[str, Any] = field(default_factory=dict)
    """Values, with expressions; `self` is the step that is undone."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    """How often the undoing is tried."""
    timeout: Timeouts = field(default_factory=Timeouts)
    """Its own limits."""
    on: str = "succeeded"
    """`succeeded`, or `attempted`: also when the step began and did not succeed."""

    def to_data(self) -> dict[str, Any]:
        """Return a JSON object that `from_data` reads back."""
        return {
            "kind": self.kind,
            "action": self.action,
            "run": self.run,
            "with": dict(self.with_),
            "retry": self.retry.to_data(),
            "timeout": self.timeout.to_data(),
            "on": self.on,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Compensate":
        """Read what `to_data` wrote."""
        rest = {key: data[key] for key in ("kind", "action", "run", "on")}
        return cls(
            with_=data["with"],
            retry=RetryPolicy.from_data(data["retry"]),
            timeout=Timeouts(**data["timeout"]),
            **rest,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, with every default resolved."""

    id: str
    """Unique within the definition."""
    kind: str
    """`action`, `run` or `prompt`; the field of that name is set, the other two are None."""
    action: str | None = None
    """The action's name."""
    run: str | None = None
    """Shell text; holds no expressions."""
    prompt: str | None = None
    """What the agent is asked; may hold expressions."""
    with_: Mapping[str, Any] = field(default_factory=dict)
    """Values, with expressions (see `expression.render_with`)."""
    agent: str | None = None
    """Who does it; None: routed at submit."""
    queue: str | None = None
    """Where it waits; None: its agent's queue."""
    priority: str | None = None
    """One of `priority.NAMES`; None: the definition's."""
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
    outputs: Mapping[str, Any] = field(default_factory=dict)
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
    """`none` or `shared`; None: the execution's workspace."""

    def to_data(self) -> dict[str, Any]:
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
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Step":
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
        )


_PLAIN_STEP_FIELDS = (
    *("id", "kind", "action", "run", "prompt", "agent", "queue", "priority", "when"),
    *("verify", "idempotent", "on_uncertain", "workspace"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A compiled workflow."""

    name: str
    """As people wrote it."""
    slug: str
    """The name in lower case for commands and addresses."""
    steps: tuple[Step, ...]
    """In the order of the source."""
    description: str = ""
    """For people."""
    version: str = ""
    """A label; `digest` is the version."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """For filters."""
    inputs: Mapping[str, InputSchema] | None = None
    """The declared inputs; None: any parameters are accepted."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment of every step; may hold expressions over `inputs` and `execution`."""
    priority: str = "NORMAL"
    """One of `priority.NAMES`."""
    timeout_ms: int | None = None
    """Longest time of an execution."""
    on_failure: str = "fail"
    """`fail`, `compensate`, `continue` or `pause`."""
    on_cancel: str = "stop"
    """`stop` or `compensate`."""
    compensation_order: str = "reverse"
    """`reverse` or `parallel`."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """As written; already resolved into the steps."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """The execution's outputs, with expressions."""
    by_id: Mapping[str, Step] = field(init=False, repr=False, compare=False)
    """Every step by its id."""
    dependents: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    """For every step the steps that depend on it directly."""

    def __post_init__(self) -> None:
        after: dict[str, list[str]] = {step.id: [] for step in self.steps}
        for step in self.steps:
            for name in step.depends_on:
                after[name].append(step.id)
        dependents = {name: tuple(names) for name, names in after.items()}
        object.__setattr__(self, "by_id", {step.id: step for step in self.steps})
        object.__setattr__(self, "dependents", dependents)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form, in hex; computed at each call."""
        text = json.dumps(self.to_data(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_data(self) -> dict[str, Any]:
        """Return a JSON object that `from_data` reads back."""
        inputs = self.inputs
        data = {name: getattr(self, name) for name in _PLAIN_FIELDS}
        return data | {
            "inputs": None if inputs is None else {k: v.to_data() for k, v in inputs.items()},
            "labels": dict(self.labels),
            "env": dict(self.env),
            "defaults": dict(self.defaults),
            "outputs": dict(self.outputs),
            "steps": [step.to_data() for step in self.steps],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Definition":
        """Read what `to_data` wrote."""
        inputs = data["inputs"]
        rest = {name: data[name] for name in (*_PLAIN_FIELDS, *_MAPPING_FIELDS)}
        return cls(
            inputs=None
            if inputs is None
            else {name: InputSchema.from_data(each) for name, each in inputs.items()},
            steps=tuple(Step.from_data(step) for step in data["steps"]),
            **rest,
        )


_PLAIN_FIELDS = (
    *("name", "slug", "description", "version", "priority", "timeout_ms"),
    *("on_failure", "on_cancel", "compensation_order"),
)
_MAPPING_FIELDS = ("labels", "env", "defaults", "outputs")


def slug_of(name: str) -> str:
    """Return `name` in lower case, with everything but letters, digits and `_` as one `-`."""
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")[:80] or "workflow"
