"""The unified message bus: tasks in, results out, events for everybody. The log carries it all."""

from collections.abc import Callable, Mapping
from typing import Any

from claude_agent.core import audit
from claude_agent.core.catalogue import Catalogue
from claude_agent.core.intake import spec_of
from claude_agent.core.log_follower import LogFollower
from claude_agent.core.room import Room
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.duration import parse_duration
from claude_agent.domain.task import Task
from claude_agent.errors import Invalid
from claude_agent.storage.database import Database, Tx
from claude_agent.storage.log import Recorded

RESULTS = ("task.succeeded", "task.dead", "task.cancelled", "task.expired", "task.rejected")
MAX_EVENT_TYPE = 80


class UnifiedMessageBus:
    """What every part of the product and every client speaks through."""

    def __init__(
        self, *, database: Database, desk: TaskDesk, catalogue: Catalogue, follower: LogFollower
    ) -> None:
        self._database = database
        self._desk = desk
        self._catalogue = catalogue
        self._follower = follower
        agents = catalogue.agents.values()
        self._room = Room({each.queue: each.max_ready for each in agents})

    def publish_task(self, agent: str, task: dict[str, Any]) -> str:
        """Accept a task for an agent ("": routed) and return its id once it is durable.

        `task` has the fields of `POST /tasks/submit`. Raises UnknownName, Invalid,
        NotPromptable, TooLarge, QueueFull, DiskFull; a refused task leaves nothing behind.
        """
        wanted = {**task, "agent": agent or task.get("agent")}
        return self._database.write(lambda tx: self.accept(tx, wanted, actor="operator")).id

    def accept(self, tx: Tx, task: Mapping[str, Any], *, actor: str) -> Task:
        """Accept a task in the caller's transaction. Raises as `publish_task` does."""
        spec = spec_of(task, self._catalogue)
        context = self._desk.context(actor)
        delay = parse_duration(task["delay"]) if task.get("delay") is not None else 0
        not_before = context.at + delay if delay else 0
        if not delay:
            self._room.require(tx, spec.queue, context.at)
        return self._desk.submit(tx, spec, context, not_before=not_before)

    def subscribe_results(self, callback: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call back with `{task_id, type, at, ...result}` for each task that ends.

        It is called from the bus's own thread, in the order of the log. Returns what ends it.
        """

        def hand_over(one: Recorded) -> None:
            task_id = one.event.stream.removeprefix("task/")
            callback(
                {"task_id": task_id, "type": one.event.type, "at": one.event.at, **one.event.data}
            )

        return self._follower.subscribe(hand_over, RESULTS)

    def broadcast_event(self, event_type: str, data: dict[str, Any]) -> None:
        """Append an event of the caller's own to the log; every subscriber of events sees it.

        Its type gets the prefix `bus.`, so that it is never taken for one of ours.
        """
        if not event_type or len(event_type) > MAX_EVENT_TYPE or not event_type.isprintable():
            message = "An event type is 1 to 80 printable characters."
            raise Invalid(message, pointer="/type")
        self._database.write(lambda tx: self.record(tx, "system/bus", f"bus.{event_type}", data))

    def record(
        self, tx: Tx, stream: str, type_: str, data: Mapping[str, Any], *, actor: str = "server"
    ) -> None:
        """Append an event that belongs to no state machine to its stream."""
        audit.record(tx, self._desk.context(actor), stream, type_, data)
