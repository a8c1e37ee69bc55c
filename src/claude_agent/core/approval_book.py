"""Judges requests by the policy, and writes approvals in the caller's transaction.

It knows nothing of tasks but their specification: `TaskDesk` asks it, `ApprovalDesk` decides.
"""

import os

from claude_agent.domain import approval_events as ev
from claude_agent.domain.approval import (
    Approval,
    Command,
    Use,
    Void,
    decide,
    evolve,
    requested,
)
from claude_agent.domain.approval_policy import (
    PERSON,
    Policy,
    Request,
    Requester,
    Verdict,
    judge,
)
from claude_agent.domain.events import Context
from claude_agent.domain.ids import REF_LONGEST, REF_SHORTEST, looks_like_id, normal_ref, ref_of
from claude_agent.domain.priority import Priority
from claude_agent.domain.task import Task
from claude_agent.domain.task_spec import TaskSpec
from claude_agent.errors import Conflict, FencedOut, NotFound
from claude_agent.ids_source import IdSource
from claude_agent.storage import approval_rows
from claude_agent.storage.database import Reader, Tx

REJECTED_BY_RULE = "policy"


class ApprovalBook:
    """The only writer of approvals."""

    def __init__(self, policy: Policy, ids: IdSource, *, advisory: bool) -> None:
        self.policy = policy
        self.advisory = advisory
        """There is no sandbox: commands run as the same user, who could go round an approval."""
        self._ids = ids

    def judge(self, spec: TaskSpec, requester: Requester) -> Verdict:
        """Return what the policy says of a task before it is accepted."""
        doing = [(spec.kind, spec.text), *((one["kind"], one["text"]) for one in spec.fallback)]
        commands = [text for kind, text in doing if kind != "prompt"]
        commands += [gate["run"] for gate in spec.gates]
        commands += [spec.verify] if spec.verify else []
        others = [spec.retry.agent or "", *(str(one["agent"]) for one in spec.fallback)]
        paths = (spec.cwd, os.path.realpath(spec.cwd)) if spec.cwd else ()
        request = Request(
            requester=requester,
            agent=spec.agent,
            priority=Priority(spec.priority).name,
            commands=tuple(commands),
            others=tuple(name for name in others if name and name != spec.agent),
            prompt=any(kind == "prompt" for kind, _ in doing),
            sets_environment=bool(spec.env),
            paths=paths,
        )
        return judge(self.policy, request)

    def new_id(self, reader: Reader) -> tuple[str, str]:
        """Return a fresh id and the shortest ref that is free."""
        new = self._ids.new()
        for length in range(REF_SHORTEST, REF_LONGEST):
            ref = ref_of(new, length)
            if reader.row("approvals.id_of_ref", ref=ref) is None:
                return new, ref
        return self.new_id(reader)

    def for_task(
        self,
        tx: Tx,
        task: tuple[str, TaskSpec],
        verdict: Verdict,
        requester: Requester,
        context: Context,
        *,
        generation: int = 1,
    ) -> Approval:
        """Ask for the approval of a task (id, specification) that the policy holds."""
        task_id, spec = task
        counts = verdict.decide == "auto"
        wait = verdict.countdown_ms if counts else verdict.expires_ms
        approval_id, ref = self.new_id(tx)
        said = ev.ApprovalRequested(
            ref=ref,
            subject="task",
            task_id=task_id,
            execution_id=spec.execution_id,
            step_id=spec.step_id,
            generation=generation,
            title=spec.title,
            requester=requester.name or requester.kind,
            requester_kind=requester.kind,
            agent=spec.agent,
            decide=verdict.decide,
            rule=verdict.rule,
            deciders=list(verdict.deciders),
            quorum=verdict.quorum,
            due_at=context.at + wait if wait else 0,
            on_due="" if not wait else "approve" if counts else verdict.on_expire,
            expires_ms=verdict.expires_ms,
            advisory=self.advisory,
        )
        return self.open(tx, approval_id, said, context)

    def open(
        self, tx: Tx, approval_id: str, said: ev.ApprovalRequested, context: Context
    ) -> Approval:
        """Write a new approval."""
        approval = requested(approval_id, said, context.at)
        tx.execute("approvals.insert", **approval_rows.to_row(approval))
        tx.append([context.wrap(approval.stream, 1, said)])
        return approval

    def find(self, reader: Reader, text: str) -> Approval:
        """Return the approval with this id or ref, of a task's, or that an execution waits for.

        Raises `NotFound`; `Conflict` where the execution waits for more than one.
        """
        found: str | None = text
        if not looks_like_id(text):
            row = reader.row("approvals.id_of_ref", ref=normal_ref(text))
            found = row["id"] if row is not None else None
        approval = approval_rows.load(reader, found) if found else None
        if approval is None:
            row = reader.row("approvals.id_of_task", task=text, ref=normal_ref(text))
            approval = approval_rows.load(reader, row["id"]) if row is not None else None
        if approval is None:
            rows = reader.rows("approvals.waiting_of", id=text, ref=normal_ref(text))
            if len(rows) > 1:
                message = f"Execution {text[:80]} waits for {len(rows)} approvals."
                raise Conflict(message, hint=f"Name one: {', '.join(row['ref'] for row in rows)}.")
            approval = approval_rows.load(reader, rows[0]["id"]) if rows else None
        if approval is None:
            message = f"There is no approval {text[:80]}."
            raise NotFound(message, hint="List them: claude-agent approval list")
        return approval

    def apply(self, tx: Tx, approval: Approval, command: Command, context: Context) -> Approval:
        """Decide, fold and write one command. Raises Conflict, Forbidden, Invalid, FencedOut.

        What it belongs to, task or execution, is locked before.
        """
        said = decide(approval, command)
        if not said:
            return approval
        after = approval
        for one in said:
            after = evolve(after, one, context.at)
        row = approval_rows.to_row(after)
        changed = tx.execute(
            "approvals.update",
            was_seq=approval.seq,
            **{name: row[name] for name in ("id", "seq", "state", "due_at", "data")},
        )
        if changed != 1:
            message = f"Approval {approval.ref} was changed by somebody else."
            raise FencedOut(message)
        first = approval.seq + 1
        tx.append([context.wrap(approval.stream, first + n, one) for n, one in enumerate(said)])
        return after

    def of_task(self, reader: Reader, task: Task) -> Approval | None:
        """Return the approval of a (locked) task that has one."""
        return approval_rows.load(reader, task.approval) if task.approval else None

    def claimed(self, tx: Tx, task: Task, context: Context) -> None:
        """Use the approval up, in the transaction of `task.starting`. Raises `Conflict`."""
        approval = self.of_task(tx, task)
        if approval is not None:
            self.apply(tx, approval, Use(run=task.run), context)

    def ended(self, tx: Tx, task: Task, context: Context) -> None:
        """Void what was asked for or given, and not used: its task is not going to run."""
        approval = self.of_task(tx, task)
        if approval is not None and not approval.used_run:
            self.apply(tx, approval, Void(reason=f"the task is {task.state.value}"), context)

    def renew(self, tx: Tx, task: Task, spec: TaskSpec, context: Context) -> str:
        """Return the approval that a new generation of a task waits for; empty: it needs none.

        What needed one before needs one again: an approval covers one generation.
        """
        before = self.of_task(tx, task)
        requester, verdict = PERSON, self.judge(spec, PERSON)
        if before is not None:
            kind = before.requester_kind
            requester = Requester(kind=kind, name=before.requester, trusted=kind == "person")
            verdict = self.judge(spec, requester)
            if not verdict.holds:
                verdict = Verdict(decide="manual", rule=before.rule, deciders=before.deciders)
        if not verdict.holds:
            return ""
        renewed = self.for_task(
            tx, (task.id, spec), verdict, requester, context, generation=task.generation + 1
        )
        return renewed.id
