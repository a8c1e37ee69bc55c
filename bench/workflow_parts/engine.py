"""The core of a server, and no more: what runs workflows of steps that do nothing."""

import os
import queue
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from claude_agent.clock import SystemClock
from claude_agent.core.accounts import Accounts
from claude_agent.core.catalogue import AgentInfo, Catalogue
from claude_agent.core.claims import Claims, WorkerIdentity, layout
from claude_agent.core.collector import collect_seldom
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.execution_links import ExecutionLinks
from claude_agent.core.foundation import Foundation
from claude_agent.core.in_worker import InWorker
from claude_agent.core.log_follower import LogFollower
from claude_agent.core.resilience import ResilienceManager
from claude_agent.core.subscriptions import Subscriptions
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.workflow_engine import WorkflowEngine
from claude_agent.domain.deciding.news import Signalled
from claude_agent.domain.deciding.scene import Decision
from claude_agent.domain.definition import ActionSpec
from claude_agent.domain.events import Context
from claude_agent.domain.execution import Execution
from claude_agent.domain.routing import Route
from claude_agent.ids_source import IdSource
from claude_agent.storage.database import Tx
from claude_agent.storage.databases.sqlite import open_sqlite
from claude_agent.storage.notifiers.local import LocalNotifier

WAIT_S = 120.0
LENGTH = 10


class Engine:
    """The core of a server: everything but agents, windows and the gateway."""

    def __init__(self, folder: Path) -> None:
        collect_seldom()  # as the server does
        self.database = open_sqlite(str(folder / "bench.db"))
        clock = SystemClock()
        ids, notifier = IdSource(clock), LocalNotifier()
        info = AgentInfo(
            name="master", queue="master", slots=4, adapter="shell", takes_prompt=False
        )
        catalogue = Catalogue(
            agents={"master": info},
            actions={"noop": ActionSpec(name="noop", idempotent=True)},
            route=lambda _: Route(agent="master", reason="the only one"),
        )
        foundation = Foundation(
            database=self.database, clock=clock, ids=ids, notifier=notifier, catalogue=catalogue
        )
        self._desk = desk = TaskDesk(clock, ids, notifier)
        self._ended: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        executions = ExecutionDesk(desk, catalogue)
        self.follower = LogFollower(self.database)
        self.links = links = ExecutionLinks(foundation, desk, executions, folder / "workspaces")
        self.engine = WorkflowEngine(
            foundation,
            desk=desk,
            executions=executions,
            follower=self.follower,
            starts=links.starts,
        )
        executions.follow(self._followed)
        me = WorkerIdentity(id="bench", host="here", boot_id="boot", pid=os.getpid())
        subscriptions = Subscriptions(self.database, self.follower, clock)
        resilience = ResilienceManager(foundation, subscriptions)
        claims = Claims(
            database=self.database,
            desk=desk,
            clock=clock,
            notifier=notifier,
            identity=me,
            accounts=Accounts(foundation, desk, resilience),
        )
        claims.register(layout(8, ["master"]), catalogue)
        self._in_worker = InWorker(self.database, desk, claims)
        self._in_worker.start()

    def define(self, steps: Sequence[dict[str, Any]]) -> str:
        """Store a workflow; return its hash."""
        return self.engine.define_workflow({"name": f"w{len(steps)}", "steps": list(steps)})

    def run(self, digest: str, times: int = 1) -> float:
        """Start executions at once; return the seconds until all of them have succeeded."""
        began = time.perf_counter()
        self.wait_for({self.engine.execute(digest) for _ in range(times)})
        return time.perf_counter() - began

    def wait_for(self, ids: set[str]) -> None:
        """Wait until these have succeeded. Raises RuntimeError where one did not, or is lost."""
        left = set(ids)
        deadline = time.monotonic() + WAIT_S
        while left:
            try:
                ended, state = self._ended.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                message = f"{len(left)} executions did not end"
                raise RuntimeError(message) from None
            if state != "succeeded":
                message = f"execution {ended} is {state}"
                raise RuntimeError(message)
            left.discard(ended)

    def signal(self, execution: str, name: str) -> None:
        """Send a signal to an execution."""
        context, one = self._desk.context("bench"), Signalled(name=name)
        self.database.write(lambda tx: self.links.signals.send(tx, execution, one, context))

    def counts(self) -> dict[str, int]:
        """Return how many executions are in each state."""
        rows = self.database.read(lambda r: r.rows("executions.counts", workflow=""))
        return {row["state"]: row["count"] for row in rows}

    def _followed(self, tx: Tx, _before: Execution, decision: Decision, _who: Context) -> None:
        run = decision.run
        if run.terminal:
            tx.after_commit(lambda: self._ended.put((run.id, run.state.value)))

    def close(self) -> None:
        """End it."""
        self._in_worker.stop()
        self.follower.close()
        self.database.close()


def step(name: str, *depends_on: str) -> dict[str, Any]:
    """Return a step that does nothing."""
    return {"id": name, "agent": "master", "action": "noop", "depends_on": list(depends_on)}


def chain(length: int = LENGTH) -> list[dict[str, Any]]:
    """Return steps one after the other."""
    return [step(f"s{n}", *[f"s{n - 1}"] * (n > 0)) for n in range(length)]
