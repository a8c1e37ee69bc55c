"""What is asked of a task: fixed at submit, stored once, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from claude_agent.domain.definition import Timeouts
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.priority import Priority
from claude_agent.domain.retry import RetryPolicy

KINDS = ("prompt", "run", "action")
PURPOSES = ("task", "step", "compensation")
MAX_LOCK = 200
"""The longest name of a lock."""
MAX_DEPTH = 3
"""How deep agents may delegate: a task of this depth delegates nothing."""
_LATER = ("secrets", "result_schema", "depth")
"""Fields that came later: they stand in what is stored only where they say something."""
ON_UNCERTAIN = ("verify", "retry", "fail", "ask")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """One unit of work as it was accepted."""

    title: str
    """One line for people."""
    kind: str
    """`prompt`, `run` or `action`."""
    text: str
    """The prompt, the shell text, or the action's name."""
    agent: str
    """The agent that does it."""
    queue: str
    """Where it waits."""
    priority: int = Priority.NORMAL
    with_: Mapping[str, Any] = field(default_factory=dict)
    """Parameters, as the command sees them."""
    cwd: str = ""
    """Where it works; empty: a folder of its own in the home."""
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Environment variable to the name of the secret that fills it; never a value."""
    limits: Timeouts = field(default_factory=Timeouts)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    gates: tuple[Mapping[str, str], ...] = ()
    """`{name, run}` each: commands that must all exit 0."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """A JSON Schema for each output that it must deliver."""
    result_schema: Data = field(default_factory=dict)
    """A JSON Schema of an object, for the whole of what it delivers; empty: none."""
    verify: str = ""
    """A probe for uncertain runs: exit 0 means that the work was done."""
    idempotent: bool = False
    on_uncertain: str = "verify"
    lock: str = ""
    """What no two tasks hold at once, from the claim to the end; empty: nothing."""
    fallback: tuple[Data, ...] = ()
    """What is tried when every attempt has failed: `{agent, kind, text, with, render}`."""
    known: Data = field(default_factory=dict)
    """What the expressions of `retry` and `fallback` read besides the failure."""
    routed_by: str = ""
    """Why this agent."""
    purpose: str = "task"
    execution_id: str = ""
    step_id: str = ""
    depth: int = 0
    """How many agents stand between it and a person who asked: 1 is what an agent delegated."""
    effect_key: str = ""
    """`<execution>/<step>/<k>`: grows only when an earlier effect was compensated."""

    @property
    def when_uncertain(self) -> str:
        """What decides once a lost run is proved ended: `verify`, `fail`, `retry` or `ask`."""
        if self.verify and self.on_uncertain == "verify":
            return "verify"
        if self.on_uncertain == "fail":
            return "fail"
        return "retry" if self.idempotent or self.on_uncertain == "retry" else "ask"

    @property
    def instant(self) -> bool:
        """It is a step that does nothing: it takes no time, and the worker itself performs it.

        Not with a message to show, nor with gates, outputs or a lock to see to.
        """
        return (
            self.text == "noop"
            and self.kind == "action"
            and self.purpose != "task"
            and not (
                self.gates or self.outputs or self.lock or self.secrets or self.with_.get("message")
            )
        )

    def to_data(self) -> dict[str, Any]:
        """Return a JSON object that `from_data` reads back."""
        data = {name: getattr(self, name) for name in self.__dataclass_fields__}
        data["limits"] = self.limits.to_data()
        data["retry"] = self.retry.to_data()
        data["gates"] = [dict(gate) for gate in self.gates]
        data["fallback"] = [dict(each) for each in self.fallback]
        data["with"] = data.pop("with_")
        for name in _LATER:
            if not data[name]:
                del data[name]  # what was approved before there were any stays approved
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "TaskSpec":
        """Read what `to_data` wrote."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        known["with_"] = data.get("with", {})
        known["limits"] = Timeouts(**data.get("limits", {}))
        known["retry"] = RetryPolicy.from_data(data.get("retry", {}))
        known["gates"] = tuple(data.get("gates", ()))
        known["fallback"] = tuple(data.get("fallback", ()))
        return cls(**known)
