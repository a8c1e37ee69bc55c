"""Dead letters of tasks and of messages: list, show, re-drive, discard; all of it recorded."""

from collections.abc import Mapping
from typing import Any

from claude_agent.core import message_letters
from claude_agent.core.catalogue import Catalogue
from claude_agent.core.letters import (
    MESSAGE,
    TASK,
    Criteria,
    lines_of,
    message_errors,
    message_letter,
    message_payload,
    task_errors,
    task_letter,
    task_payload,
    traceback_of,
)
from claude_agent.core.spec_edit import edited
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.views import Wire, frame
from claude_agent.domain.events import Context
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.domain.task_letters import Discard, Redrive
from claude_agent.errors import Invalid, NotFound
from claude_agent.storage import log, task_rows
from claude_agent.storage.database import Reader, Tx
from claude_agent.storage.notifier import Notifier

MESSAGES = "messages"
"""The doorbell of plain messages."""
NEWEST = {"before_at": 2**62, "before_id": ""}


class DeadLetters:
    """What is done to dead letters, in the caller's transaction."""

    def __init__(self, desk: TaskDesk, catalogue: Catalogue, notifier: Notifier) -> None:
        self._desk = desk
        self._catalogue = catalogue
        self._notifier = notifier

    def page(
        self, reader: Reader, wanted: Criteria, limit: int, before: Mapping[str, Any] | None = None
    ) -> list[Wire]:
        """Return letters of both kinds, the newest death first."""
        params = {**wanted.params, **(before or NEWEST), "limit": limit}
        found: list[Wire] = []
        if wanted.wants(TASK):
            rows = reader.rows("dead_letters.tasks", **params)
            found += [task_letter(task_rows.task_of(row)) for row in rows]
        if wanted.wants(MESSAGE):
            found += [message_letter(row) for row in reader.rows("dead_letters.messages", **params)]
        found.sort(key=lambda one: (one["died_at"], one["id"]), reverse=True)
        return found[:limit]

    def counts(self, reader: Reader, wanted: Criteria) -> dict[str, int]:
        """Return how many letters there are of each kind that is wanted."""
        found = {}
        for kind, query in (
            (TASK, "dead_letters.count_tasks"),
            (MESSAGE, "dead_letters.count_messages"),
        ):
            if wanted.wants(kind):
                row = reader.row(query, **wanted.params)
                found[kind] = row["count"] if row is not None else 0
        return found

    def show(self, reader: Reader, kind: str, ref: str) -> tuple[Wire, Task | None]:
        """Return a letter with its evidence, and its task if it is one. Raises `NotFound`."""
        if kind == MESSAGE:
            row = message_letters.find(reader, ref)
            about = f"message/{row['id']}"
            told = [frame(one) for one in log.of_stream(reader, about)]
            more = {"payload": message_payload(row), "errors": message_errors(row)}
            more |= {"events": told, "history": lines_of(row["history"])}
            more |= {"tail": traceback_of(row)}
            return message_letter(row) | more, None
        task = self._dead(reader, ref)
        history = log.of_stream(reader, task.stream)
        more = {
            "payload": task_payload(task),
            "errors": task_errors(history),
            "events": [frame(one) for one in history],
            "history": [],
            "tail": "",
        }
        return task_letter(task) | more, task

    def _dead(self, reader: Reader, ref: str) -> Task:
        task = self._desk.find(reader, ref)
        if task.state != TaskState.DEAD:
            message = f"Task {task.ref} is {task.state}, not a dead letter."
            raise NotFound(message, hint=f"Show it: claude-agent task show {task.ref}")
        return task

    def redrive(
        self,
        tx: Tx,
        letter: tuple[str, str],
        context: Context,
        *,
        changes: Mapping[str, Any] | None = None,
        reason: str = "",
    ) -> Wire:
        """Let the letter (kind, ref) run again, changed if wished.

        A task becomes ready in a new generation with its attempts reset. Raises NotFound,
        Conflict (a step of a workflow, no dead letter), and what a submit raises.
        """
        kind, ref = letter
        given = dict(changes or {})
        if kind == MESSAGE:
            done = message_letters.redrive(tx, ref, given, reason, context)
            tx.after_commit(lambda: self._notifier.ring(MESSAGES))
            return _handled(done, "ready")
        for name in ("args", "kwargs"):
            if name in given:
                message = f"A task has no {name}; a message has."
                raise Invalid(message, hint="Change run, with, env, …", pointer=f"/changes/{name}")
        task = self._desk.find(tx, ref)
        spec = None
        if task.state == TaskState.DEAD and task.spec.purpose == "task":
            wanted = edited(task.spec, given, self._catalogue)
            spec = wanted.to_data() if given else None
        command = Redrive(at=context.at, reason=reason, spec=spec)
        after = self._desk.apply(tx, task, command, context)
        return _handled(task_letter(after), after.state.value)

    def discard(self, tx: Tx, letter: tuple[str, str], context: Context, *, reason: str) -> Wire:
        """Put the letter (kind, ref) aside for good. Raises NotFound, Conflict."""
        kind, ref = letter
        if kind == MESSAGE:
            done = message_letters.discard(tx, ref, reason, context)
            return _handled(done, "discarded")
        after = self._desk.apply(tx, self._desk.find(tx, ref), Discard(reason=reason), context)
        return _handled(task_letter(after), after.state.value)


def _handled(letter: Wire, state: str) -> Wire:
    names = ("kind", "id", "ref", "title", "queue", "generation", "url")
    kept = {name: letter[name] for name in names}
    if letter["kind"] == MESSAGE and state == "ready":
        kept["generation"] += 1
    return kept | {"state": state}
