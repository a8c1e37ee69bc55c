"""Approvals that steps wait for: asked with the decision, answered to the execution."""

import hashlib
from collections.abc import Callable

from claude_agent.core.approval_book import ApprovalBook
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.domain import approval_events as ev
from claude_agent.domain.approval import POLICY, Approval, ApprovalState, Void
from claude_agent.domain.deciding.news import Answered
from claude_agent.domain.deciding.scene import Ask
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.events import Context
from claude_agent.domain.execution import Execution
from claude_agent.domain.execution_decide import Decision
from claude_agent.domain.states import StepState
from claude_agent.storage import approval_rows
from claude_agent.storage.chain import canonical
from claude_agent.storage.database import Tx

DiffOf = Callable[[str], str]
"""The uncommitted changes of the checkout that holds a folder."""
DIFF = "diff"
_DIFF_OF = "diff of"


class StepApprovals:
    """Between executions and the approvals of their steps."""

    def __init__(self, book: ApprovalBook, executions: ExecutionDesk) -> None:
        self._book = book
        self._executions = executions
        executions.follow(self.follow)

    def follow(self, tx: Tx, before: Execution, decision: Decision, context: Context) -> None:
        """Ask for what was decided to be asked; void what nobody waits for any more."""
        named = {getattr(said, "step", "") for said in decision.events}
        for name in sorted(named & before.steps.keys()):
            was, now = before.steps[name], decision.run.steps[name]
            if was.state == StepState.HELD and not was.task_id and now.state != StepState.HELD:
                self._void(tx, before.id, name, context)
        for ask in {ask.step: ask for ask in decision.asks}.values():
            # The same decision may have stopped it again: nobody waits for that answer.
            if decision.run.steps[ask.step].state == StepState.HELD:
                self._open(tx, decision.run, ask, context)

    def _void(self, tx: Tx, execution_id: str, step: str, context: Context) -> None:
        row = tx.row("approvals.open_of_step", execution=execution_id, step=step)
        approval = approval_rows.load(tx, row["id"]) if row is not None else None
        if approval is not None:
            self._book.apply(tx, approval, Void(reason="the step has ended"), context)

    def _open(self, tx: Tx, run: Execution, ask: Ask, context: Context) -> None:
        approval_id, ref = self._book.new_id(tx)
        asked = ask.approval
        due = asked.expires_ms
        shown = {"workflow": run.name, "execution": run.ref, "step": ask.step}
        shown |= {"question": ask.prompt, **ask.shown}
        shown |= {_DIFF_OF: ask.diff_of} if ask.diff_of else {}
        said = ev.ApprovalRequested(
            ref=ref,
            subject="step",
            execution_id=run.id,
            step_id=ask.step,
            generation=run.generation,
            title=f"{run.name}: {ask.step}",
            prompt=ask.prompt,
            requester="person",
            decide="manual",
            rule=f"the workflow, step {ask.step}",
            deciders=list(asked.approvers),
            quorum=asked.quorum,
            due_at=context.at + due if due else 0,
            on_due=asked.on_expire if due else "",
            expires_ms=due or 0,
            form=dict(asked.form),
            digest="" if ask.diff_of else step_digest(run, ask.step, shown),
            shown=shown,
            advisory=self._book.advisory,
        )
        self._book.open(tx, approval_id, said, context)

    def answer(self, tx: Tx, approval: Approval, context: Context) -> None:
        """Hand a decision to the execution, in its transaction."""
        if approval.state == ApprovalState.VOIDED:
            return
        expired = approval.state == ApprovalState.EXPIRED
        news = Answered(
            step=approval.step_id,
            yes=approval.state == ApprovalState.APPROVED,
            by=approval.decided_by or POLICY,
            note="Nobody decided in time." if expired else approval.note,
            answers=dict(approval.answers),
        )
        self._executions.advance(tx, approval.execution_id, [news], context)

    def draw(self, approval: Approval, run: Execution, diff_of: DiffOf) -> tuple[str, Data]:
        """Return (digest, what is shown) with the uncommitted changes as they are now."""
        shown = dict(approval.shown)
        shown[DIFF] = diff_of(str(shown[_DIFF_OF]))
        return step_digest(run, approval.step_id, shown), shown


def wants_diff(approval: Approval) -> bool:
    """Say whether uncommitted changes belong to what is shown."""
    return _DIFF_OF in approval.shown


def step_digest(run: Execution, step: str, shown: Data) -> str:
    """Return the SHA-256 over the definition, the step and the values shown."""
    about = {"definition": run.definition, "execution": run.id, "generation": run.generation}
    text = canonical({"v": 1, **about, "step": step, "shown": dict(shown)})
    return hashlib.sha256(text.encode()).hexdigest()
