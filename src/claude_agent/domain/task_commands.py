"""What may be asked of a task, and what that decides: command and state in, events out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claude_agent.domain import task_events as ev
from claude_agent.domain.events import Payload
from claude_agent.domain.evidence import together
from claude_agent.domain.retry import Failure
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import MAX_DELIVERIES, Task
from claude_agent.domain.task_approval import Approve, Reject, approved, rejected
from claude_agent.domain.task_failure import SHUTDOWN, End, failed
from claude_agent.domain.task_follow import Follow, followed
from claude_agent.domain.task_letters import Discard, Redrive, discarded, redriven
from claude_agent.domain.task_lost import Lose, Reap, ReportLate, Resolve, lost
from claude_agent.domain.task_parking import Unpark, unparked
from claude_agent.domain.task_report import Note, Report, told
from claude_agent.domain.task_takeover import HandBack, TakeOver, after_run, ordered
from claude_agent.domain.task_time import Move, Tick, passed
from claude_agent.errors import Conflict

Said = tuple[Payload, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A worker takes it into a slot and makes a new run."""

    worker: str
    slot: int
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The run folder is ready; the shim is about to be started."""

    adapter: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The run was sealed before it began."""

    reason: str
    owner_lost: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """Another owner follows the same run, or goes on resolving it."""

    worker: str
    slot: int = 0
    alive: bool = True
    """Its shim or its verdict was found."""
    host: str = ""
    """The adopter's host, where a person declared the run's own host lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRun:
    """The run is proved ended: with a verdict, well or not."""

    verdict: Mapping[str, Any]
    failure: Failure | None = None
    outputs: Mapping[str, Any] | None = None
    evidence: tuple[str, ...] = ()
    conversation: str = ""
    """The conversation that it left, where it had one."""
    at: int = 0
    chance: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class EndGates:
    """The gates gave their answer."""

    failure: Failure | None = None
    evidence: tuple[str, ...] = ()
    at: int = 0
    chance: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Its run goes against a limit (`timeout.idle`) and is to be stopped."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Somebody wants it to stop for good."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartGates:
    """The owner of the gates was lost and they were reaped."""


Command = (
    Claim | Start | Release | Adopt | EndRun | EndGates | Lose | Reap | Resolve | Tick | Cancel
    | RestartGates | Note | Stop | Move | Unpark | Redrive | Discard | Approve | Reject | Follow
    | Report | TakeOver | HandBack | ReportLate
)  # fmt: skip


def decide(task: Task, command: Command) -> Said:
    """Return the events that follow. Raises `Conflict` where the state forbids the command."""
    match command:
        case Claim():
            return _claim(task, command)
        case Start() | Release() | Adopt() | RestartGates() | Stop():
            return _drive(task, command)
        case EndRun():
            return _end_run(task, command)
        case EndGates():
            return _end_gates(task, command)
        case Lose() | Reap() | Resolve() | ReportLate():
            return lost(task, command)
        case Tick() | Move():
            return passed(task, command)
        case Cancel() | Redrive() | Discard() | Approve() | Reject() | Follow() | Unpark():
            return _ordered(task, command)
        case TakeOver() | HandBack():
            return ordered(task, command)
        case Note() | Report():
            return told(task, command)


def _ordered(
    task: Task, command: Cancel | Redrive | Discard | Approve | Reject | Follow | Unpark
) -> Said:
    match command:
        case Unpark():
            return unparked(task, command)
        case Follow():
            return followed(task, command)
        case Approve():
            return approved(task, command)
        case Reject():
            return rejected(task, command)
        case Cancel():
            return _cancel(task, command.reason)
        case Redrive():
            return redriven(task, command)
        case Discard():
            return discarded(task, command)


def _claim(task: Task, command: Claim) -> Said:
    _must_be(task, TaskState.READY)
    return (
        ev.TaskClaimed(worker=command.worker, slot=command.slot, fence=task.fence + 1),
        ev.TaskStarting(run=task.run + 1, host=command.host),
    )


def _drive(task: Task, command: Start | Release | Adopt | RestartGates | Stop) -> Said:
    match command:
        case Start():
            _must_be(task, TaskState.RUNNING)
            return (
                ev.TaskStarted(
                    attempt=task.attempt + (not task.goes_on),
                    run=task.run,
                    adapter=command.adapter,
                    digest=command.digest,
                ),
            )
        case Release():
            return _release(task, command)
        case Adopt():
            _must_be(task, TaskState.RUNNING, TaskState.VERIFYING, TaskState.UNCERTAIN)
            return (
                ev.TaskAdopted(
                    worker=command.worker,
                    fence=task.fence + 1,
                    run=task.run,
                    slot=command.slot,
                    alive=command.alive and task.reaped_run != task.run,
                    host=command.host,
                ),
            )
        case RestartGates():
            _must_be(task, TaskState.VERIFYING)
            return (ev.TaskGatesRestarted(gate_run=task.gate_run + 1),)
        case Stop():
            shuts = not task.taken_over or command.reason == SHUTDOWN  # else a person has it
            if task.stop_requested or task.cancel_requested or not shuts:
                return ()
            _must_be(task, TaskState.RUNNING)
            return (ev.TaskStopRequested(run=task.run, reason=command.reason),)


def _release(task: Task, command: Release) -> Said:
    _must_be(task, TaskState.RUNNING)
    counted = task.attempt_started_at is not None and not task.goes_on
    released = ev.TaskReleased(reason=command.reason, run=task.run, counted=counted)
    # The attempt is given back first: what never began is nothing that was started, or undone.
    back = (released,) if counted else ()
    if task.cancel_requested:
        return (*back, ev.TaskCancelled(reason=task.cancel_requested))
    if task.deliveries + 1 > MAX_DELIVERIES:
        error = {
            "kind": "poison",
            "message": f"Its owner was lost {task.deliveries + 1} times while it was starting.",
        }
        return (*back, ev.TaskDead(reason="poison", error=error))
    return (released,)


def _end_run(task: Task, command: EndRun) -> Said:
    _must_be(task, TaskState.RUNNING)  # an uncertain one is adopted first
    if task.cancel_requested:
        return (
            ev.TaskCancelled(
                reason=task.cancel_requested,
                ended_well=command.failure is None,
                outputs=command.outputs,
                verdict=command.verdict,
                evidence=list(command.evidence),
            ),
        )
    if task.taken_over:
        talk, verdict = command.conversation, command.verdict
        then = after_run(task, command.failure, verdict, conversation=talk, at=command.at)
        if then is not None:
            return then
    if command.failure is None and not task.stop_requested:
        if task.spec.gates:
            return (
                ev.TaskVerifying(
                    run=task.run,
                    outputs=command.outputs,
                    verdict=command.verdict,
                    gates=len(task.spec.gates),
                    evidence=list(command.evidence),
                ),
            )
        return (
            ev.TaskSucceeded(
                outputs=command.outputs,
                verdict=command.verdict,
                evidence=list(command.evidence),
                run=task.run,
            ),
        )
    failure = command.failure or Failure(kind="exit", message="It was stopped.")
    end = End(verdict=command.verdict, evidence=command.evidence)
    return failed(task, failure, end, command.at, command.chance)


def _end_gates(task: Task, command: EndGates) -> Said:
    _must_be(task, TaskState.VERIFYING)
    verdict = task.verdict or {}
    evidence = together(task.evidence, command.evidence)
    if task.cancel_requested:
        return (
            ev.TaskCancelled(
                reason=task.cancel_requested,
                ended_well=True,
                outputs=task.outputs,
                verdict=verdict,
                evidence=list(evidence),
            ),
        )
    if command.failure is None and not task.stop_requested:
        return (
            ev.TaskSucceeded(
                outputs=task.outputs, verdict=verdict, evidence=list(evidence), run=task.run
            ),
        )
    failure = command.failure or Failure(kind="gate", message="The gates were stopped.")
    end = End(verdict=verdict, evidence=evidence)
    return failed(task, failure, end, command.at, command.chance)


def _cancel(task: Task, reason: str) -> Said:
    if task.terminal:
        message = f"Task {task.ref} is {task.state} already."
        raise Conflict(message, hint=f"See what it left: claude-agent task show {task.ref}")
    if task.cancel_requested:
        return ()
    waits = task.state in (TaskState.HELD, TaskState.SCHEDULED, TaskState.READY)
    # An uncertain run that was reaped has nothing left to stop.
    proved = task.state == TaskState.UNCERTAIN and task.reaped_run == task.run
    if waits or proved:
        done = ev.TaskCancelled(reason=reason, evidence=["E1"] if proved else [])
        return (ev.TaskCancelRequested(reason=reason), done)
    return (ev.TaskCancelRequested(reason=reason),)


def _must_be(task: Task, *states: TaskState) -> None:
    if task.state not in states:
        message = f"Task {task.ref} is {task.state}, not {' or '.join(states)}."
        raise Conflict(message)
