"""The real core on a real database, with a clock and chance that the test owns."""

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claude_agent.clock import ManualClock
from claude_agent.core.accounts import Accounts
from claude_agent.core.agent_reports import AgentReports
from claude_agent.core.approval_book import ApprovalBook
from claude_agent.core.approvals import ApprovalDesk, Planned
from claude_agent.core.catalogue import AgentInfo, AgentLink, Catalogue
from claude_agent.core.claims import Claims, Slot, WorkerIdentity, layout
from claude_agent.core.dead_letters import DeadLetters
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.execution_links import ExecutionLinks
from claude_agent.core.foundation import Foundation
from claude_agent.core.hosts import Hosts
from claude_agent.core.liveness import Lock
from claude_agent.core.log_follower import LogFollower
from claude_agent.core.message_bus import UnifiedMessageBus
from claude_agent.core.queue_desk import QueueDesk
from claude_agent.core.redrives import Redrives
from claude_agent.core.resilience import ResilienceManager
from claude_agent.core.run_control import Ended, RunControl
from claude_agent.core.run_journal import RunJournal
from claude_agent.core.scheduler import TaskScheduler
from claude_agent.core.state_snapshots import StateSnapshots
from claude_agent.core.state_sync import StateManager
from claude_agent.core.subscriptions import Subscriptions
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.task_orders import TaskOrders
from claude_agent.core.workflow_engine import WorkflowEngine
from claude_agent.domain.approval_policy import Policy
from claude_agent.domain.definition import ActionSpec, ParameterSpec
from claude_agent.domain.execution import Execution
from claude_agent.domain.retry import Failure
from claude_agent.domain.routing import Route
from claude_agent.domain.task import Task
from claude_agent.ids_source import IdSource
from claude_agent.storage import execution_rows, log, rebuild
from claude_agent.storage.database import Database, Reader, Row
from claude_agent.storage.databases.postgresql import PostgresqlDatabase
from claude_agent.storage.databases.sqlite import SqliteDatabase, open_sqlite
from claude_agent.storage.log import Recorded
from claude_agent.storage.notifiers.local import LocalNotifier

if TYPE_CHECKING:
    from collections.abc import Mapping

AGENTS = {"testing": 2, "database": 1, "deployment": 1, "master": 4}
EVERY_TASK = {"agent": "", "queue": "", "execution": "", "evidence": "", "unverified": 0}
"""The filter of the lists and counts of tasks that leaves nothing out."""
NO = Failure(kind="exit", message="It exited with 1.", exit_code=1)


def agent(name: str, slots: int, **more: Any) -> AgentInfo:
    """Return an agent that runs commands."""
    values = {"adapter": "shell", "takes_prompt": False, "note": "it runs commands only"} | more
    return AgentInfo(name=name, queue=name, slots=slots, **values)


def limited(name: str, *fallback: str) -> AgentInfo:
    """Return an agent with the account `a`, and the accounts of its fallback."""
    links = (AgentLink(adapter="cli", account="a", keys=frozenset({"THE_KEY"})),)
    links += tuple(AgentLink(adapter=f"cli-{each}", account=each) for each in fallback)
    return agent(name, 8, adapter="cli", takes_prompt=True, links=links)


def catalogue() -> Catalogue:
    """Return what tasks may name in tests."""
    agents = {name: agent(name, slots) for name, slots in AGENTS.items()}
    agents["chat"] = agent("chat", 1, adapter="fake", takes_prompt=True, fake=True)
    agents |= {"claude": limited("claude"), "twin": limited("twin"), "spare": limited("spare", "b")}
    actions = [
        ActionSpec(name="noop", idempotent=True),
        ActionSpec(name="setup_database", parameters={"to": ParameterSpec()}),
        ActionSpec(name="clone_repo", parameters={"url": ParameterSpec(required=True)}),
    ]
    return Catalogue(
        agents=agents,
        actions={action.name: action for action in actions},
        route=lambda text: Route(
            agent="testing" if "test" in text else "master", reason="by its words"
        ),
    )


