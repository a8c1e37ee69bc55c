"""The log as clients follow it, and stored answers."""

from collections.abc import Callable, Sequence
from typing import Any

from typing_extensions import override

from claude_agent.api.services import Answered, AnswerServices, EventServices, IdempotencyKey
from claude_agent.core import views
from claude_agent.errors import Malformed
from claude_agent.serve.base import Base, find_answer, keep_answer
from claude_agent.storage import log
from claude_agent.storage.database import Reader

Wire = dict[str, Any]
_EXECUTIONS_OF = (
    ("task/", "tasks.executions_of"),
    ("approval/", "approvals.executions_of"),
    ("question/", "questions.executions_of"),
)


class Events(Base, EventServices):
    """Read by position; the cursor is `<epoch>:<position>`."""

    @override
    def events_after(
        self, cursor: str | None, limit: int, topics: Sequence[str] | None = None
    ) -> Wire:
        epoch, position = _parse(cursor)

        def work(reader: Reader) -> Wire:
            head = log.head(reader)
            if cursor is not None and (epoch != head.epoch or position > head.pos):
                return {"items": [], "cursor": head.cursor, "reset": True}
            found = log.after(reader, position, limit)
            last = found[-1].pos if found else position
            frames = _frames(reader, found)
            if topics is not None and "*" not in topics:
                frames = [one for one in frames if one["topic"] in topics]
            return {"items": frames, "cursor": f"{head.epoch}:{last}", "reset": False}

        return self._database.read(work)

    @override
    def head(self) -> str:
        return self._database.read(log.head).cursor

    @override
    def head_hash(self) -> str:
        return self._database.read(log.head).hash

    @override
    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        return self._database.subscribe(callback)

    @override
    def verify_log(self) -> Wire:
        events, digest, problems = self._database.read(log.verify)
        return {"ok": not problems, "events": events, "head": digest, "problems": problems}

    @override
    def starts(self) -> Wire:
        return self._database.read(_starts)


class Answers(Base, AnswerServices):
    """Stored answers of requests that are more than one transaction."""

    @override
    def recall(self, key: IdempotencyKey) -> Answered | None:
        return self._database.read(lambda r: find_answer(r, key))

    @override
    def remember(self, key: IdempotencyKey, answered: Answered) -> None:
        at = self._clock.now()
        self._database.write(lambda tx: keep_answer(tx, key, answered, at))


def _parse(cursor: str | None) -> tuple[str, int]:
    if cursor is None:
        return "", 0
    epoch, _, position = cursor.partition(":")
    if not epoch or not position.isdigit():
        message = f"{cursor[:60]} is not a cursor of the log."
        raise Malformed(message, hint="Send back the cursor you were given.", pointer="/after")
    return epoch, int(position)


def _frames(reader: Reader, found: list[log.Recorded]) -> list[Wire]:
    executions: dict[str, str] = {}
    for kind, query in _EXECUTIONS_OF:
        ids = {
            one.event.stream.removeprefix(kind)
            for one in found
            if one.event.stream.startswith(kind)
        }
        rows = reader.rows(query, ids=sorted(ids)) if ids else []
        executions |= {row["id"]: row["execution_id"] for row in rows}
    return [views.frame(one, executions) for one in found]


def _starts(reader: Reader) -> Wire:
    """Return every start of a run with what allowed it: the first, a retry, a lost run."""
    types = (
        *("task.submitted", "task.started", "task.retry_scheduled", "task.resolved"),
        *("task.released", "task.reaped", "task.redriven"),
    )
    cause: dict[str, str] = {}
    steps: dict[str, tuple[str, str, str]] = {}
    items: list[Wire] = []
    position = 0
    while rows := reader.rows("log.of_type", types=types, after=position, limit=1000):
        for row in rows:
            position = row["pos"]
            event = log.recorded(row).event
            task_id = event.stream.removeprefix("task/")
            match event.type:
                case "task.submitted":
                    spec = event.data["spec"]
                    steps[task_id] = (
                        event.data["ref"],
                        spec.get("step_id", ""),
                        spec.get("execution_id", ""),
                    )
                    cause[task_id] = "first"
                case "task.started":
                    ref, step, execution = steps[task_id]
                    items.append(
                        {
                            "task_id": task_id,
                            "ref": ref,
                            "run": event.data["run"],
                            "attempt": event.data["attempt"],
                            "step_id": step or None,
                            "execution_id": execution or None,
                            "at": event.at,
                            "cause": cause[task_id],
                        }
                    )
                    cause[task_id] = "unexplained"
                case "task.released":
                    cause[task_id] = "sealed"
                case "task.redriven":
                    cause[task_id] = "redriven"
                case "task.reaped":
                    cause[task_id] = "reaped"
                case "task.retry_scheduled" if cause[task_id] != "reaped":
                    cause[task_id] = "retry"
                case _:
                    pass
    return {"items": items}
