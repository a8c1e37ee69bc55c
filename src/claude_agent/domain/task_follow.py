"""What the end of the tasks that a task waits for makes of it.

It waits as `held`: that state has all the ways out that are needed (ready, scheduled, cancelled)
and no timer looks at it, so that neither a start timeout nor a delay acts before its turn has come.
`scheduled` would need a second meaning of its due time in every query that asks for it.
"""

from dataclasses import dataclass

from claude_agent.domain import task_events as ev
from claude_agent.domain.events import Payload
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """Some of the tasks that it waits for have ended well."""

    tasks: tuple[str, ...]
    """Their ids."""
    at: int
    held: bool = False
    """Its approval is not decided yet."""


def followed(task: Task, command: Follow) -> tuple[Payload, ...]:
    """Return what follows; nothing for a task that waits for none of them any more."""
    met = [each for each in command.tasks if each in task.waits_for]
    if not met or task.state != TaskState.HELD:
        return ()
    return (ev.TaskFollowed(tasks=met, at=command.at, held=command.held),)
