"""Sub-workflows: executions that steps of others start, and the news between the two."""

from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.orchestrator import Inbox
from claude_agent.core.starts import Parent, Starts, Wanted
from claude_agent.domain.compensation import plan
from claude_agent.domain.deciding.news import ChildEnded, Reopen
from claude_agent.domain.deciding.reopening import undone
from claude_agent.domain.deciding.scene import Child, Decision
from claude_agent.domain.events import Context
from claude_agent.domain.execution import Execution
from claude_agent.errors import ClaudeAgentError, Conflict
from claude_agent.storage.database import Tx

BEGIN = "begin"
"""News: it was accepted and may begin."""
ENDED = "child_ended"
"""News: the execution of a step has ended."""
MAX_DEPTH = 8
"""How deep sub-workflows may be nested."""


class Children:
    """Starts sub-workflows and tells their parents of the end."""

    def __init__(self, executions: ExecutionDesk, starts: Starts, inbox: Inbox) -> None:
        self._executions = executions
        self._starts = starts
        self._inbox = inbox

    def follow(self, tx: Tx, before: Execution, decision: Decision, context: Context) -> None:
        """Start what was decided, write the letters, and tell the parent of an end."""
        run = decision.run
        for child in decision.children:
            self._start(tx, run, child, context)
        for letter in decision.letters:
            self._inbox.put(tx, letter.execution_id, letter.kind, letter.data, context)
        if run.parent_id and run.terminal and not before.terminal:
            self._tell(tx, run, context)

    def _start(self, tx: Tx, run: Execution, child: Child, context: Context) -> None:
        parent = Parent(
            execution_id=run.id, step=child.step, depth=run.depth + 1, workspace=run.workspace
        )
        wanted = Wanted(
            digest=child.digest,
            params=child.params,
            cwd=child.cwd,
            names=(child.execution_id, child.ref),
            parent=parent,
            pins=run.pins,
        )
        problem = ""
        if parent.depth > MAX_DEPTH:
            problem = f"Sub-workflows are nested deeper than {MAX_DEPTH}."
        else:
            try:
                self._starts.accept(tx, wanted, context)
            except ClaudeAgentError as error:
                problem = error.detail
        if not problem:
            self._inbox.put(tx, child.execution_id, BEGIN, {}, context)
            return
        news = ChildEnded(
            step=child.step,
            execution_id=child.execution_id,
            ref=child.ref,
            state="failed",
            reason="not_started",
            message=problem,
        )
        self._put(tx, run.id, news, context)

    def _tell(self, tx: Tx, run: Execution, context: Context) -> None:
        failed = run.steps.get(run.failed_step)
        message = run.message or (failed.message if failed is not None else "")
        news = ChildEnded(
            step=run.parent_step,
            execution_id=run.id,
            ref=run.ref,
            state=run.state.value,
            outputs=run.outputs,
            reason=run.cancel_requested or run.reason,
            message=f"{run.failed_step}: {message}" if message and failed else message,
        )
        self._put(tx, run.parent_id, news, context)

    def _put(self, tx: Tx, execution_id: str, news: ChildEnded, context: Context) -> None:
        data = {name: getattr(news, name) for name in ChildEnded.__dataclass_fields__}
        self._inbox.put(tx, execution_id, ENDED, data, context)

    def undo(self, tx: Tx, execution_id: str, context: Context) -> None:
        """Undo a sub-workflow as a whole; its parent is told when that has ended."""
        run = self._executions.load(tx, execution_id)
        definition = self._executions.definition(tx, run.definition)
        try:
            said = undone(definition, run)
        except Conflict as error:
            nothing = run.terminal and not plan(definition, run)[0]
            news = ChildEnded(
                step=run.parent_step,
                execution_id=run.id,
                ref=run.ref,
                state="compensated" if nothing else run.state.value,
                message="" if nothing else error.detail,
            )
            self._put(tx, run.parent_id, news, context)
            return
        self._executions.advance(tx, execution_id, [Reopen(said=said)], context)

    def begin(self, tx: Tx, execution_id: str, context: Context) -> None:
        """Let an accepted sub-workflow begin."""
        run = self._executions.load(tx, execution_id)
        self._starts.begin(tx, run, context)
