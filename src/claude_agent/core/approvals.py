"""Approvals as people and time decide them: looked at, approved, rejected, run out.

What a task would run is drawn outside of transactions (it reads checkouts) and bound to the
approval when somebody looks; a decision draws it again, so that nobody says yes to what has
changed meanwhile.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from claude_agent.core.approval_book import ApprovalBook
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.foundation import Foundation
from claude_agent.core.step_approvals import StepApprovals, wants_diff
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.timed import Timed
from claude_agent.domain.approval import (
    POLICY,
    Approval,
    ApprovalState,
    Bind,
    Meant,
    RunOut,
    Say,
    Shift,
    changed_since,
)
from claude_agent.domain.events import Context
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.domain.task_approval import Approve, Reject
from claude_agent.errors import ClaudeAgentError, Conflict, Invalid
from claude_agent.storage import approval_rows, task_rows
from claude_agent.storage.database import Reader, Tx

_LOG = logging.getLogger(__name__)
_BATCH = 200
_OF_ONE = (Conflict, Invalid, LookupError, TypeError, ValueError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What would run if a task started now."""

    digest: str
    shown: Mapping[str, Any]
    portable: str = ""
    """The digest of what means the same on every host; empty: nothing of it does."""
    host: str = ""
    """The host on which it was drawn."""

    @property
    def meant(self) -> Meant:
        """Return it as it is compared with what is bound."""
        return Meant(digest=self.digest, portable=self.portable, host=self.host)


Plan = Callable[[Task], Planned]
DiffOf = Callable[[str], str]


