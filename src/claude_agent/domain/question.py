"""A question of an agent at work: its folded state, and what an answer makes of it.

`decide(question, command)` says which events follow; `evolve` folds one. Neither does anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from claude_agent.domain import question_events as ev
from claude_agent.domain.events import Payload
from claude_agent.domain.question_events import Plain
from claude_agent.domain.states import moved
from claude_agent.errors import Conflict, Invalid

MAX_TEXT = 4_000
WORDS = {"permission": ("allow", "deny"), "question": ("answer", "deny")}
"""What may be said to each."""


class QuestionDecided(Conflict):
    """Somebody or something else has answered it, or nobody waits for an answer any more."""

    code = "question_decided"


class QuestionState(StrEnum):
    """Where a question stands."""

    OPEN = "open"
    ANSWERED = "answered"
    GONE = "gone"


_Q = QuestionState
QUESTION_ALLOWED: Mapping[QuestionState, frozenset[QuestionState]] = {
    _Q.OPEN: frozenset({_Q.ANSWERED, _Q.GONE}),
    _Q.ANSWERED: frozenset(),
    _Q.GONE: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The state of one question, folded from its events."""

    id: str
    ref: str
    task_id: str
    run: int
    agent: str
    what: str
    name: str
    tool: str
    input: Plain
    text: str
    options: tuple[str, ...]
    execution_id: str
    step_id: str
    title: str
    created_at: int
    seq: int = 1
    state: QuestionState = QuestionState.OPEN
    decision: str = ""
    by: str = ""
    via: str = ""
    said: str = ""
    """What the agent is told."""
    note: str = ""
    given: Plain = field(default_factory=dict)
    """What is to be done instead; empty: what was asked for."""
    decided_at: int | None = None
    delivered_at: int | None = None
    reason: str = ""

    @property
    def open(self) -> bool:
        """It waits for an answer."""
        return self.state == QuestionState.OPEN

    @property
    def stream(self) -> str:
        """The name of its stream in the log."""
        return f"question/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Somebody or a rule decides."""

    decision: str
    by: str
    via: str = "person"
    text: str = ""
    note: str = ""
    input: Plain = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """The shim has taken the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Nobody waits any more."""

    reason: str


Command = Answer | Deliver | Leave
Said = tuple[Payload, ...]


def raised(question_id: str, said: ev.QuestionRaised, at: int) -> Question:
    """Return the question that its first event makes."""
    data = said.to_data() | {"options": tuple(said.options)}
    return Question(id=question_id, created_at=at, **data)


def decide(question: Question, command: Command) -> Said:
    """Return the events that follow. Raises Invalid, `QuestionDecided`."""
    match command:
        case Answer():
            return _answer(question, command)
        case Deliver():
            waits = question.state == _Q.ANSWERED and question.delivered_at is None
            return (ev.QuestionDelivered(),) if waits else ()
        case Leave():
            return (ev.QuestionGone(reason=command.reason),) if question.open else ()


def _answer(question: Question, command: Answer) -> Said:
    if not question.open:
        raise _decided(question)
    words = WORDS[question.what]
    if command.decision not in words:
        message = (
            f"{question.ref} is a {question.what}: {command.decision[:40]} is no answer to it."
        )
        hint = f"Say one of: {', '.join(words)}."
        raise Invalid(message, hint=hint, pointer="/decision")
    if command.decision == "answer" and not command.text.strip():
        message = f"The answer to {question.ref} is empty."
        raise Invalid(message, hint="Say something the agent can use.", pointer="/text")
    for name, text in (("text", command.text), ("note", command.note)):
        if len(text) > MAX_TEXT:
            message = f"The {name} is over {MAX_TEXT} characters."
            raise Invalid(message, pointer=f"/{name}")
    if command.input and command.decision != "allow":
        message = "Only what is allowed can be changed."
        raise Invalid(message, pointer="/input")
    return (
        ev.QuestionAnswered(
            decision=command.decision,
            by=command.by,
            via=command.via,
            text=command.text,
            note=command.note,
            input=dict(command.input),
        ),
    )


def _decided(question: Question) -> QuestionDecided:
    if question.state == _Q.GONE:
        message = f"Nobody waits for an answer to {question.ref} any more: {question.reason}"
    else:
        message = f"{question.ref} is answered already by {question.by}: {question.decision}."
    return QuestionDecided(message, hint=f"See: claude-agent question show {question.ref}")


def evolve(question: Question, said: Payload, at: int) -> Question:
    """Fold one event (not the first) into the question. Raises `IllegalTransition`."""
    after = question
    match said:
        case ev.QuestionAnswered():
            after = replace(
                question,
                state=_Q.ANSWERED,
                decision=said.decision,
                by=said.by,
                via=said.via,
                said=said.text,
                note=said.note,
                given=said.input,
                decided_at=at,
            )
        case ev.QuestionDelivered():
            after = replace(question, delivered_at=at)
        case ev.QuestionGone():
            after = replace(question, state=_Q.GONE, reason=said.reason, decided_at=at)
        case _:
            pass
    if after.state != question.state:
        moved(QUESTION_ALLOWED, question.state, after.state, f"question {question.ref}")
    return replace(after, seq=question.seq + 1)
