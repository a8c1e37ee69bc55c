"""Why does this wait: what the domain says of it, with what the database knows around it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from claude_agent.clock import Clock
from claude_agent.core import quiet
from claude_agent.core.accounts import Accounts
from claude_agent.core.catalogue import unknown
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.means import cached
from claude_agent.core.question_book import AT_WORK
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain import vocabulary
from claude_agent.domain.approval import ApprovalState
from claude_agent.domain.breaker import Breaker, BreakerState
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.domain.execution import Execution
from claude_agent.domain.explaining.reasons import Around, Queue
from claude_agent.domain.explaining.tasks import task_reasons
from claude_agent.domain.explaining.whole import SHOWN, explain, not_closed
from claude_agent.domain.states import ExecutionState, TaskState
from claude_agent.domain.task import Task
from claude_agent.storage import breaker_rows, task_rows
from claude_agent.storage.database import Reader, Row

_MOST_AHEAD = 20
"""So many of those that have a key are named."""


class Explainer:
    """Explains executions and tasks within the caller's reading; changes nothing."""

    def __init__(
        self,
        executions: ExecutionDesk,
        desk: TaskDesk,
        clock: Clock,
        accounts: Accounts,
        *,
        stuck_after_ms: int = 0,
    ) -> None:
        self._accounts = accounts
        self._executions = executions
        self._desk = desk
        self._clock = clock
        self._stuck_after_ms = stuck_after_ms

    def execution(self, reader: Reader, ref: str, step: str = "") -> JsonObject:
        """Return why an execution, or one step of it, has not ended, and what follows.

        Raises NotFound, `UnknownName` where there is no such step.
        """
        run = self._executions.load(reader, self._executions.find_id(reader, ref))
        if step and step not in run.steps:
            raise unknown(what="step", name=step, known=list(run.steps))
        definition = self._executions.definition(reader, run.definition)
        tasks: dict[str, Task] = {}
        for seen in not_closed(run, step)[:SHOWN]:
            task = task_rows.load(reader, seen.undo_task_id or seen.task_id)
            if task is not None:
                tasks[task.id] = task
        around = self._around_execution(reader, run, self._around(reader, tasks.values()))
        found = explain(definition, run, tasks, around, only=step)
        return {
            "id": run.id,
            "ref": run.ref,
            "state": run.state.value,
            "shown": vocabulary.EXECUTION[run.state.value].to_data(),
            "ended": run.terminal,
            "reasons": [one.to_data() for one in found.reasons],
            "steps": [one.to_data() for one in found.steps],
            "total": found.total,
            "at": around.at,
        }

    def task(self, reader: Reader, ref: str) -> JsonObject:
        """Return why a task has not ended. Raises NotFound."""
        task = self._desk.find(reader, ref)
        around = self._around(reader, [task])
        return {
            "id": task.id,
            "ref": task.ref,
            "state": task.state.value,
            "shown": vocabulary.task(
                task.state.value, asks=around.questions.get(task.id, ("", ""))[1]
            ).to_data(),
            "ended": task.terminal,
            "reasons": [one.to_data() for one in task_reasons(task, around)],
            "execution_id": task.spec.execution_id or None,
            "step_id": task.spec.step_id or None,
            "at": around.at,
        }

    def _around(self, reader: Reader, tasks: Iterable[Task]) -> Around:
        tasks = list(tasks)
        asked = {task.id: task.approval for task in tasks if task.state == TaskState.HELD}
        found = Around(
            at=self._clock.now(),
            approvals=_asked(reader, asked),
            questions=_questions(reader, tasks),
            quiet=self._stuck(reader, tasks),
            cached=lambda key: cached(reader, key),
            agents=self._executions.agents(reader),
        )
        ready = [task for task in tasks if task.state == TaskState.READY]
        if not ready:
            return found
        names = {task.spec.lock for task in ready if task.spec.lock}
        rows = {name: reader.row("locks.one", name=name) for name in names}
        first = {name: reader.row("explain.first_of_lock", name=name) for name in names}
        return replace(
            found,
            holders={name: row["ref"] for name, row in rows.items() if row is not None},
            first={name: row["ref"] for name, row in first.items() if row is not None},
            queues=_queues(reader, ready),
            breakers=_breakers(reader, {task.spec.agent for task in ready}),
            limits=self._accounts.around(reader, {task.spec.agent for task in ready}),
        )

    def _stuck(self, reader: Reader, tasks: Iterable[Task]) -> dict[str, int]:
        """Return since when those that print nothing for too long have done so."""
        now, after = self._clock.now(), self._stuck_after_ms
        found = {task.id: quiet.of_task(reader, task, now, after) for task in tasks}
        return {name: one.since for name, one in found.items() if one.stuck and one.since}

    def _around_execution(self, reader: Reader, run: Execution, around: Around) -> Around:
        rows = reader.rows("approvals.open_of_execution", execution=run.id)
        of_steps = {row["step_id"]: row["ref"] for row in rows}
        around = replace(around, approvals={**around.approvals, **of_steps})
        if run.state != ExecutionState.QUEUED or not run.concurrency_key:
            return around
        key = run.concurrency_key
        line = [row["ref"] for row in reader.rows("inbox.queued", key=key)]
        before = line[: line.index(run.ref)] if run.ref in line else line
        return replace(
            around,
            key_holders=tuple(row["ref"] for row in reader.rows("inbox.slots", key=key)),
            key_before=tuple(before[:_MOST_AHEAD]),
        )


def _asked(reader: Reader, approvals: Mapping[str, str]) -> dict[str, str]:
    """Return the ref of the open approval of each task (id to the approval's id)."""
    rows = {task: reader.row("approvals.by_id", id=one) for task, one in approvals.items()}
    return {task: row["ref"] for task, row in rows.items() if row is not None and _open(row)}


def _questions(reader: Reader, tasks: Iterable[Task]) -> dict[str, tuple[str, str]]:
    """Return the first open question of each task at work: its ref and what it is."""
    at_work = [task.id for task in tasks if task.state in AT_WORK]
    rows = {each: reader.row("questions.first_open", task=each) for each in at_work}
    return {each: (row["ref"], row["what"]) for each, row in rows.items() if row is not None}


def _open(row: Row) -> bool:
    return bool(row["state"] == ApprovalState.REQUESTED)


def _breakers(reader: Reader, agents: Iterable[str]) -> dict[str, Breaker]:
    found = {agent: breaker_rows.load(reader, f"agent:{agent}") for agent in agents}
    return {agent: one for agent, one in found.items() if one.state != BreakerState.CLOSED}


def _queues(reader: Reader, ready: Iterable[Task]) -> Mapping[str, Queue]:
    slots = reader.rows("explain.slots")
    found: dict[str, Queue] = {}
    for task in ready:
        name = task.spec.queue
        row = reader.row("queues.one", name=name)
        line = reader.row("explain.ready", id=task.id)
        if row is None or line is None:
            continue
        serving = [
            slot
            for slot in slots
            if slot["queue"] in ("", name)
            and slot["min_priority"] <= line["effective_priority"]
            and (not slot["queues"] or name in slot["queues"].split(","))
        ]
        found[task.id] = Queue(
            name=name,
            paused=bool(row["paused"]),
            running=row["running"],
            most=row["max"],
            slots=len(serving),
            free=sum(not slot["task_id"] for slot in serving),
            ahead=line["ahead"],
        )
    return found
