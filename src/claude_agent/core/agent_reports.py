"""What agents at work say of their own task, and the bound on how much they may say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from claude_agent.core.foundation import Foundation
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.domain.task_report import Note, Report, why_late
from claude_agent.domain.task_result import misfits
from claude_agent.errors import Invalid, NotFound, TooLarge
from claude_agent.storage import task_rows
from claude_agent.storage.chain import canonical
from claude_agent.storage.database import Tx

MOST_CALLS = 1_000
"""So often may one run call a tool that changes something."""
RESULT_BYTES = 64 * 1024
MOST_TEXT = 2_000
Clean = Callable[[Task, Mapping[str, object]], dict[str, object]]
"""Takes the values of a task's secrets out of a JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """The run whose token was shown."""

    agent: str
    task_id: str
    run: int


class AgentReports:
    """The transactions of an agent's words; each is counted."""

    def __init__(self, foundation: Foundation, desk: TaskDesk, clean: Clean) -> None:
        self._database = foundation.database
        self._desk = desk
        self._clean = clean

    def task(self, speaker: Speaker) -> Task:
        """Return the task of a run as it stands. Raises NotFound."""
        found = self._database.read(lambda r: task_rows.peek(r, speaker.task_id))
        return _there(found, speaker)

    def complete(self, speaker: Speaker, result: Data) -> str:
        """Keep the result of a run; return why it came too late to count, or nothing.

        Raises Invalid where it does not fit the task's schema, TooLarge over 64 kB.
        """
        size = len(canonical(dict(result)))
        if size > RESULT_BYTES:
            message = f"The result is {size} bytes long; {RESULT_BYTES // 1024} kB are allowed."
            hint = "Write large content into a file and put its path into the result."
            raise TooLarge(message, hint=hint, pointer="/result")

        def make(task: Task) -> Report:
            wrong = misfits(task.spec, result)
            if wrong and not why_late(task, speaker.run):
                message = f"The result does not fit the task's schema: {'; '.join(wrong)}."
                raise Invalid(message, hint="Correct it and call again.", pointer="/result")
            return Report(run=speaker.run, kind="complete", result=self._clean(task, dict(result)))

        return self._report(speaker, make)

    def fail(self, speaker: Speaker, message: str, *, retryable: bool) -> str:
        """Keep that a run failed, in its agent's words; return why that is late, or nothing."""

        def make(task: Task) -> Report:
            text = self._plain(task, message)
            return Report(run=speaker.run, kind="fail", message=text, retryable=retryable)

        return self._report(speaker, make)

    def progress(self, speaker: Speaker, text: str) -> str:
        """Keep a line about the work; return why it is late, or nothing."""

        def work(tx: Tx) -> str:
            task = self._counted(tx, speaker)
            late = why_late(task, speaker.run)
            if not late and task.state == TaskState.RUNNING:
                note = Note(kind="progress", text=self._plain(task, text))
                self._desk.apply(tx, task, note, self._desk.context(f"agent:{speaker.agent}"))
            return late

        return self._database.write(work)

    def count(self, speaker: Speaker) -> str:
        """Count a call that changes something else; return why it is too late, or nothing."""
        return self._database.write(lambda tx: why_late(self._counted(tx, speaker), speaker.run))

    def _plain(self, task: Task, text: str) -> str:
        return str(self._clean(task, {"text": text[:MOST_TEXT]})["text"])

    def _report(self, speaker: Speaker, make: Callable[[Task], Report]) -> str:
        def work(tx: Tx) -> str:
            task = self._counted(tx, speaker)
            late = why_late(task, speaker.run)
            context = self._desk.context(f"agent:{speaker.agent}")
            self._desk.apply(tx, task, make(task), context)
            return late

        return self._database.write(work)

    def _counted(self, tx: Tx, speaker: Speaker) -> Task:
        """Return the task, locked, with one call more of its run. Raises Invalid, NotFound."""
        task = _there(task_rows.load(tx, speaker.task_id), speaker)
        run_id = f"{speaker.task_id}.{speaker.run}"
        if not tx.execute("tokens.count_call", run_id=run_id, most=MOST_CALLS):
            message = f"This run has called tools {MOST_CALLS} times: no more are taken."
            raise Invalid(message, hint="Finish the work; its end is recorded without a tool.")
        return task


def _there(task: Task | None, speaker: Speaker) -> Task:
    if task is None:
        message = f"There is no task {speaker.task_id} any more."
        raise NotFound(message)
    return task
