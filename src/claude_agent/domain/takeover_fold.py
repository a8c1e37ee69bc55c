"""Folds what happens to a task that a person takes over; the meaning is in `task_takeover`."""

from typing import TYPE_CHECKING

from claude_agent.domain import takeover_events as ev
from claude_agent.domain.copying import replace
from claude_agent.domain.events import Payload

if TYPE_CHECKING:
    from claude_agent.domain.task import Task


def folded(task: "Task", said: Payload, at: int) -> "Task":
    """Return the task after one of these events."""
    was = dict(task.takeover)
    match said:
        case ev.TaskTakeoverRequested():
            talk = was.get("conversation", "")
            told = {"phase": "asked", "by": said.by, "at": at, "conversation": talk, "note": ""}
            return replace(task, takeover=told)
        case ev.TaskTakenOver():
            told = {**was, "phase": "screen", "conversation": said.conversation}
            return replace(task, takeover=told)
        case ev.TaskHandbackRequested():
            return replace(task, takeover={**was, "phase": "back", "note": said.note})
        case ev.TaskHandedBack():
            return replace(returned(task, at), takeover={**was, "phase": "agent", "how": said.how})
        case _:
            return task


def returned(task: "Task", at: int) -> "Task":
    """Return the task without the time that a person had it: that is not the task's."""
    if not task.taken_over:
        return task
    away = max(0, at - int(task.takeover["at"]))
    return replace(task, generation_at=task.asked_at + away, takeover={})
