"""An approval: its folded state, who may decide, and what a decision or the clock makes of it.

`decide(approval, command)` says which events follow; `evolve` folds one. Neither does anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from claude_agent.domain import approval_events as ev
from claude_agent.domain.approval_events import Plain
from claude_agent.domain.approval_rights import (
    PEOPLE,
    ApprovalChanged,
    ApprovalDecided,
    Asked,
    Decider,
    check_answers,
    may_decide,
)
from claude_agent.domain.events import Payload
from claude_agent.domain.states import moved
from claude_agent.errors import Conflict, Invalid

MAX_NOTE = 4_000
POLICY = "policy"
"""Who decides when time runs out."""


class ApprovalState(StrEnum):
    """Where an approval stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    USED = "used"
    REJECTED = "rejected"
    EXPIRED = "expired"
    VOIDED = "voided"


_A = ApprovalState
APPROVAL_ALLOWED: Mapping[ApprovalState, frozenset[ApprovalState]] = {
    _A.REQUESTED: frozenset({_A.APPROVED, _A.REJECTED, _A.EXPIRED, _A.VOIDED}),
    _A.APPROVED: frozenset({_A.USED, _A.VOIDED}),
    _A.USED: frozenset({_A.VOIDED}),
    _A.REJECTED: frozenset(),
    _A.EXPIRED: frozenset(),
    _A.VOIDED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The state of one approval, folded from its events."""

    id: str
    ref: str
    subject: str
    task_id: str
    execution_id: str
    step_id: str
    generation: int
    title: str
    prompt: str
    requester: str
    requester_kind: str
    agent: str
    decide: str
    rule: str
    deciders: tuple[str, ...]
    quorum: int
    due_at: int
    on_due: str
    expires_ms: int
    form: Plain
    digest: str
    shown: Plain
    advisory: bool
    created_at: int
    seq: int = 1
    state: ApprovalState = ApprovalState.REQUESTED
    level: int = 0
    """How often it was escalated."""
    votes: tuple[Plain, ...] = ()
    decided_by: str = ""
    decided_at: int | None = None
    decided_rule: str = ""
    how: str = ""
    note: str = ""
    answers: Plain = field(default_factory=dict)
    reason: str = ""
    used_run: int = 0
    portable: str = ""
    host: str = ""
    """The host that drew what is bound; empty: the digest alone counts."""

    @property
    def open(self) -> bool:
        """It waits for a decision."""
        return self.state == ApprovalState.REQUESTED

    @property
    def stream(self) -> str:
        """The name of its stream in the log."""
        return f"approval/{self.id}"

    def covers(self, meant: "Meant") -> bool:
        """Say whether a run that means this may begin."""
        allowed = self.state in (ApprovalState.APPROVED, ApprovalState.USED)
        return allowed and bool(self.digest) and self.same(meant)

    def same(self, meant: "Meant") -> bool:
        """Say whether it is what is bound: all of it, or on another host what means the same."""
        elsewhere = self.host not in ("", meant.host) and bool(meant.portable)
        return meant.digest == self.digest or (elsewhere and meant.portable == self.portable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A run as the host sees it on which it would begin."""

    digest: str
    """Of all of it, with what is this host's own."""
    portable: str = ""
    """Of what means the same on every host; empty: nothing of it does."""
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """What would run was looked at."""

    digest: str
    shown: Plain
    what: tuple[str, ...] = ()
    portable: str = ""
    host: str = ""
    """The host on which it was looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Somebody says yes or no to what has this digest."""

    yes: bool
    by: Decider
    digest: str = ""
    """What they saw; empty: what is bound."""
    note: str = ""
    answers: Plain = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOut:
    """Time has passed."""

    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """It is to cover nothing any more."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Its task is claimed for this run."""

    run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The wall clock jumped by so many milliseconds."""

    jump: int


Command = Bind | Say | RunOut | Void | Use | Shift
Said = tuple[Payload, ...]


def requested(approval_id: str, said: ev.ApprovalRequested, at: int) -> Approval:
    """Return the approval that its first event makes."""
    return Approval(
        id=approval_id, created_at=at, **(said.to_data() | {"deciders": tuple(said.deciders)})
    )


def decide(approval: Approval, command: Command) -> Said:
    """Return the events that follow. Raises Conflict, Forbidden, Invalid."""
    match command:
        case Bind():
            return _bind(approval, command)
        case Say():
            return _say(approval, command)
        case RunOut():
            return _run_out(approval, command.at)
        case Void():
            ended = (_A.REJECTED, _A.EXPIRED, _A.VOIDED)
            return () if approval.state in ended else (ev.ApprovalVoided(reason=command.reason),)
        case Use():
            return _use(approval, command.run)
        case Shift():
            timed = approval.open and approval.due_at
            return (ev.ApprovalMoved(jump=command.jump),) if timed else ()


def _bind(approval: Approval, command: Bind) -> Said:
    if not approval.open or approval.digest == command.digest:
        return ()
    changed = bool(approval.digest)
    return (
        ev.ApprovalBound(
            digest=command.digest,
            shown=command.shown,
            changed=changed,
            what=list(command.what),
            portable=command.portable,
            host=command.host,
        ),
    )


def _say(approval: Approval, command: Say) -> Said:
    if not approval.open:
        raise _decided(approval)
    rule = may_decide(_asked(approval), command.by)
    if len(command.note) > MAX_NOTE:
        message = f"The note is over {MAX_NOTE} characters."
        raise Invalid(message, pointer="/note")
    by, role, note = command.by.actor, command.by.role, command.note
    if not command.yes:
        said = ev.ApprovalRejected(
            by=by, role=role, rule=rule, note=note, answers=dict(command.answers)
        )
        return (said,)
    if not approval.digest or command.digest not in ("", approval.digest):
        raise changed_since(approval)
    check_answers(approval.form, command.answers)
    if any(vote["by"] == by for vote in approval.votes):
        message = f"{by} has approved {approval.ref} already; {approval.quorum} are needed."
        raise Conflict(message, hint="Somebody else must approve it too.")
    vote = ev.ApprovalVoted(by=by, role=role, note=note, answers=dict(command.answers))
    if len(approval.votes) + 1 < approval.quorum:
        return (vote,)
    votes = (vote,) if approval.quorum > 1 else ()
    answers = {name: value for each in approval.votes for name, value in each["answers"].items()}
    return (
        *votes,
        ev.ApprovalApproved(
            by=by,
            role=role,
            digest=approval.digest,
            rule=rule,
            note=note,
            answers=answers | dict(command.answers),
        ),
    )


def _asked(approval: Approval) -> Asked:
    return Asked(
        ref=approval.ref,
        requester=approval.requester,
        requester_kind=approval.requester_kind,
        agent=approval.agent,
        rule=approval.rule,
        deciders=approval.deciders,
    )


def changed_since(approval: Approval) -> Conflict:
    """Return the refusal of a decision about what is not the same any more."""
    message = f"What {approval.ref} would run is not what was shown."
    hint = f"Look at it again: claude-agent approval show {approval.ref}"
    return ApprovalChanged(message, hint=hint)


def _decided(approval: Approval) -> ApprovalDecided:
    by = f" by {approval.decided_by}" if approval.decided_by else ""
    message = f"The approval {approval.ref} is {approval.state.value} already{by}."
    return ApprovalDecided(message, hint=f"See: claude-agent approval show {approval.ref}")


def _run_out(approval: Approval, at: int) -> Said:
    if not approval.open or not approval.due_at or approval.due_at > at:
        return ()
    match approval.on_due:
        case "approve":
            how = "countdown" if approval.decide == "auto" else "expired"
            approved = ev.ApprovalApproved(
                by=POLICY,
                role=POLICY,
                digest=approval.digest,
                how=how,
                rule=approval.rule,
                answers=_defaults(approval.form),
            )
            return (approved,)
        case "escalate":
            # The supervisor first, then people; there is nobody above them: they are asked on.
            people = [name for name in approval.deciders if name != "supervisor"] or list(PEOPLE)
            asked_people = "supervisor" not in approval.deciders
            wanted = list(PEOPLE) if asked_people else people
            due = 0 if asked_people else at + approval.expires_ms
            return (
                ev.ApprovalEscalated(deciders=wanted, due_at=due, on_due="escalate" if due else ""),
            )
        case _:
            return (ev.ApprovalExpired(),)


def _defaults(form: Plain) -> Plain:
    return {name: schema["default"] for name, schema in form.items() if "default" in schema}


def _use(approval: Approval, run: int) -> Said:
    if approval.state == _A.USED:  # a later attempt of its own task
        return ()
    if approval.state != _A.APPROVED:
        message = f"The approval {approval.ref} is {approval.state.value}: nothing may begin."
        raise Conflict(message)
    return (ev.ApprovalUsed(run=run),)


def evolve(approval: Approval, said: Payload, at: int) -> Approval:
    """Fold one event (not the first) into the approval. Raises `IllegalTransition`."""
    changed = _evolved(approval, said, at)
    if changed.state != approval.state:
        moved(APPROVAL_ALLOWED, approval.state, changed.state, f"approval {approval.ref}")
    return replace(changed, seq=approval.seq + 1)


def _evolved(approval: Approval, said: Payload, at: int) -> Approval:
    match said:
        case ev.ApprovalBound():
            return replace(
                approval,
                digest=said.digest,
                shown=said.shown,
                portable=said.portable,
                host=said.host,
                votes=(),
            )
        case ev.ApprovalVoted():
            vote = {"by": said.by, "role": said.role, "at": at, "note": said.note}
            return replace(approval, votes=(*approval.votes, vote | {"answers": said.answers}))
        case ev.ApprovalApproved() | ev.ApprovalRejected():
            yes = isinstance(said, ev.ApprovalApproved)
            return replace(
                approval,
                state=_A.APPROVED if yes else _A.REJECTED,
                decided_by=said.by,
                decided_at=at,
                decided_rule=said.rule,
                how=said.how,
                note=said.note,
                answers=said.answers,
                due_at=0,
            )
        case ev.ApprovalExpired():
            return replace(
                approval, state=_A.EXPIRED, decided_at=at, reason="approval_expired", due_at=0
            )
        case ev.ApprovalEscalated():
            return replace(
                approval,
                deciders=tuple(said.deciders),
                due_at=said.due_at,
                on_due=said.on_due,
                level=approval.level + 1,
            )
        case ev.ApprovalVoided():
            return replace(approval, state=_A.VOIDED, reason=said.reason, due_at=0)
        case ev.ApprovalUsed():
            return replace(approval, state=_A.USED, used_run=said.run)
        case ev.ApprovalMoved():
            return replace(approval, due_at=approval.due_at + said.jump)
        case _:
            return approval
