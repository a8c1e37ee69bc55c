"""What steps without a task do: approve, wait, emit, switch."""

from dataclasses import dataclass, field
from typing import ClassVar

from claude_agent.domain.definition_parts import Data, Part, Readers

TASKLESS = ("approval", "wait", "emit", "switch")
"""The kinds that are written as `type:`."""
KINDS = ("action", "run", "prompt", "workflow", *TASKLESS)
"""Every kind of step; the field of the same name says what it does."""
SWITCH_OUTPUTS = ("chosen", "steps")
"""What a switch delivers: the number of the case (from 0, null: none) and the steps it named."""
APPROVAL_OUTPUTS = ("approved", "by", "note", "form")
"""What an approval delivers; `form` holds the answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval(Part):
    """Somebody must agree before the steps behind it begin."""

    mode: str = "manual"
    """`auto`, `manual` or `reject`, or an expression that gives one of them."""
    prompt: str = ""
    """The question; may hold expressions."""
    approvers: tuple[str, ...] = ()
    """Roles or names that may decide; empty: everybody who may approve."""
    quorum: int = 1
    """How many must agree; one rejection rejects."""
    expires_ms: int | None = None
    """How long it may take; None: as long as the execution."""
    on_expire: str = "reject"
    """`approve`, `reject` or `escalate`."""
    on_reject: str = "fail"
    """`fail` (the definition's `on_failure` follows), `compensate`, `rewind` or `skip`."""
    rewind_to: str | None = None
    """The step that a rejection rewinds to; set with `rewind` alone."""
    show: tuple[str, ...] = ()
    """What is shown beside the question: `diff`, or paths like `steps.test.outputs`."""
    form: Data = field(default_factory=dict)
    """A JSON Schema for each answer that is asked for."""
    readers: ClassVar[Readers] = {"approvers": tuple, "show": tuple}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Part):
    """Nothing happens until a time, a signal or an event; one of the first four is set."""

    for_: int | str | None = None
    """Milliseconds, or an expression that gives a duration (text, or a number of seconds)."""
    until: str | None = None
    """A time (RFC 3339 with its zone), or text with expressions that gives one."""
    signal: str | None = None
    """The name of the signal that ends it."""
    event: str | None = None
    """The type of the event that ends it."""
    or_signal: str | None = None
    """The name of a signal that ends it earlier."""
    if_: str | None = None
    """A condition over `event`, for signals and events: others are passed over."""

    @property
    def timed(self) -> bool:
        """A time ends it by itself."""
        return self.for_ is not None or self.until is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit(Part):
    """An event is said."""

    type: str
    """Its type, like `deploy.finished`."""
    data: Data = field(default_factory=dict)
    """What it holds, with expressions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Part):
    """One way of a switch; the first whose condition holds is taken."""

    then: tuple[str, ...]
    """The steps that go on; they depend on the switch."""
    if_: str | None = None
    """An expression without `${{ }}`; None (in the last case alone): always."""
    readers: ClassVar[Readers] = {"then": tuple}


def read_cases(data: list[Data]) -> tuple[Case, ...]:
    """Read the stored form of a switch."""
    return tuple(Case.from_data(each) for each in data)
