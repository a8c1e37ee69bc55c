"""What happens to a run whose owner or shim is gone: seal, reap, then decide; in that order."""

import logging
from collections.abc import Callable

from claude_agent.agents import reaper
from claude_agent.agents.journal import Followed
from claude_agent.agents.run_files import withdraw
from claude_agent.agents.run_folder import RunFolder, Sealed
from claude_agent.agents.run_plan import RunPlanner
from claude_agent.core.run_control import RunControl
from claude_agent.domain.retry import Failure
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.errors import Unavailable

_LOG = logging.getLogger(__name__)
PROBES_OF_A_FENCE = 100
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
        if task.state == TaskState.VERIFYING:
            self.restart_gates(task)
            return
        folder = self._planner.folder(task)
        if task.state != TaskState.UNCERTAIN and self._never_began(task, folder):
            self._control.release(task, "its owner was lost before it began")
            return
        if task.reaped_run != task.run:
            unbegun = task.state == TaskState.UNCERTAIN and self._is_unbegun(task, folder)
            lost = self._control.lost(task.id, task.fence, "its shim was lost without a verdict")
            task = self._reap(lost, folder)
            if unbegun:
                note = "its run never began"
                self._control.resolve(task, "retry", how="rule", note=note)
                return
        self._decide(task)

    def _is_unbegun(self, task: Task, folder: RunFolder) -> bool:
        """Say whether an uncertain run (its host was cut off) never began, and sees to that.

        A folder that is not there although the attempt was counted proves nothing.
        """
        known = task.attempt_started_at is None or (folder.path / "spec.json").exists()
        return known and self._never_began(task, folder)

    def _never_began(self, task: Task, folder: RunFolder) -> bool:
        claim = folder.claim()
        if claim is None:
            if folder.seal(task.fence):
                return True
            # Not lost at all: whoever settles it looks again and follows it.
            detail = f"The run {task.run_id} has begun this moment."
            raise Unavailable(detail)
        return isinstance(claim, Sealed)

    def _reap(self, task: Task, folder: RunFolder) -> Task:
        killed = reaper.reap(task.run_id)
        self._planner.secrets.scrub(task, folder.path)
        folder.write_reaped(killed)
        return self._control.reaped(task.id, task.fence, len(killed))

    def _decide(self, task: Task) -> None:
        """The run is proved ended; a verdict, a probe, a rule or a person says how."""
        spec = task.spec
        if task.taken_over and not task.cancel_requested:
            note = "its screen was lost; the agent goes on in the conversation"
            self._control.resolve(task, "retry", how="rule", note=note)
            return
        way = "fail" if task.cancel_requested else spec.when_uncertain
        match way:
            case "verify":
                self._checks(task, "verify", self._next_probe(task))
            case "fail":
                self._control.resolve(task, "failed", how="rule")
            case "retry":
                self._control.resolve(task, "retry", how="idempotent")
            case _:
                _ask(task)

    def _next_probe(self, task: Task) -> int:
        """End the probes so far; return a number that none had, on no other host either.

        The folders of a lost host's probes are not here: the fence keeps their numbers apart.
        """
        folders = self._planner.folder(task).path.glob("verify-*")
        taken = [int(name) for folder in folders if (name := folder.name[7:]).isdigit()]
        for k in taken:
            self._end_checks(task, "verify", k)
        return max([task.fence * PROBES_OF_A_FENCE, *taken]) + 1

    def _end_checks(self, task: Task, purpose: str, k: int) -> None:
        """Make sure that earlier gates or probes neither begin nor go on."""
        folder = self._planner.purpose_folder(task, purpose, k)
        folder.seal_if_made(task.fence)
        reaper.reap(f"{task.run_id}.{purpose}-{k}")
        withdraw(folder.path)  # its shim may have died between its claim and its secrets

    def probe_ended(self, run: Followed) -> Task:
        """Take the answer of a probe: exit 0 means that the work was done.

        A probe that was killed, or did not even start, answers nothing: a person is asked.
        """
        verdict = run.folder.verdict()
        task = self._control.task(run.task.id)
        answered = verdict is not None and verdict.error is None and verdict.code is not None
        if not answered and not task.cancel_requested:
            _ask(task)
            return task
        done = answered and verdict is not None and verdict.code == 0
        outcome = "succeeded" if done else "retry"
        note = "the probe found it done" if done else "the probe found it not done"
        return self._control.resolve(task, outcome, how="probe", note=note, fence=run.task.fence)

    def restart_gates(self, task: Task) -> None:
        """Reap the gates whose owner was lost and run them again: they are repeatable."""
        self._end_checks(task, "gates", task.gate_run)
        again = self._control.restart_gates(task)
        try:
            self._checks(again, "gates", again.gate_run)
        except OSError as error:
            failure = Failure(kind="gate", message=f"The gates could not be started: {error}")
            self._control.gates_ended(again.id, again.fence, failure, ())


def _ask(task: Task) -> None:
    _LOG.warning(
        "task %s is uncertain and waits for a person: claude-agent task resolve %s",
        task.ref,
        task.ref,
    )
