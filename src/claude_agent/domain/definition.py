"""What a workflow is once it has been compiled: complete, checked, defaults resolved."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from claude_agent.domain.definition_parts import (
    Compensate,
    Data,
    Gate,
    InputSchema,
    JsonObject,
    Readers,
    Timeouts,
    changed_fields,
    read_fields,
)
from claude_agent.domain.definition_start import Budget, Concurrency, Triggers
from claude_agent.domain.definition_step import Step
from claude_agent.domain.problem import DefinitionError, Problem

__all__ = [
    "ActionSpec",
    "Budget",
    "Compensate",
    "Concurrency",
    "Definition",
    "DefinitionError",
    "Gate",
    "InputSchema",
    "ParameterSpec",
    "Problem",
    "Step",
    "Timeouts",
    "Triggers",
    "slug_of",
]


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
    """One of `priority.NAMES`, or an expression over `inputs` that gives one."""
    timeout_ms: int | None = None
    """Longest time of an execution."""
    on_failure: str = "fail"
    """`fail`, `compensate`, `continue` or `pause`."""
    on_cancel: str = "stop"
    """`stop` or `compensate`."""
    compensation_order: str = "reverse"
    """`reverse` or `parallel`."""
    defaults: Data = field(default_factory=dict)
    """As written; already resolved into the steps."""
    outputs: Data = field(default_factory=dict)
    """The execution's outputs, with expressions."""
    on: Triggers = field(default_factory=Triggers)
    """What starts executions besides people."""
    secrets: tuple[str, ...] = ()
    """The names of the secrets that steps may ask for."""
    concurrency: Concurrency | None = None
    """How many executions run at once; None: any number."""
    budget: Budget | None = None
    """What an execution may use; None: no limit."""
    siblings: str = "stop"
    """What becomes of running steps when one has failed: `stop` or `finish`."""
    compensation_timeout_ms: int | None = None
    """Longest time of all the undoing together."""
    by_id: Mapping[str, Step] = field(init=False, repr=False, compare=False)
    """Every step by its id."""
    dependents: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    """For every step the steps that depend on it directly."""

    by_action: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    """For every action the steps that perform it, in the order of the source."""

    def __post_init__(self) -> None:
        after: dict[str, list[str]] = {step.id: [] for step in self.steps}
        acting: dict[str, list[str]] = {}
        for step in self.steps:
            for name in step.depends_on:
                after[name].append(step.id)
            if step.action is not None:
                acting.setdefault(step.action, []).append(step.id)
        dependents = {name: tuple(names) for name, names in after.items()}
        by_action = {name: tuple(names) for name, names in acting.items()}
        object.__setattr__(self, "by_action", by_action)
        object.__setattr__(self, "by_id", {step.id: step for step in self.steps})
        object.__setattr__(self, "dependents", dependents)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form, in hex; computed at each call."""
        text = json.dumps(self.to_data(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_data(self) -> JsonObject:
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
            **changed_fields(self, _ADDED_FIELDS),
        }

    @classmethod
    def from_data(cls, data: Data) -> "Definition":
        """Read what `to_data` wrote."""
        inputs = data["inputs"]
        rest = {name: data[name] for name in (*_PLAIN_FIELDS, *_MAPPING_FIELDS)}
        return cls(
            inputs=None
            if inputs is None
            else {name: InputSchema.from_data(each) for name, each in inputs.items()},
            steps=tuple(Step.from_data(step) for step in data["steps"]),
            **rest,
            **read_fields(data, _ADDED_FIELDS, _READERS),
        )


_PLAIN_FIELDS = (
    *("name", "slug", "description", "version", "priority", "timeout_ms"),
    *("on_failure", "on_cancel", "compensation_order"),
)
_MAPPING_FIELDS = ("labels", "env", "defaults", "outputs")
# Younger than stored definitions, whose hashes must stay: stored only where they are set.
_ADDED_FIELDS = ("on", "secrets", "concurrency", "budget", "compensation_timeout_ms", "siblings")
_READERS: Readers = {
    "on": Triggers.from_data,
    "secrets": tuple,
    "concurrency": Concurrency.from_data,
    "budget": Budget.from_data,
}


def slug_of(name: str) -> str:
    """Return `name` in lower case, with everything but letters, digits and `_` as one `-`."""
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")[:80] or "workflow"
