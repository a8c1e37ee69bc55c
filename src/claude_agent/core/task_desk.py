"""Writes what was decided of a task: events, its row, and the news for its execution.

Every change of a task goes through `apply`: load, decide, fold, write, all in the caller's
transaction. Locks are taken in one order: an execution's row before its tasks' rows.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence

from claude_agent.clock import Clock
from claude_agent.core import audit, narration
from claude_agent.core.approval_book import ApprovalBook
from claude_agent.core.question_book import AT_WORK, QuestionBook
from claude_agent.domain import task_events as ev
from claude_agent.domain.approval import POLICY, Approval, Meant, Say, Void
from claude_agent.domain.approval_policy import ALLOWED, PERSON, Requester
from claude_agent.domain.approval_rights import PEOPLE, Decider
from claude_agent.domain.copying import replace
from claude_agent.domain.events import Context, Payload
from claude_agent.domain.execution_decide import Fact
from claude_agent.domain.ids import REF_LONGEST, REF_SHORTEST, looks_like_id, normal_ref, ref_of
from claude_agent.domain.states import TASK_HOLDS_SLOT, TaskState
from claude_agent.domain.task import Task, evolve, submitted
from claude_agent.domain.task_approval import Reject
from claude_agent.domain.task_commands import Command, decide
from claude_agent.domain.task_follow import Follow
from claude_agent.domain.task_letters import Redrive
from claude_agent.domain.task_spec import TaskSpec
from claude_agent.errors import FencedOut, NotFound
from claude_agent.ids_source import IdSource
from claude_agent.storage import attempt_rows, task_rows
from claude_agent.storage.chain import canonical
from claude_agent.storage.database import Reader, Stamp, Tx
from claude_agent.storage.notifier import Notifier

READY = "ready"
"""The doorbell that rings when a task became ready or a slot became free."""
INBOX = "inbox"
"""The doorbell that rings when an execution, or a task that waits for others, has news."""
COMMANDS = "commands"
"""The doorbell that rings when a run has a new command."""

OnFacts = Callable[[Tx, str, Sequence[Fact], Context], None]


def _nobody(_: Tx, __: Mapping[str, object]) -> None:
    return None


class TaskDesk:
    """The only writer of tasks."""

    def __init__(self, clock: Clock, ids: IdSource, notifier: Notifier) -> None:
        self._clock = clock
        self._ids = ids
        self._notifier = notifier
        self._on_facts: OnFacts | None = None
        self.on_first_letter: Callable[[Tx, Mapping[str, object]], None] = _nobody
        """Called in the transaction of the event."""
        self._book: ApprovalBook | None = None
        self.questions = QuestionBook(ids)

    def guard(self, book: ApprovalBook) -> None:
        """Hold what the policy holds, until its approval is given."""
        self._book = book

    on_instant: Callable[[Task], None] | None = None
    """Takes tasks that take no time, once they are accepted; None: they wait for a slot too."""

    def tell(self, on_facts: OnFacts) -> None:
        """Hand the news of tasks that belong to an execution to the engine."""
        self._on_facts = on_facts

    def context(self, actor: str, *, causation: str = "") -> Context:
        """Return the envelope of what happens now."""
        return Context(at=self._clock.now(), actor=actor, causation=causation)

    def new_id(
        self, reader: Reader, taken: str = "tasks.id_of_ref", *, given: Collection[str] = ()
    ) -> tuple[str, str]:
        """Return a fresh id and the shortest ref that is free in its table and not in `given`."""
        new = self._ids.new()
        for length in range(REF_SHORTEST, REF_LONGEST):
            ref = ref_of(new, length)
            if ref not in given and reader.row(taken, ref=ref) is None:
                return new, ref
        return self.new_id(reader, taken, given=given)

    def mark(self) -> str:
        """Return a name for one write."""
        return self._ids.new()

    def submit(  # noqa: PLR0913 - each is one thing that a submit may say
        self,
        tx: Tx,
        spec: TaskSpec,
        context: Context,
        *,
        not_before: int = 0,
        names: tuple[str, str] | None = None,
        requester: Requester = PERSON,
        after: Mapping[str, str] | None = None,
    ) -> Task:
        """Accept a task: its event, its row and its specification.

        What the policy holds waits for its approval; what it refuses is rejected at once. `after`:
        the tasks that must end well first, id to ref, locked and not ended.
        """
        task_id, ref = names or self.new_id(tx)
        verdict = ALLOWED if self._book is None else self._book.judge(spec, requester)
        approval = None
        if self._book is not None and verdict.holds:
            approval = self._book.for_task(tx, (task_id, spec), verdict, requester, context)
        said = ev.TaskSubmitted(
            ref=ref,
            spec=spec.to_data(),
            not_before=not_before,
            approval=approval.id if approval is not None else "",
            policy=verdict.rule,
            requester=requester.to_data(),
            after=after or {},
        )
        task = submitted(task_id, said, context.at, spec=spec)
        tx.execute("tasks.insert", **task_rows.to_row(task))
        tx.execute("tasks.insert_spec", id=task_id, spec=canonical(said.spec))
        for needs in said.after:
            tx.execute("task_waits.put", task=task_id, needs=needs)
        tx.append([context.wrap(task.stream, 1, said)], stamp=Stamp("tasks.stamp", id=task_id))
        if self.on_instant is not None and spec.instant and task.state == TaskState.READY:
            take = self.on_instant
            tx.after_commit(lambda: take(task))
        else:
            tx.after_commit(lambda: self._notifier.ring(READY))
        tx.after_commit(lambda: narration.tell_submitted(task))
        if self._book is None or approval is None:
            return task
        return self._hold(tx, task, approval, context)

    def _hold(self, tx: Tx, task: Task, approval: Approval, context: Context) -> Task:
        if approval.decide == "reject" and self._book is not None:
            by = Decider(actor=POLICY, role=PEOPLE[0])
            note = f"The rule {approval.rule} refuses it."
            self._book.apply(tx, approval, Say(yes=False, by=by, note=note), context)
            rejected = Reject(reason="rejected", by=f"{POLICY}: {approval.rule}", note=note)
            return self.apply(tx, task, rejected, context)
        self._tell(tx, task, [fact_about(task, "held")], context)
        return task

    def find(self, reader: Reader, text: str) -> Task:
        """Return the task with this id or ref. Raises `NotFound`."""
        task = task_rows.load(reader, task_id_of(reader, text))
        if task is None:
            raise _no_task(text)
        return task

    def follow(self, tx: Tx, task: Task, ended: Sequence[str], context: Context) -> Task:
        """Tell a task, loaded in `tx`, that these tasks which it waits for have ended well."""
        approval = None if self._book is None else self._book.of_task(tx, task)
        held = approval is not None and approval.open
        follow = Follow(tasks=tuple(ended), at=context.at, held=held)
        return self.apply(tx, task, follow, context)

    def owned(self, reader: Reader, task_id: str, fence: int) -> Task:
        """Return the task if this fence still drives it. Raises `FencedOut`."""
        task = task_rows.load(reader, task_id)
        if task is None or task.fence != fence:
            message = f"Task {task_id} is driven by somebody else now."
            raise FencedOut(message)
        return task

    def apply(self, tx: Tx, task: Task, command: Command, context: Context) -> Task:
        """Decide, fold and write one command. Raises `Conflict`, `FencedOut`."""
        if isinstance(command, Redrive) and task.state == TaskState.DEAD and self._book:
            asked = task.spec if command.spec is None else TaskSpec.from_data(command.spec)
            approval = self._book.renew(tx, task, asked, context)
            command = replace(command, approval=approval)
        said = decide(task, command)
        if not said:
            return task
        after = task
        for one in said:
            after = evolve(after, one, context.at)
        return self._write(tx, task, after, said, context)

    def apply_all(
        self, tx: Tx, task: Task, commands: Sequence[Command], context: Context
    ) -> list[Fact]:
        """Decide and fold commands one after the other, and write them at once.

        Returns the news for its execution: the caller hands them to `tell_all`, those of many
        tasks at once. Raises `Conflict`, `FencedOut`.
        """
        after, said = task, list[Payload]()
        for command in commands:
            for one in decide(after, command):
                after = evolve(after, one, context.at)
                said.append(one)
        self._write(tx, task, after, said, context, told=False)
        return [fact for one in said if (fact := fact_of(after, one)) is not None]

    def tell_all(self, tx: Tx, execution_id: str, facts: Sequence[Fact], context: Context) -> None:
        """Hand the news of some tasks to their execution."""
        if self._on_facts is not None and facts:
            self._on_facts(tx, execution_id, facts, context)

    def _write(
        self,
        tx: Tx,
        task: Task,
        after: Task,
        said: Sequence[Payload],
        context: Context,
        *,
        told: bool = True,
    ) -> Task:
        changed = tx.execute("tasks.update", was_seq=task.seq, **task_rows.to_row(after))
        if changed != 1:
            message = f"Task {task.ref} was changed by somebody else."
            raise FencedOut(message)
        first = task.seq + 1
        tx.append([context.wrap(task.stream, first + n, one) for n, one in enumerate(said)])
        attempt_rows.record(tx, task, said, context.at)
        if after.spec is not task.spec or after.generation != task.generation:
            self._respecify(tx, after)
        if after.state == TaskState.DEAD:
            self._first_of_its_kind(tx, after, context)
        self._guarded(tx, task, after, context)
        if task.state in AT_WORK and after.state not in AT_WORK:
            self.questions.close(tx, after, context)
        if after.terminal and not task.terminal:
            self._mark_ended(tx, after)
        self._places(tx, task, after)
        if told:
            self._news(tx, after, said, context)
        tx.after_commit(lambda: narration.tell_task(after, said))
        return after

    def _mark_ended(self, tx: Tx, task: Task) -> None:
        """Hand its end over to those that wait for it: their rows are not locked from here."""
        if tx.execute("task_waits.ended", needs=task.id, outcome=task.state.value):
            tx.after_commit(lambda: self._notifier.ring(INBOX))

    def covered(self, tx: Tx, task: Task, meant: Meant, context: Context) -> bool:
        """Say whether a run that means this may begin; void the approval of one that may not."""
        approval = None if self._book is None else self._book.of_task(tx, task)
        if self._book is None or approval is None or approval.covers(meant):
            return True
        self._book.apply(tx, approval, Void(reason="what would have run had changed"), context)
        return False

    def _guarded(self, tx: Tx, before: Task, after: Task, context: Context) -> None:
        """Use an approval up when its task gets a run; void it when there will be none."""
        if self._book is None or not after.approval or after.approval != before.approval:
            return
        if after.run != before.run:
            self._book.claimed(tx, after, context)
        elif after.terminal:
            self._book.ended(tx, after, context)

    def _respecify(self, tx: Tx, task: Task) -> None:
        spec = task.spec
        tx.execute(
            "tasks.respecify",
            id=task.id,
            title=spec.title,
            kind=spec.kind,
            agent=spec.agent,
            queue=spec.queue,
            priority=int(spec.priority),
            lock_name=spec.lock,
        )
        tx.execute("tasks.update_spec", id=task.id, spec=json.dumps(spec.to_data()))

    def _first_of_its_kind(self, tx: Tx, task: Task, context: Context) -> None:
        """Tell whoever listens of the first dead letter of an agent for a reason."""
        kind = {"agent": task.spec.agent, "reason": task.reason}
        if tx.row("dead_letters.another", id=task.id, **kind) is None:
            error = task.error or {}
            told = {"kind": "task", "id": task.id, "ref": task.ref, "queue": task.spec.queue}
            told |= {**kind, "title": task.spec.title, "message": str(error.get("message", ""))}
            self.announce_first(tx, told, context)

    def announce_first(self, tx: Tx, told: Mapping[str, object], context: Context) -> None:
        """Record the first dead letter of its kind, and hand it to whoever asked for it."""
        audit.record(tx, context, f"dead_letter/{told['id']}", "dead_letter.first", told)
        self.on_first_letter(tx, told)

    def command_run(self, tx: Tx, task: Task, kind: str, data: dict[str, object]) -> None:
        """Store a durable command to the task's run; its owner delivers it."""
        tx.execute(
            "work.put_command",
            task=task.id,
            run=task.run,
            kind=kind,
            data=json.dumps(data),
            at=self._clock.now(),
        )
        tx.after_commit(lambda: self._notifier.ring(COMMANDS))

    def _places(self, tx: Tx, before: Task, after: Task) -> None:
        held, holds = before.state in TASK_HOLDS_SLOT, after.state in TASK_HOLDS_SLOT
        if held and not holds:
            tx.at_end("work.give_place", name=before.spec.queue)
            tx.at_end("work.clear_slot", task=after.id)
        if after.terminal and after.spec.lock:
            tx.at_end("work.unlock", name=after.spec.lock, task=after.id)
            tx.after_commit(lambda: self._notifier.ring(READY))
        if (held and not holds) or after.state == TaskState.READY:
            tx.after_commit(lambda: self._notifier.ring(READY))

    def _news(self, tx: Tx, task: Task, said: Sequence[Payload], context: Context) -> None:
        if not task.spec.execution_id or self._on_facts is None:
            return
        facts = [fact for one in said if (fact := fact_of(task, one)) is not None]
        if facts:
            self._tell(tx, task, facts, context)

    def _tell(self, tx: Tx, task: Task, facts: Sequence[Fact], context: Context) -> None:
        if task.spec.execution_id and self._on_facts is not None:
            self._on_facts(tx, task.spec.execution_id, facts, context)


