"""The envelope of an event, and the registry of its typed, versioned payloads."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the log, before it has a position."""

    stream: str
    """`task/<id>`, `execution/<id>`, `agent/<name>`, `system/server`."""
    seq: int
    """Number within the stream: 1, 2, …; the optimistic lock."""
    type: str
    """`task.started`."""
    v: int
    """Version of the payload's shape."""
    at: int
    """Epoch milliseconds."""
    actor: str
    """Who caused it: `operator`, `scheduler`, `worker:<id>`, `execution:<ref>`, …"""
    data: Mapping[str, Any]
    """The payload as JSON."""
    trace: str = ""
    """W3C traceparent, or empty."""
    causation: str = ""
    """What it follows from: a request id or another stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What an event says; each kind is a frozen dataclass of JSON values."""

    TYPE: ClassVar[str] = ""
    V: ClassVar[int] = 1

    def to_data(self) -> dict[str, Any]:
        """Return the payload as a JSON object."""
        # The slots of a payload are its fields: asking `fields` each time would be felt.
        names: tuple[str, ...] = type(self).__slots__
        return {name: getattr(self, name) for name in names}


P = TypeVar("P", bound=Payload)
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

_KINDS: dict[str, type[Payload]] = {}
_UPCASTERS: dict[tuple[str, int], Upcaster] = {}


def payload(kind: type[P]) -> type[P]:
    """Register a payload class under its TYPE (class decorator)."""
    if not kind.TYPE or kind.TYPE in _KINDS:
        message = f"payload {kind.__name__} has no type of its own"
        raise ValueError(message)
    _KINDS[kind.TYPE] = kind
    return kind


def upcaster(type_: str, from_version: int) -> Callable[[Upcaster], Upcaster]:
    """Register a function that lifts data of an old version to the next one."""

    def register(function: Upcaster) -> Upcaster:
        _UPCASTERS[type_, from_version] = function
        return function

    return register


def kinds() -> Mapping[str, type[Payload]]:
    """Return every registered payload class by type."""
    return _KINDS


def decode(event: Event) -> Payload | None:
    """Return the typed payload, lifted to its newest version; None for a foreign type.

    Unknown fields are dropped: a newer writer may have added them.
    """
    kind = _KINDS.get(event.type)
    if kind is None:
        return None
    data = dict(event.data)
    for version in range(event.v, kind.V):
        lift = _UPCASTERS.get((event.type, version))
        if lift is not None:
            data = lift(data)
    known: tuple[str, ...] = kind.__slots__  # its fields, as in `to_data`
    return kind(**{name: value for name, value in data.items() if name in known})


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who acts and when; becomes the envelope of the events of one command."""

    at: int
    actor: str
    trace: str = ""
    causation: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def wrap(self, stream: str, seq: int, said: Payload) -> Event:
        """Put a payload into an envelope with this stream and number."""
        return Event(
            stream=stream,
            seq=seq,
            type=said.TYPE,
            v=said.V,
            at=self.at,
            actor=self.actor,
            trace=self.trace,
            causation=self.causation,
            data=said.to_data(),
        )


def as_plain(value: object) -> object:
    """Return a dataclass as plain data (for tests and logs)."""
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value  # type: ignore[call-overload]