@cache
def _template() -> bytes:
    """Return the bytes of a migrated, empty database: migrating anew takes longer than a test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        open_sqlite(str(path), draw=lambda: "epoch").close()
        return path.read_bytes()


class Stand:
    """One server's core, and what a test asks of it."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int = 1,
        slots: list[Slot] | None = None,
        url: str | None = None,
        worker: str = "w",
        policy: Policy = Policy(),  # noqa: B008 - frozen
    ) -> None:
        self.path = folder / "stand.db"
        self.url = url
        if url is None:
            self.path.write_bytes(_template())
        self.folder = folder
        self.clock = ManualClock()
        self.ids = IdSource(self.clock, seed)
        self.notifier = LocalNotifier()
        self.catalogue = catalogue()
        self.slots = slots
        self.policy = policy
        self._workers = 0
        self._worker = worker
        self.open()

    def _open_database(self) -> Database:
        if self.url is None:
            return SqliteDatabase(self.path, durable=False)
        return PostgresqlDatabase(self.url)

    def hear(self) -> None:
        """Begin to hear what other processes write."""
        self.state.start()

    def probe(self, worker: str) -> Lock:
        """Say what is seen of a worker's file lock: whoever was here before is gone."""
        del worker
        return Lock.FREE

    def open(self) -> None:
        """Begin as a new process does: with nothing but the file."""
        self.database = self._open_database()
        self.desk = TaskDesk(self.clock, self.ids, self.notifier)
        self.executions = ExecutionDesk(self.desk, self.catalogue)
        self._build_approvals()
        self.follower = LogFollower(self.database)
        self.foundation = foundation = Foundation(
            database=self.database,
            clock=self.clock,
            ids=self.ids,
            notifier=self.notifier,
            catalogue=self.catalogue,
        )
        self.subscriptions = Subscriptions(self.database, self.follower, self.clock)
        self.links = ExecutionLinks(
            foundation, self.desk, self.executions, self.folder / "workspaces"
        )
        self.bus = UnifiedMessageBus(
            foundation, desk=self.desk, subscriptions=self.subscriptions, say=self.links.say
        )
        self.state = StateManager(foundation, self.subscriptions)
        self.snapshots = StateSnapshots(foundation, self.state)
        self.hear()
        self.resilience = ResilienceManager(foundation, self.subscriptions)
        self.foundation = foundation
        self.reports = AgentReports(foundation, self.desk, lambda _, data: dict(data))
        self.accounts = Accounts(foundation, self.desk, self.resilience)
        self.engine = WorkflowEngine(
            foundation,
            desk=self.desk,
            executions=self.executions,
            follower=self.follower,
            starts=self.links.starts,
        )
        self._workers += 1
        self.claims = Claims(
            database=self.database,
            desk=self.desk,
            clock=self.clock,
            notifier=self.notifier,
            identity=WorkerIdentity(
                id=f"{self._worker}{self._workers}", host="here", boot_id="boot", pid=self._workers
            ),
            accounts=self.accounts,
        )
        self.control = RunControl(
            database=self.database,
            desk=self.desk,
            claims=self.claims,
            ids=self.ids,
            accounts=self.accounts,
        )
        self.orders = TaskOrders(self.database, self.desk)
        self.records = RunJournal(self.database, self.desk, self.control.actor)
        self.letters = DeadLetters(self.desk, self.catalogue, self.notifier)
        self.redrives = Redrives(foundation, self.desk, self.letters)
        self.scheduler = TaskScheduler(
            database=self.database,
            desk=self.desk,
            executions=self.executions,
            claims=self.claims,
            clock=self.clock,
            timed=(
                *(self.redrives, self.state, self.resilience, self.accounts),
                *(*self.links.timed, self.approvals),
            ),
        )
        self.hosts = Hosts(
            foundation,
            desk=self.desk,
            claims=self.claims,
            bus=self.bus,
            probe=self.probe,
        )
        self.hosts.look()
        queues = [info.queue for info in self.catalogue.agents.values()]
        self.claims.register(
            layout(len(queues) + 4, queues) if self.slots is None else self.slots, self.catalogue
        )

    def _build_approvals(self) -> None:
        foundation = Foundation(
            database=self.database,
            clock=self.clock,
            ids=self.ids,
            notifier=self.notifier,
            catalogue=self.catalogue,
        )
        book = ApprovalBook(self.policy, self.ids, advisory=True)
        self.desk.guard(book)
        self.approvals = ApprovalDesk(foundation, self.desk, book)
        self.approvals.serve(self.executions)
        self.approvals.tell(lambda task: Planned(digest="d", shown={"text": task.spec.text}))

    def close(self) -> None:
        """End as `kill -9` does: nothing is tidied but what belongs to the test."""
        self.follower.close()
        self.subscriptions.close()
        self.database.close()

    def restart(self) -> None:
        """End and begin again on the same file."""
        self.close()
        self.open()

    # What a test does -----------------------------------------------------------------------

    def submit(self, name: str = "testing", **fields: Any) -> Task:
        """Submit a shell task."""
        given: Mapping[str, Any] = {"run": "true", **fields}
        return self.task(self.bus.publish_task(name, dict(given)))

    def running(self, name: str = "testing", **fields: Any) -> Task:
        """Return a task whose first attempt has started."""
        one = self.submit(name, **fields)
        found = next(each for each in self.claims.claim() if each.id == one.id)
        return self.start(found)

    def running_of(self, title: str) -> Task:
        """Claim and start the task of this title."""
        return self.start(next(one for one in self.claims.claim() if one.spec.title == title))

    def pause(self, queue: str) -> None:
        """Start nothing from a queue any more, as a person does."""
        queues = QueueDesk(self.database, self.desk, self.catalogue, self.notifier)
        queues.pause(queue, reason="a test", actor="me")

    def start(self, one: Task) -> Task:
        """Start a claimed task; the first link of its agent does a prompt."""
        links = self.catalogue.agents[one.spec.agent].links if one.spec.kind == "prompt" else ()
        adapter = links[0].adapter if links else "shell"
        return self.control.started(one, adapter=adapter, digest="d")

    def end(self, one: Task, failure: Failure | None = None, **outputs: Any) -> Task:
        """End a task's run."""
        code = 0 if failure is None else failure.exit_code
        ended = Ended(verdict={"code": code}, failure=failure, outputs=outputs or None)
        return self.control.ended(one.id, one.fence, ended)

    def reaped(self, one: Task) -> Task:
        """Lose a run and reap it."""
        lost = self.control.lost(one.id, one.fence, "its shim was lost")
        return self.control.reaped(one.id, lost.fence, 0)

    def step_task(self, execution_id: str, step: str) -> Task:
        """Return the task of a step (or, with `undo `, of its undoing)."""
        run = self.execution(execution_id)
        seen = run.steps[step.removeprefix("undo ")]
        return self.task(seen.undo_task_id if step.startswith("undo ") else seen.task_id)

    def do(self, execution_id: str, step: str, failure: Failure | None = None, **out: Any) -> Task:
        """Claim, start and end the task of a step."""
        self.claims.claim()
        return self.end(self.start(self.step_task(execution_id, step)), failure, **out)

    # What a test sees -----------------------------------------------------------------------

    def task(self, task_id: str) -> Task:
        """Return a task as its row says."""
        return self.control.task(task_id)

    def execution(self, execution_id: str) -> Execution:
        """Return an execution as its rows say."""
        found = self.database.read(lambda r: execution_rows.load(r, execution_id))
        assert found is not None
        return found

    def rows(self, query: str, **params: object) -> list[Row]:
        """Return the rows of a named query."""
        return self.database.read(lambda r: r.rows(query, **params))

    def waits(self) -> list[tuple[str, str]]:
        """Return every pair of a task that waits and one that it waits for."""
        text = "SELECT task_id, needs_id FROM task_waits"

        def work(reader: Reader) -> list[tuple[str, str]]:
            found = reader._connection.execute(text).fetchall()  # type: ignore[attr-defined]
            return [(row["task_id"], row["needs_id"]) for row in found]

        return self.database.read(work)

    def history(self) -> list[Recorded]:
        """Return the whole log."""
        return self.history_of(self.database)

    @staticmethod
    def history_of(database: Database) -> list[Recorded]:
        """Return the whole log of any database."""
        return database.read(lambda r: list(log.everything(r)))

    def types(self, stream: str) -> list[str]:
        """Return the types of a stream's events."""
        found = self.database.read(lambda r: log.of_stream(r, stream))
        return [one.event.type for one in found]

    def places(self) -> dict[str, int]:
        """Return how many places of each queue are taken; queues without one are left out."""
        return {row["name"]: row["running"] for row in self.rows("work.queues") if row["running"]}

    def slots_of(self) -> dict[str, int]:
        """Return the slot of each task that has one."""
        return {row["task_id"]: row["n"] for row in self.rows("work.slots") if row["task_id"]}

    def everything(self) -> tuple[object, ...]:
        """Return all that a transaction could have changed, to compare before and after."""
        tables = ("tasks", "task_specs", "queues", "slots", "runs", "run_commands", "definitions")
        tables += ("executions", "steps", "events", "log_head", "workers", "idempotency_keys")
        tables += (
            "redrives",
            "task_waits",
            "messages",
            "state",
            "breakers",
            "state_snapshots",
            "state_snapshot_entries",
        )

        def work(reader: Reader) -> tuple[object, ...]:
            connection = reader._connection  # type: ignore[attr-defined]
            return tuple(
                sorted(map(repr, connection.execute(f"SELECT * FROM {table}").fetchall()))  # noqa: S608 - names of the test
                for table in tables
            )

        return self.database.read(work)


def compare_with_the_log(stand: Stand, history: list[Recorded] | None = None) -> None:
    """Assert that every row is what the log folds to, and that the log is whole (I11, I13).

    `history`: the whole log, where it is at hand.
    """
    history = stand.history() if history is None else history
    wrong = stand.database.read(lambda reader: rebuild.differing(reader, history))
    assert not wrong, f"not as the log says: {wrong}"
    assert [one.pos for one in history] == list(range(1, len(history) + 1))
    assert stand.database.read(log.verify)[2] == []


def fresh(folder: Path) -> Path:
    """Return an empty folder below, for one history of many."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    return folder
