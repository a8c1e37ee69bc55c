"""Tasks that wait for other tasks: who may be named, and who goes on or ends when one has ended.

The transaction in which a task ends marks it in `task_waits`; it must not lock those that wait, for
it may hold rows that come later in the order of locks. Whoever delivers takes one waiting task a
transaction, locks it and tells it once. What is marked is delivered, whatever dies in between.
"""

import logging
from collections.abc import Mapping, Sequence

from claude_agent.core.foundation import Foundation
from claude_agent.core.task_desk import TaskDesk, task_id_of
from claude_agent.domain.events import Context
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.domain.task_commands import Cancel
from claude_agent.errors import Conflict, Invalid, NotFound
from claude_agent.storage import task_rows
from claude_agent.storage.database import Row, Tx

_LOG = logging.getLogger(__name__)
MOST = 100
BATCH = 100
_OF_ONE = (Conflict, Invalid, LookupError, TypeError, ValueError)


def awaited(tx: Tx, names: object) -> Mapping[str, str]:
    """Return those of the named tasks that have not ended yet (id to ref), locked.

    Only tasks that exist can be named, so that none can wait for itself, over whatever way. Raises
    Invalid (no list of ids or refs, too many, unknown), Conflict (one ended otherwise than well).
    """
    if names is None:
        return {}
    if not isinstance(names, list | tuple) or not all(isinstance(one, str) for one in names):
        message = "The field after of the task is not a list of tasks."
        raise Invalid(message, hint="Give ids or refs of tasks.", pointer="/after")
    if len(names) > MOST:
        message = f"A task waits for at most {MOST} others; {len(names)} are named."
        raise Invalid(message, hint="Write a workflow with depends_on.", pointer="/after")
    found = {_find(tx, name, n): f"/after/{n}" for n, name in enumerate(names)}
    task_rows.lock(tx, sorted(found))
    tasks = {each: task_rows.peek(tx, each) for each in found}
    for task_id, task in tasks.items():
        if task is not None and task.terminal and task.state != TaskState.SUCCEEDED:
            message = f"Task {task.ref} has ended already, as {task.state.value}: not well."
            hint = f"Name another task, or submit without it: claude-agent task show {task.ref}"
            raise Conflict(message, hint=hint, pointer=found[task_id])
    return {task.id: task.ref for task in tasks.values() if task is not None and not task.terminal}


def _find(tx: Tx, name: str, n: int) -> str:
    try:
        return task_id_of(tx, name)
    except NotFound as error:
        raise Invalid(error.detail, hint=error.hint, pointer=f"/after/{n}") from None


class Dependencies:
    """Tells tasks that what they wait for has ended."""

    def __init__(self, foundation: Foundation, desk: TaskDesk) -> None:
        self._database = foundation.database
        self._desk = desk

    def drain(self) -> int:
        """Deliver what is marked; return how many tasks were told."""
        told, failed = 0, set[str]()
        while True:
            rows = self._database.read(lambda r: r.rows("task_waits.ripe", limit=BATCH))
            ids = [row["task_id"] for row in rows if row["task_id"] not in failed]
            if not ids:
                return told
            for task_id in ids:
                if not self._one(task_id):
                    failed.add(task_id)
                told += 1

    def _one(self, task_id: str) -> bool:
        try:
            self._database.write(lambda tx: self._deliver(tx, task_id))
        except _OF_ONE:
            _LOG.exception("task %s could not be told what has ended; it waits", task_id)
            return False
        return True

    def _deliver(self, tx: Tx, task_id: str) -> None:
        task = task_rows.load(tx, task_id)
        rows = tx.rows("task_waits.of", task=task_id)
        if not rows:
            return  # another process told it
        tx.execute("task_waits.clear", task=task_id, needs=[row["needs_id"] for row in rows])
        if task is not None and not task.terminal:
            self._tell(tx, task, rows, self._desk.context("orchestrator"))

    def _tell(self, tx: Tx, task: Task, rows: Sequence[Row], context: Context) -> None:
        for row in rows:
            if row["outcome"] != TaskState.SUCCEEDED:
                ref = task.waits_for.get(row["needs_id"], row["needs_id"])
                reason = f"task {ref}, which it waited for, ended as {row['outcome']}"
                self._desk.apply(tx, task, Cancel(reason=reason), context)
                return
        self._desk.follow(tx, task, [row["needs_id"] for row in rows], context)
