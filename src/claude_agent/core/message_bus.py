"""The unified message bus: tasks in, results out, events for everybody. The log carries it all."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from claude_agent.core import audit
from claude_agent.core.dependencies import awaited
from claude_agent.core.foundation import Foundation
from claude_agent.core.intake import spec_of
from claude_agent.core.room import Room
from claude_agent.core.subscriptions import Subscriptions
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.views import Wire
from claude_agent.domain.approval_policy import PERSON, Requester
from claude_agent.domain.duration import parse_duration
from claude_agent.domain.events import Context
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.errors import Conflict, Invalid, NotFound
from claude_agent.storage import execution_rows, task_rows
from claude_agent.storage.database import Tx
from claude_agent.storage.log import Recorded

ENDED = "execution.ended"
NOTICE = "notice.raised"
LEVELS = ("info", "warning", "alert")
MAX_NOTICE = 2_000
RESULTS = ("task.succeeded", "task.dead", "task.cancelled", "task.expired", "task.rejected")
MAX_EVENT_TYPE = 80


class UnifiedMessageBus:
    """What every part of the product and every client speaks through."""

    def __init__(
        self,
        foundation: Foundation,
        *,
        desk: TaskDesk,
        subscriptions: Subscriptions,
        say: Callable[[Tx, str, Mapping[str, object], Context], str],
    ) -> None:
        """Speak for the core; `say` appends an event for everybody and returns its id."""
        self._say = say
        self._database = foundation.database
        self._ids = foundation.ids
        self._catalogue = foundation.catalogue
        self._desk = desk
        self._subscriptions = subscriptions
        agents = self._catalogue.agents.values()
        self._room = Room({each.queue: each.max_ready for each in agents})

    def publish_task(self, agent: str, task: Wire) -> str:
        """Accept a task for an agent ("": routed) and return its id once it is durable.

        `task` has the fields of `POST /tasks/submit`. Raises UnknownName, Invalid,
        NotPromptable, TooLarge, QueueFull, DiskFull; a refused task leaves nothing behind.
        """
        wanted = {**task, "agent": agent or task.get("agent")}
        return self._database.write(lambda tx: self.accept(tx, wanted, actor="operator")).id

    def accept(
        self,
        tx: Tx,
        task: Mapping[str, Any],
        *,
        actor: str,
        requester: Requester = PERSON,
        depth: int = 0,
    ) -> Task:
        """Accept a task in the caller's transaction; `depth`: see `TaskSpec`.

        Raises as `publish_task` does.
        """
        spec = spec_of(task, self._catalogue)
        spec = replace(spec, depth=depth) if depth else spec
        context = self._desk.context(actor)
        delay = parse_duration(task["delay"]) if task.get("delay") is not None else 0
        not_before = context.at + delay if delay else 0
        after = awaited(tx, task.get("after"))
        if not delay and not after:
            self._room.require(tx, spec.queue, context.at)
        return self._desk.submit(
            tx, spec, context, not_before=not_before, requester=requester, after=after
        )

    def subscribe_results(
        self,
        callback: Callable[[Wire], None],
        *,
        name: str = "",
        after: int | None = None,
    ) -> Callable[[], None]:
        """Call back with `{task_id, type, at, pos, ...result}` for each task that ends.

        In the order of the log, from a thread of its own. `name`, `after`: see `Subscriptions`;
        with a name nothing is missed across restarts. Returns what ends it.
        """

        def hand_over(one: Recorded) -> None:
            task_id = one.event.stream.removeprefix("task/")
            told = {"task_id": task_id, "type": one.event.type, "at": one.event.at, "pos": one.pos}
            callback({**told, **one.event.data})

        return self._subscriptions.follow(RESULTS, hand_over, name=name, after=after)

    def subscribe_executions(
        self,
        callback: Callable[[Wire], None],
        *,
        name: str = "",
        after: int | None = None,
    ) -> Callable[[], None]:
        """Call back with `results_of` each execution that ends; see `subscribe_results`."""

        def hand_over(one: Recorded) -> None:
            execution_id = one.event.stream.removeprefix("execution/")
            callback({**self.results_of(execution_id), "at": one.event.at, "pos": one.pos})

        return self._subscriptions.follow((ENDED,), hand_over, name=name, after=after)

    def results_of(self, execution_id: str) -> Wire:
        """Return an execution's results, each step's beside the whole's.

        `{execution_id, ref, workflow, state, reason, outputs, complete, steps: {id: {state,
        outputs, reason, message, attempt, task_id}}}`. Raises `NotFound`.
        """
        run = self._database.read(lambda r: execution_rows.load(r, execution_id))
        if run is None:
            message = f"There is no execution {execution_id[:80]}."
            raise NotFound(message, hint="List them: claude-agent execution list")
        return {
            "execution_id": run.id,
            "ref": run.ref,
            "workflow": run.workflow,
            "state": run.state.value,
            "reason": run.reason,
            "outputs": run.outputs,
            "complete": run.terminal,
            "steps": {
                step.id: {
                    "state": step.state.value,
                    "outputs": step.outputs,
                    "reason": step.reason,
                    "message": step.message,
                    "attempt": step.attempt,
                    "task_id": step.task_id or None,
                }
                for step in run.steps.values()
            },
        }

    def send_command(self, task: str, kind: str, data: Mapping[str, Any], *, actor: str) -> str:
        """Store a durable command to the run of a task (id or ref); return the task's id.

        `kind`: `send` {text}, `interrupt` {}. Its owner delivers it, also after a restart, once.
        Raises `NotFound`, `Conflict` when nothing of it runs, `Invalid`.
        """
        if kind not in ("send", "interrupt"):
            message = f"There is no command {kind[:40]}."
            raise Invalid(message, hint="Send text with send, or interrupt.", pointer="/kind")

        def work(tx: Tx) -> str:
            found = self._desk.find(tx, task)
            task_rows.lock(tx, [found.id])
            found = self._desk.find(tx, found.id)
            if found.state != TaskState.RUNNING or found.run == 0:
                message = f"Task {found.ref} is {found.state.value}: nothing of it runs."
                raise Conflict(message, hint=f"See it: claude-agent task show {found.ref}")
            self._desk.command_run(tx, found, kind, dict(data))
            told = {"task_id": found.id, "run": found.run, "kind": kind}
            context = self._desk.context(actor)
            audit.record(tx, context, f"command/{self._ids.new()}", "command.sent", told)
            return found.id

        return self._database.write(work)

    def broadcast_event(self, event_type: str, data: Wire) -> None:
        """Append an event of the caller's own to the log; every subscriber of events sees it.

        Its type gets the prefix `bus.`, so that it is never taken for one of ours.
        """
        self._database.write(lambda tx: self.broadcast(tx, event_type, data, actor="server"))

    def broadcast(self, tx: Tx, event_type: str, data: Mapping[str, Any], *, actor: str) -> str:
        """Append an event of the caller's own in his transaction; return its id."""
        if not event_type or len(event_type) > MAX_EVENT_TYPE or not event_type.isprintable():
            message = "An event type is 1 to 80 printable characters."
            raise Invalid(message, pointer="/type")
        return self._say(tx, event_type, data, self._desk.context(actor))

    def subscribe_events(
        self,
        pattern: str,
        callback: Callable[[Wire], None],
        *,
        name: str = "",
        after: int | None = None,
    ) -> Callable[[], None]:
        """Call back with `{type, id, at, actor, pos, data}` for each event whose type matches.

        `pattern` is like `deploy.*` for events that were broadcast (their prefix `bus.` left
        out); like `task.*` for those of the product. See `subscribe_results`.
        """

        def hand_over(one: Recorded) -> None:
            kind, _, subject = one.event.stream.partition("/")
            type_ = one.event.type.removeprefix("bus.") if kind == "bus" else one.event.type
            if fnmatchcase(type_, pattern):
                about = {"type": type_, "id": subject, "at": one.event.at, "pos": one.pos}
                callback({**about, "actor": one.event.actor, "data": dict(one.event.data)})

        return self._subscriptions.follow((), hand_over, name=name, after=after)

    def notify(self, level: str, text: str, *, about: str = "", actor: str = "server") -> None:
        """Tell people something: `info`, `warning` or `alert`; `about` names a stream.

        It is an event on the topic `notices`, kept like every other. Raises `Invalid`.
        """
        if level not in LEVELS or not text.strip() or len(text) > MAX_NOTICE:
            message = "A notice is info, warning or alert, with up to 2,000 characters of text."
            raise Invalid(message)
        data = {"level": level, "text": text, "about": about}
        context = self._desk.context(actor)
        new = self._ids.new()
        self._database.write(lambda tx: audit.record(tx, context, f"notice/{new}", NOTICE, data))

    def subscribe_notices(
        self,
        callback: Callable[[Wire], None],
        *,
        name: str = "",
        after: int | None = None,
    ) -> Callable[[], None]:
        """Call back with `{level, text, about, id, at, actor, pos}` for each notice."""

        def hand_over(one: Recorded) -> None:
            new = one.event.stream.removeprefix("notice/")
            told = {"id": new, "at": one.event.at, "actor": one.event.actor, "pos": one.pos}
            callback({**one.event.data, **told})

        return self._subscriptions.follow((NOTICE,), hand_over, name=name, after=after)

    def record(
        self, tx: Tx, stream: str, type_: str, data: Mapping[str, Any], *, actor: str = "server"
    ) -> None:
        """Append an event that belongs to no state machine to its stream."""
        audit.record(tx, self._desk.context(actor), stream, type_, data)
