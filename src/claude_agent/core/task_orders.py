"""What people may order of a task that is on its way: stop, or say what happened."""

from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.task import Task
from claude_agent.domain.task_commands import Cancel
from claude_agent.domain.task_lost import Resolve
from claude_agent.domain.task_takeover import HandBack, TakeOver
from claude_agent.errors import Invalid
from claude_agent.storage.database import Database, Tx


class TaskOrders:
    """Orders by people, recorded under their name."""

    def __init__(self, database: Database, desk: TaskDesk) -> None:
        self._database = database
        self._desk = desk

    def answer(self, ref: str, outcome: str, note: str, actor: str) -> Task:
        """Take a person's answer to "what happened?" in an uncertain task."""
        if outcome not in ("succeeded", "retry", "failed"):
            message = f"{outcome[:40]} is no answer to what happened."
            raise Invalid(message, hint="Answer succeeded, retry or failed.", pointer="/outcome")

        def work(tx: Tx) -> Task:
            task = self._desk.find(tx, ref)
            command = Resolve(
                outcome=outcome, how="person", note=note, at=self._desk.context("").at
            )
            return self._desk.apply(tx, task, command, self._desk.context(actor))

        return self._database.write(work)

    def cancel(self, ref: str, *, reason: str, actor: str) -> Task:
        """Ask a task to stop: at once where it waits, by the stop ladder where it runs."""

        def work(tx: Tx) -> Task:
            task = self._desk.find(tx, ref)
            context = self._desk.context(actor)
            after = self._desk.apply(tx, task, Cancel(reason=reason), context)
            if not after.terminal and not task.cancel_requested:
                self._desk.command_run(tx, after, "stop", {"stage": "ladder"})
            return after

        return self._database.write(work)

    def take_over(self, ref: str, *, actor: str) -> Task:
        """Let a person go on in the conversation of an agent at work: its run is stopped softly.

        Raises `NotFound`, `Invalid` (no conversation), `Conflict` (not now).
        """
        return self._change_hands(ref, TakeOver(by=actor), actor)

    def hand_back(self, ref: str, *, note: str, actor: str) -> Task:
        """Let the agent go on where the person stopped. Raises `NotFound`, `Conflict`."""
        return self._change_hands(ref, HandBack(by=actor, note=note), actor)

    def _change_hands(self, ref: str, command: TakeOver | HandBack, actor: str) -> Task:
        def work(tx: Tx) -> Task:
            task = self._desk.find(tx, ref)
            after = self._desk.apply(tx, task, command, self._desk.context(actor))
            if after.seq != task.seq:
                self._desk.command_run(tx, after, "stop", {"stage": "ladder"})
            return after

        return self._database.write(work)
