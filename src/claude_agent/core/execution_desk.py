"""Writes what was decided of an execution: events, rows, tasks, cancels; all in one transaction."""

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence

from claude_agent.core import cel, narration
from claude_agent.core.catalogue import Catalogue
from claude_agent.core.means import AgentsNow, means_of, remember
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.definition import Definition
from claude_agent.domain.events import Context
from claude_agent.domain.execution import Execution
from claude_agent.domain.execution_decide import Decision, Fact, News, decide
from claude_agent.domain.ids import looks_like_id, normal_ref
from claude_agent.domain.states import TASK_TERMINAL, ExecutionState
from claude_agent.domain.task_commands import Cancel
from claude_agent.errors import FencedOut, NotFound
from claude_agent.storage import execution_rows, task_rows
from claude_agent.storage.damage import reading
from claude_agent.storage.database import Reader, Row, Tx

_KEPT = 256
Follower = Callable[[Tx, Execution, Decision, Context], None]
"""(transaction, the execution before, what was decided, who acts): does what else follows."""


class ExecutionDesk:
    """The only writer of executions and steps."""

    def __init__(self, desk: TaskDesk, catalogue: Catalogue) -> None:
        self._desk = desk
        self._catalogue = catalogue
        self._definitions: OrderedDict[str, Definition] = OrderedDict()
        self._folded: OrderedDict[str, tuple[str, Execution]] = OrderedDict()
        """Executions as this process wrote them last, each with the mark of that write."""
        self._followers: list[Follower] = []
        desk.tell(self.on_facts)
        cel.install()

    @property
    def tasks(self) -> TaskDesk:
        """Who writes the tasks of its steps."""
        return self._desk

    def follow(self, *followers: Follower) -> None:
        """Let these act on every decision, in its transaction, once it is written."""
        self._followers += followers

    def pins(self, reader: Reader, definition: Definition) -> dict[str, str]:
        """Return the newest definition (hash) of each sub-workflow and of theirs."""
        found: dict[str, str] = {}
        waiting = [definition]
        while waiting:
            for step in waiting.pop().steps:
                if step.workflow is None or step.workflow in found:
                    continue
                row = self.newest(reader, step.workflow)
                found[step.workflow] = row["hash"]
                waiting.append(self.definition(reader, row["hash"]))
        return found

    def definition(self, reader: Reader, digest: str) -> Definition:
        """Return a compiled definition by its hash."""
        found = self._definitions.get(digest)
        if found is None:
            row = reader.row("executions.definition", hash=digest)
            if row is None:
                message = f"There is no definition {digest[:12]}."
                raise NotFound(message, hint="List them: claude-agent workflow list")
            with reading(f"definition {digest[:12]}"):
                found = Definition.from_data(json.loads(row["data"]))
            self._definitions[digest] = found
            while len(self._definitions) > _KEPT:
                self._definitions.popitem(last=False)
        return found

    def newest(self, reader: Reader, name: str) -> Row:
        """Return the definition's row behind a hash or a slug. Raises NotFound."""
        row: Row | None = reader.row("executions.definition", hash=name)
        for slug in (name, name.replace("_", "-"), name.replace("-", "_")):
            row = row or reader.row("executions.newest_definition", slug=slug)
        if row is None:
            message = f"There is no workflow {name[:80]}."
            raise NotFound(message, hint="List them: claude-agent workflow list")
        return row

    def agents(self, reader: Reader) -> AgentsNow:
        """Return the configured agents as expressions see them."""
        return AgentsNow(reader, self._catalogue)

    def find_id(self, reader: Reader, text: str) -> str:
        """Return the id of the execution with this id or ref. Raises `NotFound`."""
        if looks_like_id(text):
            row = reader.row("executions.by_id", id=text)
        else:
            row = reader.row("executions.id_of_ref", ref=normal_ref(text))
        if row is None:
            message = f"There is no execution {text[:80]}."
            raise NotFound(message, hint="List them: claude-agent execution list")
        found: str = row["id"]
        return found

    def load(self, tx: Reader, execution_id: str) -> Execution:
        """Return the folded execution, locked; from memory if its row is our last write still.

        The mark is in the row only if that write was committed, or is a part of this transaction.
        """
        tx.lock("executions.lock", id=execution_id)
        mark, kept = self._folded.get(execution_id, ("", None))
        if kept is not None:
            row = tx.row("executions.mark", id=execution_id)
            if row is not None and row["mark"] == mark:
                return kept
        run = execution_rows.load(tx, execution_id)
        if run is None:
            message = f"There is no execution {execution_id}."
            raise NotFound(message)
        return run

    def on_facts(self, tx: Tx, execution_id: str, facts: Sequence[Fact], context: Context) -> None:
        """Take the news of a task into its execution, in the task's transaction."""
        self.advance(tx, execution_id, facts, context)

    def advance(
        self, tx: Tx, execution_id: str, news: Sequence[News], context: Context
    ) -> Execution:
        """Decide on the news and write everything that follows."""
        before = self.load(tx, execution_id)
        definition = self.definition(tx, before.definition)
        means = means_of(tx, self._desk, self._catalogue, context)
        decision = decide(definition, before, news, means)
        after = decision.run
        if not decision.events:
            return before
        mark = self._desk.mark()
        if not execution_rows.save(tx, before, after, mark):
            message = f"Execution {before.ref} was changed by somebody else."
            raise FencedOut(message)
        self._set_deadline(tx, definition, before, after, context.at)
        first = before.seq + 1
        own = Context(at=context.at, actor=context.actor, causation=context.causation)
        tx.append(
            [own.wrap(after.stream, first + n, said) for n, said in enumerate(decision.events)]
        )
        self._keep(mark, after)
        tx.after_commit(lambda: narration.tell_execution(after, decision.events))
        follow = Context(at=context.at, actor=f"execution:{after.ref}", causation=after.stream)
        # Before the tasks: one that is refused at once is news, and may end all of this already.
        for each in self._followers:
            each(tx, before, decision, follow)
        for submit in decision.submits:
            self._desk.submit(tx, submit.spec, follow, names=(submit.task_id, submit.ref))
        for task_id in decision.cancels:
            self.cancel_task(tx, task_id, f"its execution is {after.state.value}", follow)
        remember(tx, decision, context)
        return after

    def keep_new(self, run: Execution) -> None:
        """Keep an execution that was just inserted; its first decision need not read it."""
        self._keep("", run)

    def _set_deadline(
        self, tx: Tx, definition: Definition, before: Execution, after: Execution, at: int
    ) -> None:
        """A new generation has its time anew; the undoing has one of its own."""
        undoing = after.state == ExecutionState.COMPENSATING
        was_undoing = before.state == ExecutionState.COMPENSATING
        if undoing == was_undoing and after.generation == before.generation:
            return
        limit = definition.compensation_timeout_ms if undoing else definition.timeout_ms
        if not after.terminal:
            due = None if limit is None else at + limit
            tx.execute("executions.set_deadline", id=after.id, at=due)

    def cancel_task(self, tx: Tx, task_id: str, reason: str, context: Context) -> None:
        """Cancel a task if it has not ended; a running one is sent the stop ladder."""
        task = task_rows.load(tx, task_id)
        if task is None or task.state in TASK_TERMINAL or task.cancel_requested:
            return
        after = self._desk.apply(tx, task, Cancel(reason=reason), context)
        if not after.terminal:
            self._desk.command_run(tx, after, "stop", {"stage": "ladder"})

    def _keep(self, mark: str, run: Execution) -> None:
        self._folded.pop(run.id, None)
        if not run.terminal:
            self._folded[run.id] = mark, run
            while len(self._folded) > _KEPT:
                self._folded.popitem(last=False)
