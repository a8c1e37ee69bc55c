"""One step of an execution as it stands, and how its events fold into it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from claude_agent.domain import execution_events as ev
from claude_agent.domain.copying import replace
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.events import Payload
from claude_agent.domain.states import STEP_OPEN, StepState

_S = StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """The folded state of one step, or of one instance of a step with many."""

    id: str
    """The step's id; an instance's is `<step>[<index>]`."""
    n: int = 0
    """Its place among the steps of the execution."""
    parent: str = ""
    """The step that it is an instance of; empty: it is a step itself."""
    item: Any = None
    """What an instance was made for (JSON)."""
    instances: int | None = None
    """How many instances it became; None: it is done by itself."""
    generation: int = 1
    """The generation in which it was last set back to the beginning."""
    state: StepState = StepState.PENDING
    task_id: str = ""
    task_ref: str = ""
    child_id: str = ""
    """The execution that does it, where it is a sub-workflow."""
    child_ref: str = ""
    earlier_children: tuple[str, ...] = ()
    """Executions that did it in earlier generations and whose effects stand, oldest first."""
    undo_child: str = ""
    """Which of them is being undone, or was last."""
    awaits: str = ""
    """The type of the event that it waits for now."""
    k: int = 0
    """Number of the effect: grows when an earlier one was compensated."""
    attempt: int = 0
    started: bool = False
    """Something of it has run."""
    waits: bool = False
    """It is open and waits for a time or a person."""
    due_at: int | None = None
    """When time decides about it, in epoch milliseconds; its timer."""
    ended_well: bool = False
    """It succeeded, also when it was being cancelled: it has an effect to undo."""
    in_force: bool = False
    """An effect of an earlier generation stands, that nobody has undone."""
    tried: bool = False
    """Something of it has run in an earlier generation, and nobody has undone it."""
    outputs: Mapping[str, Any] | list[Any] | None = None
    """What it delivered; of a step with many: the list of what its instances did."""
    reason: str = ""
    message: str = ""
    started_at: int | None = None
    ended_at: int | None = None
    end_seq: int = 0
    """Number of its end event in the execution's stream: the order of completion."""
    effect_seq: int = 0
    """Number of the event that ended what last ran of it, in whichever generation, and was not
    undone since: the order of undoing. A generation that leaves it out does not move that."""
    undo_skipped: bool = False
    """A person said that it is not to be undone."""
    undo_task_id: str = ""
    undo_task_ref: str = ""
    undo_started_at: int | None = None
    undo_ended_at: int | None = None

    @property
    def open(self) -> bool:
        """Its task may still do something."""
        return self.state in STEP_OPEN

    def anew(
        self, generation: int, *, new_effect: bool = False, instances: int | None = None
    ) -> "StepRun":
        """Return the step set back to its beginning in a new generation.

        What it did stays known until it is undone or done again. Its effect key stays unless the
        effect was compensated, or a person asks for a new one. `instances`: those it keeps.
        """
        undone = self.state == _S.COMPENSATED
        # What instances did, they know themselves.
        stands = self.single and (self.ended_well or self.in_force) and not undone
        same = bool(self.task_id or self.child_id) and not undone and not new_effect
        return StepRun(
            id=self.id,
            n=self.n,
            parent=self.parent,
            item=self.item,
            instances=instances,
            generation=generation,
            k=self.k - 1 if same else self.k,
            tried=(self.started or self.tried) and self.single and not undone,
            in_force=stands,
            child_id=self.child_id if stands and not self._vain else "",
            child_ref=self.child_ref if stands and not self._vain else "",
            earlier_children=self.earlier_children if stands else (),
            outputs=self.outputs if stands else None,
            effect_seq=0 if undone else self.effect_seq,
        )

    def left_out(self) -> "StepRun":
        """Return an instance that the new generation no longer has."""
        return replace(self, state=_S.SKIPPED, reason="not_needed")

    @property
    def children(self) -> tuple[str, ...]:
        """The sub-workflows whose effects stand, in the order in which they are undone."""
        last = () if self._vain or not self.child_id else (self.child_id,)
        return (*last, *reversed(self.earlier_children))

    @property
    def _vain(self) -> bool:
        """What this generation began has not ended well."""
        return self.started and not self.ended_well

    @property
    def single(self) -> bool:
        """It does something itself: it is no step that its instances do."""
        return self.instances is None

    @property
    def base(self) -> str:
        """The id of the step in the definition."""
        return self.parent or self.id


