"""The transactions of a run's life: started, noted, ended, lost, reaped, resolved.

Each one is guarded by the fence: whoever lost a task gets `FencedOut` and touches nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claude_agent.core.accounts import Accounts
from claude_agent.core.claims import Claims
from claude_agent.core.in_worker import InWorker
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.approval import Meant
from claude_agent.domain.retry import Failure
from claude_agent.domain.task import HOST_UNREACHABLE, Task
from claude_agent.domain.task_commands import (
    Adopt,
    Command,
    EndGates,
    EndRun,
    Release,
    RestartGates,
    Start,
    Stop,
)
from claude_agent.domain.task_lost import Lose, Reap, Resolve
from claude_agent.ids_source import IdSource
from claude_agent.storage import task_rows
from claude_agent.storage.database import Database, Reader, Tx

NOT_APPROVED = Failure(
    kind="digest_mismatch",
    message="What would have run is not what was approved: the approval is void.",
    retryable=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended, judged."""

    verdict: Mapping[str, Any]
    failure: Failure | None
    outputs: Mapping[str, Any] | None
    evidence: tuple[str, ...] = ()
    conversation: str = ""
    """The conversation that it left, where it had one."""


class RunControl:
    """What owners of runs may do to tasks."""

    def __init__(
        self,
        *,
        database: Database,
        desk: TaskDesk,
        claims: Claims,
        ids: IdSource,
        accounts: Accounts,
    ) -> None:
        self.accounts = accounts
        """Whose usage limits stop what this owner runs."""
        self._database = database
        self._desk = desk
        self._claims = claims
        self._ids = ids
        self.host = claims.identity.host
        """The host on which this owner runs what it claims."""

    @property
    def actor(self) -> str:
        """How this owner signs its events."""
        return f"worker:{self._claims.worker}"

    def in_worker(self) -> InWorker:
        """Return what performs the steps that take no time."""
        return InWorker(self._database, self._desk, self._claims)

    def task(self, task_id: str) -> Task:
        """Return a task. Raises `NotFound`."""
        return self._database.read(lambda r: self._desk.find(r, task_id))

    def active(self) -> list[Task]:
        """Return every task that holds a slot."""

        def work(reader: Reader) -> list[Task]:
            found = [task_rows.load(reader, row["id"]) for row in reader.rows("tasks.active")]
            return [task for task in found if task is not None]

        return self._database.read(work)

    def orphans(self) -> list[Task]:
        """Return the tasks of this host that nobody drives: their worker's row is gone.

        Also those of ours that another host took for unreachable while we were cut off.
        """
        me = self._claims.identity

        def work(reader: Reader) -> list[Task]:
            rows = reader.rows("hosts.orphans", host=me.host, worker=me.id, reason=HOST_UNREACHABLE)
            found = [task_rows.load(reader, row["id"]) for row in rows]
            return [task for task in found if task is not None]

        return self._database.read(work)

    def _do(self, task_id: str, fence: int, command: Command) -> Task:
        def work(tx: Tx) -> Task:
            task = self._desk.owned(tx, task_id, fence)
            return self._desk.apply(tx, task, command, self._desk.context(self.actor))

        return self._database.write(work)

    def started(
        self, task: Task, *, adapter: str, digest: str, portable: str = "", token: str = ""
    ) -> Task:
        """Count the attempt and begin to follow its run folder.

        `token`: the hash of what the run shows to the server. `portable`: the digest of what means
        the same on every host. What is not what was approved ends
        here: the approval is void and the task a dead letter with the reason `digest_mismatch`.
        """

        def work(tx: Tx) -> Task:
            mine = self._desk.owned(tx, task.id, task.fence)
            if mine.cancel_requested:
                release = Release(reason="cancelled before it began")
                return self._desk.apply(tx, mine, release, self._desk.context(self.actor))
            context = self._desk.context(self.actor)
            meant = Meant(digest=digest, portable=portable, host=self.host)
            if not self._desk.covered(tx, mine, meant, context):
                refused = EndRun(verdict={}, failure=NOT_APPROVED, at=context.at)
                return self._desk.apply(tx, mine, refused, context)
            tx.execute(
                "work.put_run", run_id=mine.run_id, task=mine.id, run=mine.run, fence=mine.fence
            )
            if token:
                tx.execute("tokens.of_run", run_id=mine.run_id, token=token)
            command = Start(adapter=adapter, digest=digest)
            return self._desk.apply(tx, mine, command, context)

        return self._database.write(work)

    def adopt(self, task: Task, *, alive: bool) -> Task:
        """Become the owner of a task whose owner was lost: fence +1, same run.

        `alive`: its shim or its verdict was found, so an uncertain run goes on.
        """

        def work(tx: Tx) -> Task:
            mine = self._desk.owned(tx, task.id, task.fence)
            slot = self._claims.place_again(tx, mine)
            command = Adopt(worker=self._claims.worker, slot=slot, alive=alive)
            after = self._desk.apply(tx, mine, command, self._desk.context(self.actor))
            tx.execute(
                "work.put_run", run_id=mine.run_id, task=mine.id, run=mine.run, fence=after.fence
            )
            return after

        return self._database.write(work)

    def release(self, task: Task, reason: str) -> Task:
        """Give a task back whose run was sealed before it began."""
        return self._do(task.id, task.fence, Release(reason=reason))

    def ended(self, task_id: str, fence: int, ended: Ended) -> Task:
        """Record the proved end of a run; what a limit of its account stopped is parked."""
        mine = self.task(task_id)
        failure = (
            self.accounts.judged(mine, ended.failure) if mine.fence == fence else ended.failure
        )
        command = EndRun(
            verdict=ended.verdict,
            failure=failure,
            outputs=ended.outputs,
            evidence=ended.evidence,
            conversation=ended.conversation,
            at=self._desk.context("").at,
            chance=self._ids.chance(),
        )
        return self._do(task_id, fence, command)

    def gates_ended(
        self, task_id: str, fence: int, failure: Failure | None, evidence: tuple[str, ...]
    ) -> Task:
        """Record what the gates said."""
        command = EndGates(
            failure=failure,
            evidence=evidence,
            at=self._desk.context("").at,
            chance=self._ids.chance(),
        )
        return self._do(task_id, fence, command)

    def restart_gates(self, task: Task) -> Task:
        """Count another run of the gates after the first one was reaped."""
        return self._do(task.id, task.fence, RestartGates())

    def lost(self, task_id: str, fence: int, reason: str) -> Task:
        """Record that nobody knows how the run ended."""
        return self._do(task_id, fence, Lose(reason=reason))

    def reaped(self, task_id: str, fence: int, killed: int) -> Task:
        """Record the proof that nothing of the run is alive."""
        return self._do(task_id, fence, Reap(killed=killed))

    def resolve(
        self, task: Task, outcome: str, *, how: str, note: str = "", fence: int | None = None
    ) -> Task:
        """Decide what happened in a reaped run: succeeded, retry or failed."""
        at = self._desk.context("").at
        command = Resolve(outcome=outcome, how=how, note=note, at=at)
        return self._do(task.id, task.fence if fence is None else fence, command)

    def stop_run(self, task: Task, reason: str) -> Task:
        """Send the stop ladder to a run that goes against a limit."""

        def work(tx: Tx) -> Task:
            mine = self._desk.owned(tx, task.id, task.fence)
            after = self._desk.apply(tx, mine, Stop(reason=reason), self._desk.context(self.actor))
            if after.seq != mine.seq:
                self._desk.command_run(tx, after, "stop", {"stage": "ladder"})
            return after

        return self._database.write(work)
