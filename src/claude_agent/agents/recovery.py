"""What happens to a run whose owner or shim is gone: seal, reap, then decide; in that order."""

import logging
from collections.abc import Callable

from claude_agent.agents import reaper
from claude_agent.agents.journal import Followed
from claude_agent.agents.run_folder import RunFolder, Sealed
from claude_agent.agents.run_plan import RunPlanner
from claude_agent.core.run_control import RunControl
from claude_agent.domain.retry import Failure
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task

_LOG = logging.getLogger(__name__)
StartChecks = Callable[[Task, str, int], None]


class Recovery:
    """Settles tasks whose run is not followed by anybody."""

    def __init__(self, *, control: RunControl, planner: RunPlanner, checks: StartChecks) -> None:
        self._control = control
        self._planner = planner
        self._checks = checks

    def settle(self, task: Task) -> None:
        """Bring a task on whose run is not followed: it never began, ended, or was lost."""
        if task.terminal or task.state in (TaskState.READY, TaskState.SCHEDULED):
            return
        folder = self._planner.folder(task)
        if task.state != TaskState.UNCERTAIN and self._never_began(task, folder):
            self._control.release(task, "its owner was lost before it began")
            return
        if task.reaped_run != task.run:
            lost = self._control.lost(task.id, task.fence, "its shim was lost without a verdict")
            task = self._reap(lost, folder)
        self._decide(task)

    def _never_began(self, task: Task, folder: RunFolder) -> bool:
        claim = folder.claim()
        if claim is None:
            return folder.seal(task.fence)
        return isinstance(claim, Sealed)

    def _reap(self, task: Task, folder: RunFolder) -> Task:
        killed = reaper.reap(task.run_id)
        folder.write_reaped(killed)
        return self._control.reaped(task.id, task.fence, len(killed))

    def _decide(self, task: Task) -> None:
        """The run is proved ended; a verdict, a probe, a rule or a person says how."""
        spec = task.spec
        if task.cancel_requested:
            self._control.resolve(task, "failed", how="rule")
        elif spec.verify and spec.on_uncertain == "verify":
            k = 1
            while self._planner.purpose_folder(task, "verify", k).path.exists():
                reaper.reap(f"{task.run_id}.verify-{k}")
                k += 1
            self._checks(task, "verify", k)
        elif spec.on_uncertain == "fail":
            self._control.resolve(task, "failed", how="rule")
        elif spec.idempotent or spec.on_uncertain == "retry":
            self._control.resolve(task, "retry", how="idempotent")
        else:
            _LOG.warning(
                "task %s is uncertain and waits for a person: claude-agent task resolve %s",
                task.ref,
                task.ref,
            )

    def probe_ended(self, run: Followed) -> Task:
        """Take the answer of a probe: exit 0 means that the work was done."""
        verdict = run.folder.verdict()
        task = self._control.task(run.task.id)
        done = verdict is not None and verdict.error is None and verdict.code == 0
        outcome = "succeeded" if done else "retry"
        note = "the probe found it done" if done else "the probe found it not done"
        return self._control.resolve(task, outcome, how="probe", note=note, fence=run.task.fence)

    def probe_lost(self, run: Followed) -> None:
        """Ask the probe again after its own shim was lost."""
        reaper.reap(run.run_id)
        self._decide(self._control.task(run.task.id))

    def restart_gates(self, task: Task) -> None:
        """Reap the gates whose owner was lost and run them again: they are repeatable."""
        reaper.reap(f"{task.run_id}.gates-{task.gate_run}")
        again = self._control.restart_gates(task)
        try:
            self._checks(again, "gates", again.gate_run)
        except OSError as error:
            failure = Failure(kind="gate", message=f"The gates could not be started: {error}")
            self._control.gates_ended(again.id, again.fence, failure, ())
