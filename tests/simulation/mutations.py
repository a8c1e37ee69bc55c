"""Errors that somebody might make in the engine, to prove that the simulation would find them."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from operator import attrgetter
from typing import Any

from pytest import MonkeyPatch  # noqa: PT013 - a type

from claude_agent.core import task_desk
from claude_agent.core.approval_book import ApprovalBook
from claude_agent.core.children import Children
from claude_agent.core.concurrency import Places
from claude_agent.core.orchestrator import Inbox
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.wall_clock import WallClock
from claude_agent.core.workflow_engine import WorkflowEngine
from claude_agent.domain import task_commands, task_lost
from claude_agent.domain import task_events as ev
from claude_agent.domain.deciding import ending, many, starting, undoing
from claude_agent.domain.deciding.scene import Scene
from claude_agent.domain.states import ExecutionState, StepState
from claude_agent.domain.step_run import StepRun
from claude_agent.domain.task_approval import Approve, Reject
from claude_agent.serve import base
from claude_agent.storage import execution_rows, task_rows

Mutation = Callable[[MonkeyPatch], None]
MUTATIONS: dict[str, Mutation] = {}


def mutation(one: Mutation) -> Mutation:
    """Let the engine be wrong in this way."""
    MUTATIONS[one.__name__] = one
    return one


@contextlib.contextmanager
def mutated(name: str) -> Iterator[None]:
    """Let one mutation be in force."""
    with MonkeyPatch.context() as patch:
        MUTATIONS[name](patch)
        yield


@mutation
def undoes_in_the_order_of_doing(patch: MonkeyPatch) -> None:
    real = undoing.plan

    def plan(*given: Any, **more: Any) -> Any:
        groups, left = real(*given, **more)
        return groups[::-1], left

    patch.setattr(undoing, "plan", plan)


@mutation
def forgets_one_to_undo(patch: MonkeyPatch) -> None:
    real = undoing.plan

    def plan(*given: Any, **more: Any) -> Any:
        groups, left = real(*given, **more)
        return groups[:-1], left

    patch.setattr(undoing, "plan", plan)


@mutation
def undoes_only_the_last_sub_workflow(patch: MonkeyPatch) -> None:
    read = attrgetter("child_id")
    patch.setattr(StepRun, "children", property(lambda seen: tuple(filter(None, [read(seen)]))))


@mutation
def undoes_nothing(patch: MonkeyPatch) -> None:
    patch.setattr("claude_agent.domain.compensation._undone", lambda *_: False)


@mutation
def starts_after_the_first_dependency(patch: MonkeyPatch) -> None:
    def closed(self: Scene, name: str) -> None:
        self._ready += self.definition.dependents.get(name, ())

    patch.setattr(Scene, "_closed", closed)
    patch.setattr(Scene, "deps_closed", lambda *_: True)


@mutation
def starts_steps_while_it_fails(patch: MonkeyPatch) -> None:
    going = frozenset({ExecutionState.RUNNING, ExecutionState.WAITING, ExecutionState.FAILING})
    patch.setattr(ending, "GOING", going)
    patch.setattr(starting, "GOING", going)


@mutation
def ignores_max_parallel(patch: MonkeyPatch) -> None:
    def begin_next(scene: Scene, step: Any) -> None:
        for one in scene.run.instances(step.id):
            if one.state == StepState.PENDING:
                many.begin(scene, step, one)

    patch.setattr(many, "_begin_next", begin_next)


@mutation
def starts_what_failed_before_it(patch: MonkeyPatch) -> None:
    patch.setattr(starting, "unwanted", lambda *_: "")


@mutation
def forgets_to_tell_the_parent(patch: MonkeyPatch) -> None:
    patch.setattr(Children, "_tell", lambda *_: None)


@mutation
def gives_a_lock_to_two(patch: MonkeyPatch) -> None:
    patch.setattr("claude_agent.core.claims._locked", lambda *_: True)


@mutation
def starts_without_asking(patch: MonkeyPatch) -> None:
    """What the policy holds is asked for and goes on all the same."""
    real = task_desk.submitted

    def submitted(task_id: str, said: Any, at: int) -> Any:
        return real(task_id, replace(said, approval=""), at)

    patch.setattr(task_desk, "submitted", submitted)
    patch.setattr(task_rows, "submitted", submitted)


@mutation
def lets_anything_cover_a_run(patch: MonkeyPatch) -> None:
    """A task begins with an approval that was rejected, or that nobody has decided about."""
    real = task_commands.decide

    def decide(task: Any, command: Any) -> Any:
        if isinstance(command, Reject):
            command = Approve(at=task.created_at, by=command.by)
        return real(task, command)

    patch.setattr(task_desk, "decide", decide)
    patch.setattr(ApprovalBook, "claimed", lambda *_: None)


@mutation
def forgets_the_keys(patch: MonkeyPatch) -> None:
    patch.setattr(base, "find_answer", lambda *_: None)
    patch.setattr(base, "keep_answer", lambda *_: True)


@mutation
def does_not_wait_for_others(patch: MonkeyPatch) -> None:
    real = task_desk.submitted

    def submitted(task_id: str, said: Any, at: int) -> Any:
        return replace(real(task_id, replace(said, after={}), at), waits_for={})

    patch.setattr(task_desk, "submitted", submitted)
    patch.setattr(task_rows, "submitted", submitted)


@mutation
def keeps_what_it_refuses(patch: MonkeyPatch) -> None:
    real = WorkflowEngine.execute

    def execute(self: WorkflowEngine, workflow: Any, *given: Any, **more: Any) -> Any:
        if not isinstance(workflow, str):
            workflow = self.define_workflow(workflow)
        return real(self, workflow, *given, **more)

    patch.setattr(WorkflowEngine, "execute", execute)


@mutation
def takes_every_way(patch: MonkeyPatch) -> None:
    """A switch leaves nothing out."""
    real = Scene.say

    def say(self: Scene, said: Any) -> None:
        if getattr(said, "reason", "") != "not_chosen":
            real(self, said)

    patch.setattr(Scene, "say", say)


@mutation
def does_not_see_a_jump_that_nobody_saw(patch: MonkeyPatch) -> None:
    patch.setattr(WallClock, "_mine", lambda *_: False)


@mutation
def keeps_the_place_of_a_key(patch: MonkeyPatch) -> None:
    patch.setattr(Places, "follow", lambda *_: None)


@mutation
def loses_letters(patch: MonkeyPatch) -> None:
    patch.setattr(Inbox, "put", lambda *_: None)


@mutation
def decides_before_the_proof_of_the_end(patch: MonkeyPatch) -> None:
    real = task_lost._resolve

    def resolve(task: Any, command: Any) -> Any:
        return real(replace(task, reaped_run=task.run), command)

    patch.setattr(task_lost, "_resolve", resolve)


@mutation
def retries_for_ever(patch: MonkeyPatch) -> None:
    patch.setattr("claude_agent.domain.task_failure.should_retry", lambda *_, **__: True)


@mutation
def lets_success_overrule_a_cancel(patch: MonkeyPatch) -> None:
    real = task_commands._end_run

    def end_run(task: Any, command: Any) -> Any:
        return real(replace(task, cancel_requested=""), command)

    patch.setattr(task_commands, "_end_run", end_run)


@mutation
def ends_twice(patch: MonkeyPatch) -> None:
    real = task_commands._end_run

    def end_run(task: Any, command: Any) -> Any:
        said = real(task, command)
        return (*said, said[-1]) if isinstance(said[-1], ev.TaskSucceeded) else said

    patch.setattr(task_commands, "_end_run", end_run)
    patch.setattr("claude_agent.domain.task.moved", lambda _t, _b, after, _w: after, raising=False)


@mutation
def listens_to_lost_owners(patch: MonkeyPatch) -> None:
    def owned(_self: TaskDesk, reader: Any, task_id: str, _fence: int) -> Any:
        return task_rows.load(reader, task_id)

    patch.setattr(TaskDesk, "owned", owned)


@mutation
def adopts_under_the_same_fence(patch: MonkeyPatch) -> None:
    real = task_commands._drive

    def drive(task: Any, command: Any) -> Any:
        said = real(task, command)
        if isinstance(said[0], ev.TaskAdopted):
            return (replace(said[0], fence=task.fence),)
        return said

    patch.setattr(task_commands, "_drive", drive)


@mutation
def forgets_to_write_a_step(patch: MonkeyPatch) -> None:
    real = execution_rows.save

    def save(tx: Any, before: Any, after: Any, mark: str) -> bool:
        if len(after.changed) > 1:
            after.changed.discard(min(after.changed))
        return real(tx, before, after, mark)

    patch.setattr(execution_rows, "save", save)


@mutation
def keeps_in_memory_what_was_rolled_back(patch: MonkeyPatch) -> None:
    """The memory of executions is believed without a look at the mark of their row."""

    def load(self: Any, tx: Any, execution_id: str) -> Any:
        _, kept = self._folded.get(execution_id, ("", None))
        return kept if kept is not None else execution_rows.load(tx, execution_id)

    patch.setattr("claude_agent.core.execution_desk.ExecutionDesk.load", load)


@mutation
def counts_what_never_began(patch: MonkeyPatch) -> None:
    """A run that was started and never began counts as an attempt."""
    real = task_commands._release

    def release(task: Any, command: Any) -> Any:
        said = real(task, command)
        if isinstance(said[0], ev.TaskReleased):
            return (replace(said[0], counted=False),)
        return said

    patch.setattr(task_commands, "_release", release)