def instance_id(step: str, index: int) -> str:
    """Return the id of one instance of a step."""
    return f"{step}[{index}]"


SKIPPED_BY_HAND = "skipped_by_hand"
"""A person let the execution go on without it: what depends on it runs."""
PARKED = "parked"
"""Its task waits for the end of a limit."""
SET_BY_HAND = "set_by_hand"
INHERITED = "inherited"


def by_hand(step: StepRun, outputs: Data | None, at: int, seq: int) -> StepRun:
    """Return the step as a person decided it: with these outputs, or (None) left out."""
    if outputs is None:
        return replace(step, state=_S.SKIPPED, reason=SKIPPED_BY_HAND, ended_at=at)
    return replace(
        step,
        state=_S.SUCCEEDED,
        reason=SET_BY_HAND,
        outputs=outputs,
        ended_well=True,
        started_at=at,
        ended_at=at,
        end_seq=seq,
        effect_seq=seq,
    )


def inherited(step: StepRun, known: Data, at: int) -> StepRun:
    """Return a step of a fork that was done in the execution it was forked from.

    Its effect belongs to that execution: here there is nothing to undo.
    """
    return replace(
        step,
        state=_S(known["state"]),
        reason=INHERITED if known["state"] == _S.SUCCEEDED else known["reason"],
        outputs=known.get("outputs"),
        parent=known.get("parent", ""),
        item=known.get("item"),
        instances=known.get("instances"),
        ended_at=at,
    )


Folding = Callable[[StepRun, Any, int], StepRun]
"""(the step, the event, its time) to the step afterwards."""


def after(step: StepRun, said: Payload, at: int, seq: int) -> StepRun:
    """Return the step after one of its events; `seq` is the event's number."""
    ends = _ENDS.get(type(said))
    if ends is not None:
        done = ends(step, said, at)
        ran = done.started or done.ended_well
        return replace(
            done,
            ended_at=at,
            end_seq=seq,
            effect_seq=seq if ran else step.effect_seq,
            waits=False,
            due_at=None,
            awaits="",
        )
    goes = _GOES.get(type(said))
    return step if goes is None else goes(step, said, at)


def _queued(step: StepRun, said: ev.StepQueued, _at: int) -> StepRun:
    return replace(step, state=_S.QUEUED, task_id=said.task_id, task_ref=said.task_ref, k=said.k)


def _expanded(step: StepRun, said: ev.StepExpanded, at: int) -> StepRun:
    return replace(
        step,
        state=_S.RUNNING,
        instances=len(said.items),
        started_at=step.started_at if step.started_at is not None else at,
    )


def _held(step: StepRun, _said: ev.StepHeld, at: int) -> StepRun:
    began = step.started_at if step.started_at is not None or step.task_id else at
    return replace(step, state=_S.HELD, waits=True, started_at=began)


def _approved(step: StepRun, _said: ev.StepApproved, _at: int) -> StepRun:
    return replace(step, state=_S.QUEUED, waits=False)


def _started(step: StepRun, said: ev.StepStarted, at: int) -> StepRun:
    return replace(
        step,
        state=_S.RUNNING,
        attempt=said.attempt,
        started=True,
        waits=False,
        reason="" if step.reason == PARKED else step.reason,
        started_at=step.started_at if step.started_at is not None else at,
    )


def _waiting(step: StepRun, said: ev.StepWaiting, at: int) -> StepRun:
    return replace(
        step, state=_S.RUNNING, waits=True, due_at=said.due, awaits=said.event, started_at=at
    )