class ApprovalDesk(Timed):
    """Takes decisions to the task or step that waits for them."""

    def __init__(self, foundation: Foundation, desk: TaskDesk, book: ApprovalBook) -> None:
        self._database = foundation.database
        self._clock = foundation.clock
        self._desk = desk
        self.book = book
        self._plan: Plan | None = None
        self._diff_of: DiffOf | None = None
        self._executions: ExecutionDesk | None = None
        self._steps: StepApprovals | None = None

    def serve(self, executions: ExecutionDesk) -> None:
        """Ask for what steps of executions wait for, and hand them the answers."""
        self._executions = executions
        self._steps = StepApprovals(self.book, executions)

    def tell(self, plan: Plan, diff_of: DiffOf | None = None) -> None:
        """Hand over who can draw what a task would run, and the changes of a checkout."""
        self._plan = plan
        self._diff_of = diff_of

    def look(self, ref: str) -> tuple[Approval, str]:
        """Return an approval with what would run, bound; and why that cannot be drawn."""
        approval = self._database.read(lambda r: self.book.find(r, ref))
        if not approval.open or approval.digest:
            return approval, ""
        try:
            return self.refresh(approval)[0], ""
        except (ClaudeAgentError, OSError) as error:
            return approval, error.detail if isinstance(error, ClaudeAgentError) else str(error)

    def refresh(self, approval: Approval) -> tuple[Approval, bool]:
        """Draw again what would run; return the approval, and whether it had changed.

        A change takes back what was said to the old one. Raises Invalid, SetupError, OSError
        where it cannot be drawn.
        """
        planned = self._draw(approval)
        if planned is None or (approval.digest and approval.same(planned.meant)):
            return approval, False

        def bind(tx: Tx) -> Approval:
            now = self._locked(tx, approval)
            what = differences(now.shown, planned.shown) if now.digest else ()
            command = Bind(
                digest=planned.digest,
                shown=planned.shown,
                what=what,
                portable=planned.portable,
                host=planned.host,
            )
            return self.book.apply(tx, now, command, self._desk.context("server"))

        bound = self._database.write(bind)
        return bound, bool(approval.digest) and bound.digest != approval.digest

    def _draw(self, approval: Approval) -> Planned | None:
        if approval.open and not approval.task_id:
            return self._draw_step(approval)
        if not approval.open or self._plan is None:
            return None
        task = self._database.read(lambda r: task_rows.peek(r, approval.task_id))
        return None if task is None or task.state != TaskState.HELD else self._plan(task)

    def _draw_step(self, approval: Approval) -> Planned | None:
        steps, executions, diff_of = self._steps, self._executions, self._diff_of
        if not wants_diff(approval) or steps is None or executions is None or diff_of is None:
            return None  # bound when it was asked: its values do not change any more
        run = self._database.read(lambda r: executions.load(r, approval.execution_id))
        digest, shown = steps.draw(approval, run, diff_of)
        return Planned(digest=digest, shown=shown)

    def _locked(self, tx: Tx, approval: Approval) -> Approval:
        """Return the approval as it is now, what it belongs to locked before it."""
        if approval.task_id:
            task_rows.lock(tx, [approval.task_id])
        else:
            tx.lock("executions.lock", id=approval.execution_id)
        found = approval_rows.load(tx, approval.id)
        if found is None:
            message = f"approval {approval.id} vanished"
            raise LookupError(message)
        return found

    def settle(self, ref: str) -> Approval:
        """Return an approval as it is to be decided about. Raises `ApprovalChanged`.

        What would run was drawn again just now, and is what was shown.
        """
        approval = self._database.read(lambda r: self.book.find(r, ref))
        fresh, changed = self.refresh(approval)
        if changed:
            raise changed_since(fresh)
        return fresh

    def say(self, tx: Tx, approval: Approval, command: Say) -> Approval:
        """Take one decision; what waits for it goes on or ends, in the same transaction.

        Raises ApprovalDecided, ApprovalChanged, Forbidden, Invalid, Conflict.
        """
        context = self._desk.context(command.by.actor)
        after = self.book.apply(tx, self._locked(tx, approval), command, context)
        self._pass_on(tx, after, context)
        return after

    def _pass_on(self, tx: Tx, approval: Approval, context: Context) -> None:
        if approval.open:
            return
        if not approval.task_id:
            if self._steps is not None:
                self._steps.answer(tx, approval, context)
            return
        task = task_rows.load(tx, approval.task_id)
        if task is None or task.state != TaskState.HELD or task.approval != approval.id:
            return
        by = approval.decided_by or POLICY
        if approval.state == ApprovalState.APPROVED:
            self._desk.apply(tx, task, Approve(at=context.at, by=by), context)
        elif approval.state in (ApprovalState.REJECTED, ApprovalState.EXPIRED):
            expired = approval.state == ApprovalState.EXPIRED
            reason = "approval_expired" if expired else "rejected"
            note = "Nobody decided in time." if expired else approval.note
            self._desk.apply(tx, task, Reject(reason=reason, by=by, note=note), context)

    # Time -------------------------------------------------------------------------------------

    @override
    def tick(self, now: int) -> int:
        rows = self._database.read(lambda r: r.rows("approvals.due", now=now, limit=_BATCH))
        return sum(self._run_out(row["id"]) for row in rows)

    def _run_out(self, approval_id: str) -> int:
        try:
            approval = self._database.read(lambda r: approval_rows.load(r, approval_id))
            if approval is None or not approval.open:
                return 0
            if approval.on_due == "approve":
                # Also what nobody looked at is bound to what it covers.
                approval = self.refresh(approval)[0]
            return self._database.write(lambda tx: self._run_out_in(tx, approval))
        except _OF_ONE as error:
            _LOG.warning("approval %s could not run out: %s", approval_id, error)
            return 0
        except ClaudeAgentError as error:
            _LOG.warning("approval %s could not run out: %s", approval_id, error.detail)
            return 0

    def _run_out_in(self, tx: Tx, approval: Approval) -> int:
        context = self._desk.context("scheduler")
        now = self._locked(tx, approval)
        after = self.book.apply(tx, now, RunOut(at=context.at), context)
        self._pass_on(tx, after, context)
        return int(after.seq != now.seq)

    @override
    def next_due(self, reader: Reader) -> int | None:
        row = reader.row("approvals.next_due")
        return row["at"] if row is not None else None

    @override
    def move(self, tx: Tx, jump: int, context: Context) -> int:
        rows = tx.rows("approvals.timed")
        task_rows.lock(tx, sorted(row["task_id"] for row in rows if row["task_id"]))
        for row in rows:
            approval = approval_rows.load(tx, row["id"])
            if approval is not None:
                self.book.apply(tx, self._locked(tx, approval), Shift(jump=jump), context)
        return len(rows)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of what differs between two things shown."""
    names = sorted({*before, *after})
    return tuple(name for name in names if before.get(name) != after.get(name))