def task_id_of(reader: Reader, text: str) -> str:
    """Return the id of the task with this id or ref, without a lock. Raises `NotFound`."""
    if looks_like_id(text):
        row = reader.row("tasks.by_id", id=text)
    else:
        row = reader.row("tasks.id_of_ref", ref=normal_ref(text))
    if row is None:
        raise _no_task(text)
    return str(row["id"])


def _no_task(text: str) -> NotFound:
    message = f"There is no task {text[:80]}."
    return NotFound(message, hint="List them: claude-agent task list")


def fact_about(task: Task, kind: str) -> Fact:
    """Return news of this kind of a task."""
    return Fact(
        step=task.spec.step_id,
        undo=task.spec.purpose == "compensation",
        kind=kind,
        task_id=task.id,
        attempt=task.attempt,
        started=task.attempt > 0,
    )


_TELLING = frozenset(
    {
        *(ev.TaskStarted, ev.TaskAdopted, ev.TaskRetryScheduled, ev.TaskUncertain, ev.TaskParked),
        *(ev.TaskSucceeded, ev.TaskCancelled, ev.TaskApproved, ev.TaskDead, ev.TaskExpired),
        ev.TaskRejected,
    }
)
"""What an execution may want to know of its tasks."""


def fact_of(task: Task, said: Payload) -> Fact | None:
    """Return what an event of a task means to its execution, if anything."""
    if type(said) not in _TELLING:
        return None
    base = fact_about(task, "")
    match said:
        case ev.TaskStarted():
            return replace(base, kind="started")
        case ev.TaskAdopted() if task.state == TaskState.RUNNING and task.attempt > 0:
            return replace(base, kind="started")
        case ev.TaskRetryScheduled() | ev.TaskParked():
            return _waiting(base, said)
        case ev.TaskUncertain():
            return replace(base, kind="uncertain", reason=said.reason)
        case ev.TaskSucceeded():
            return replace(base, kind="succeeded", outputs=said.outputs)
        case ev.TaskCancelled():
            return replace(base, kind="cancelled", outputs=said.outputs, ended_well=said.ended_well)
        case ev.TaskApproved():
            return replace(base, kind="approved")
        case ev.TaskDead() | ev.TaskExpired() | ev.TaskRejected():
            error = task.error or {}
            return replace(
                base,
                kind="failed",
                reason=str(error.get("kind", task.reason)),
                message=str(error.get("message", "")),
            )
        case _:
            return None


def _waiting(base: Fact, said: ev.TaskRetryScheduled | ev.TaskParked) -> Fact:
    if isinstance(said, ev.TaskParked):
        return replace(base, kind="retrying", reason="parked", message=said.reason, due=said.until)
    return replace(base, kind="retrying", message=said.reason, due=said.due)