def _moved(step: StepRun, said: ev.StepMoved, _at: int) -> StepRun:
    return replace(step, due_at=None if step.due_at is None else step.due_at + said.jump)


def _child(step: StepRun, said: ev.StepChildStarted, at: int) -> StepRun:
    stands = step.in_force and step.child_id
    return replace(
        step,
        state=_S.RUNNING,
        child_id=said.execution_id,
        child_ref=said.ref,
        earlier_children=(*step.earlier_children, *((step.child_id,) if stands else ())),
        k=said.k,
        attempt=1,
        started=True,
        started_at=at,
        due_at=said.due,
    )


def _overdue(step: StepRun, said: ev.StepOverdue, _at: int) -> StepRun:
    return replace(step, due_at=None, reason=said.reason)


def _retrying(step: StepRun, said: ev.StepRetrying, _at: int) -> StepRun:
    reason = PARKED if said.parked else step.reason
    return replace(step, state=_S.QUEUED, waits=True, message=said.message, reason=reason)


def _uncertain(step: StepRun, said: ev.StepUncertain, _at: int) -> StepRun:
    return replace(step, state=_S.UNCERTAIN, started=True, waits=True, reason=said.reason)


def _succeeded(step: StepRun, said: ev.StepSucceeded, _at: int) -> StepRun:
    # What another execution did is not undone by this one; what this one did earlier still is.
    ended_well = said.reason != "cached"
    return replace(
        step,
        state=_S.SUCCEEDED,
        outputs=said.outputs,
        ended_well=ended_well,
        in_force=step.in_force and not ended_well,
        reason=said.reason,
        message="",
    )


def _failed(step: StepRun, said: ev.StepFailed, _at: int) -> StepRun:
    return replace(
        step,
        state=_S.FAILED,
        reason=said.reason,
        message=said.message,
        started=said.started,
    )


def _skipped(step: StepRun, said: ev.StepSkipped, _at: int) -> StepRun:
    return replace(step, state=_S.SKIPPED, reason=said.reason)


def _cancelled(step: StepRun, said: ev.StepCancelled, _at: int) -> StepRun:
    return replace(
        step,
        state=_S.CANCELLED,
        reason="cancelled",
        started=said.started,
        ended_well=said.ended_well,
        outputs=said.outputs,
    )


def _compensating(step: StepRun, said: ev.StepCompensating, at: int) -> StepRun:
    return replace(
        step,
        state=_S.COMPENSATING,
        undo_task_id=said.task_id,
        undo_task_ref=said.task_ref,
        undo_child=said.execution_id,
        undo_started_at=at,
    )


def _compensated(step: StepRun, _said: ev.StepCompensated, at: int) -> StepRun:
    return replace(step, state=_S.COMPENSATED, undo_ended_at=at, in_force=False, tried=False)


def _not_compensated(step: StepRun, said: ev.StepCompensationFailed, at: int) -> StepRun:
    return replace(step, state=_S.COMPENSATION_FAILED, undo_ended_at=at, message=said.message)


_GOES: Mapping[type[Payload], Folding] = {
    ev.StepQueued: _queued,
    ev.StepExpanded: _expanded,
    ev.StepHeld: _held,
    ev.StepApproved: _approved,
    ev.StepStarted: _started,
    ev.StepWaiting: _waiting,
    ev.StepMoved: _moved,
    ev.StepChildStarted: _child,
    ev.StepOverdue: _overdue,
    ev.StepRetrying: _retrying,
    ev.StepUncertain: _uncertain,
    ev.StepCompensating: _compensating,
    ev.StepCompensated: _compensated,
    ev.StepCompensationFailed: _not_compensated,
}
"""Events after which the step goes on, or is undone."""
_ENDS: Mapping[type[Payload], Folding] = {
    ev.StepSucceeded: _succeeded,
    ev.StepFailed: _failed,
    ev.StepSkipped: _skipped,
    ev.StepCancelled: _cancelled,
}
"""Events that end the step: its place in the order of completion."""
STEP_EVENTS = frozenset({*_GOES, *_ENDS})
