"""What can be said of a question that an agent at work asks: typed, versioned payloads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from claude_agent.domain.events import Payload, payload

Plain: TypeAlias = Mapping[str, Any]
"""A JSON object."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRaised(Payload):
    """An agent at work asks, and waits."""

    TYPE: ClassVar[str] = "question.raised"
    ref: str
    task_id: str
    run: int
    agent: str
    what: str
    """`permission` (may it do this?) or `question` (what does a person say?)."""
    name: str = ""
    """How its shim calls it; empty: it came by the API."""
    tool: str = ""
    input: Plain = field(default_factory=dict)
    """What the tool would do; `{shortened, characters}` where that is long."""
    text: str = ""
    options: Sequence[str] = field(default_factory=list)
    execution_id: str = ""
    step_id: str = ""
    title: str = ""
    """Of its task."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswered(Payload):
    """It is decided; the agent hears of it as soon as its shim does."""

    TYPE: ClassVar[str] = "question.answered"
    decision: str
    """`allow`, `deny`, `answer`."""
    by: str
    via: str = "person"
    """`person` or `policy` (a rule, or nobody in time)."""
    text: str = ""
    """What the agent is told."""
    note: str = ""
    """For the record alone."""
    input: Plain = field(default_factory=dict)
    """What is to be done instead; empty: what was asked for."""


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDelivered(Payload):
    """Its shim has taken the answer: the agent goes on."""

    TYPE: ClassVar[str] = "question.delivered"


@payload
@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionGone(Payload):
    """Nobody waits for an answer any more: the call was denied, or its run has ended."""

    TYPE: ClassVar[str] = "question.gone"
    reason: str = ""
