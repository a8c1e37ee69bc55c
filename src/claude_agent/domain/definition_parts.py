"""What steps are made of: limits, gates, schemas, undoing, fan-out, caches, places."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, TypeAlias, TypeVar

from claude_agent.domain.retry import RetryPolicy

P = TypeVar("P", bound="Part")
Data: TypeAlias = Mapping[str, Any]
"""Plain JSON data by name."""
JsonObject: TypeAlias = dict[str, Any]
"""The same, made here."""
Readers: TypeAlias = Mapping[str, Callable[[Any], Any]]
"""How to read what is more than plain data, by its stored name."""


class Part:
    """A piece of a definition; its stored form leaves out what has its default."""

    __slots__ = ()
    readers: ClassVar[Readers] = {}
    """How to read the fields that are more than plain data, by their stored names."""

    def to_data(self) -> JsonObject:
        """Return a JSON object that `from_data` reads back."""
        return changed_fields(self, _names(self))

    @classmethod
    def from_data(cls: type[P], data: Data) -> P:
        """Read what `to_data` wrote; absent fields take their defaults."""
        return cls(**read_fields(data, _names(cls), cls.readers))


def changed_fields(holder: Any, names: tuple[str, ...]) -> JsonObject:
    """Return the stored form of those fields of a dataclass that differ from their defaults."""
    found = {}
    for name in names:
        value = getattr(holder, name)
        if value != _default(holder.__dataclass_fields__[name]):
            found[name.rstrip("_")] = _stored(value)
    return found


def read_fields(data: Data, names: tuple[str, ...], readers: Readers) -> JsonObject:
    """Return the arguments that `changed_fields` stored."""
    found = {}
    for name in names:
        key = name.rstrip("_")
        if key in data:
            found[name] = readers[key](data[key]) if key in readers else data[key]
    return found


def _names(part: Any) -> tuple[str, ...]:
    return tuple(one.name for one in fields(part))


def _default(spec: Any) -> Any:
    if spec.default_factory is not MISSING:
        return spec.default_factory()
    return spec.default


def _stored(value: Any) -> Any:
    if isinstance(value, Part | Timeouts | RetryPolicy):
        return value.to_data()
    if isinstance(value, tuple):
        return [_stored(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value


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
    heartbeat_ms: int | None = None
    """Longest time between two signs of life of the command: it touches its heartbeat file.

    Only a command that has given one must go on giving them.
    """

    @property
    def silence_ms(self) -> int | None:
        """The longest silence of an attempt, of whichever kind; None: no limit."""
        return min((x for x in (self.idle_ms, self.heartbeat_ms) if x is not None), default=None)

    def until(self, at: int) -> int | None:
        """Return until when it may take that no task does and that begins now; None: no limit."""
        limits = [each for each in (self.run_ms, self.total_ms) if each is not None]
        return at + min(limits) if limits else None

    def to_data(self) -> JsonObject:
        """Return a JSON object that the constructor reads back."""
        # By hand: `asdict` copies deeply, which is felt with thousands of steps.
        beat = {} if self.heartbeat_ms is None else {"heartbeat_ms": self.heartbeat_ms}
        return {
            "start_ms": self.start_ms,
            "run_ms": self.run_ms,
            "total_ms": self.total_ms,
            "idle_ms": self.idle_ms,
            **beat,
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

    schema: Data
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

    def to_data(self) -> JsonObject:
        """Return a JSON object that `from_data` reads back."""
        return {"schema": dict(self.schema), "required": self.required, "default": self.default}

    @classmethod
    def from_data(cls, data: Data) -> "InputSchema":
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
    with_: Data = field(default_factory=dict)
    """Values, with expressions; `self` is the step that is undone."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    """How often the undoing is tried."""
    timeout: Timeouts = field(default_factory=Timeouts)
    """Its own limits."""
    on: str = "succeeded"
    """`succeeded`, or `attempted`: also when the step began and did not succeed."""

    def to_data(self) -> JsonObject:
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
    def from_data(cls, data: Data) -> "Compensate":
        """Read what `to_data` wrote."""
        rest = {key: data[key] for key in ("kind", "action", "run", "on")}
        return cls(
            with_=data["with"],
            retry=RetryPolicy.from_data(data["retry"]),
            timeout=Timeouts(**data["timeout"]),
            **rest,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix(Part):
    """One instance of the step for each combination of the axes."""

    axes: Data
    """For each axis a list, or one whole expression that gives a list; in their order."""
    include: tuple[Data, ...] = ()
    """Further combinations, after the product."""
    exclude: tuple[Data, ...] = ()
    """Combinations of the product that are left out: those that hold all these values."""
    max_parallel: int | None = None
    """How many instances are open at once; None: all."""
    fail_fast: bool = True
    """The first failed instance stops the others."""
    readers: ClassVar[Readers] = {"include": tuple, "exclude": tuple}


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreach(Part):
    """One instance of the step for each item of a list."""

    items: Any
    """A list (its texts may hold expressions), or one whole expression that gives a list."""
    max_parallel: int | None = None
    """How many instances are open at once; None: all."""
    fail_fast: bool = True
    """The first failed instance stops the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback(Part):
    """Who, or what, takes over when the step has failed for good."""

    agent: str | None = None
    """Who does it; None: the step's agent."""
    agents: tuple[str, ...] = ()
    """Who does it: the first that is healthy."""
    capabilities: tuple[str, ...] = ()
    """Who does it: an agent that has all of these."""
    kind: str | None = None
    """`action`, `run` or `prompt`, the field of that name is set; None: what the step does."""
    action: str | None = None
    """The action's name."""
    run: str | None = None
    """Shell text."""
    prompt: str | None = None
    """What the agent is asked; may hold expressions."""
    with_: Data | None = None
    """Values, with expressions; None: those of the step."""
    readers: ClassVar[Readers] = {
        "agents": tuple,
        "capabilities": tuple,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache(Part):
    """Outputs of an earlier success are taken where the key is the same."""

    key: str
    """Text, with expressions."""
    ttl_ms: int | None = None
    """How long a success counts; None: for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace(Part):
    """A place to work that is more than a name."""

    mode: str
    """`none`, `shared` or `worktree`."""
    repo: str | None = None
    """A folder or an address, with expressions; None: the execution's repository."""
    base: str | None = None
    """The branch or commit it begins at, with expressions; None: what is checked out."""
    setup: str | None = None
    """Shell text that is run once in a fresh one."""
    copy: tuple[str, ...] = ()
    """Files (patterns) to copy from the repository's folder that git does not know."""
    readers: ClassVar[Readers] = {"copy": tuple}
