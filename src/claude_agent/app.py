"""The composition root: settings in, a running system out. Only this module names bodies."""

import logging
import os
import shlex
import threading
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

import claude_agent
from claude_agent import server_home
from claude_agent.accounts_build import build_accounts
from claude_agent.adapters_build import find_drivers
from claude_agent.agents import shim_builder
from claude_agent.agents.agent_bridge import AgentBridge
from claude_agent.agents.fleet import Fleet, FleetParts
from claude_agent.agents.journal import Journal
from claude_agent.agents.run_plan import Places, RunPlanner
from claude_agent.agents.terminals.process import ProcessTerminal
from claude_agent.api.gateway import create_app
from claude_agent.api.services import MessageToSend
from claude_agent.approvals_build import build_approvals
from claude_agent.apps_attended import attend_apps
from claude_agent.catalogue_build import build_catalogue
from claude_agent.clock import Clock, SystemClock
from claude_agent.core.claims import Claims
from claude_agent.core.dead_letters import DeadLetters
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.execution_links import ExecutionLinks
from claude_agent.core.foundation import Foundation
from claude_agent.core.log_follower import LogFollower
from claude_agent.core.message_bus import UnifiedMessageBus
from claude_agent.core.redrives import Redrives
from claude_agent.core.resilience import ResilienceManager
from claude_agent.core.run_control import RunControl
from claude_agent.core.run_journal import RunJournal
from claude_agent.core.scheduler import TaskScheduler
from claude_agent.core.state_sync import StateManager
from claude_agent.core.subscriptions import Subscriptions
from claude_agent.core.task_desk import READY, TaskDesk
from claude_agent.core.task_orders import TaskOrders
from claude_agent.core.workflow_engine import WorkflowEngine
from claude_agent.hooks import dead_letter_hook
from claude_agent.hosting import Hosting, Role, Seat, host_parts, identity
from claude_agent.ids_source import IdSource
from claude_agent.queue.actors import Services as ActorServices
from claude_agent.queue.actors import shipped_actors
from claude_agent.queue.broker import BrokerOptions, make_broker
from claude_agent.queue.worker import QueueWorker, SlotTickets
from claude_agent.serve.base import Parts
from claude_agent.serve.services import ServerServices
from claude_agent.settings import Settings
from claude_agent.storage import log
from claude_agent.storage.caches import far_cache
from claude_agent.storage.database import Tx
from claude_agent.storage.databases import open_database
from claude_agent.storage.notifiers import open_notifier
from claude_agent.terminal_build import build_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG = logging.getLogger(__name__)
HUNG_S = 5.0
"""A thread that looks every second and has not for so long counts as silent."""


class App:
    """Every service of one server process, in the order in which they start and stop."""

    def __init__(
        self, settings: Settings, *, port: int, token: str, role: Role | None = None
    ) -> None:
        self.settings = settings
        self._role = role or Role(slots=settings.server.workers)
        self._seat = Seat(home := settings.home, self._role)
        self.clock: Clock = SystemClock()
        self._ids = IdSource(self.clock)
        self.database = open_database(settings.server.database_url, home=home)
        self._notifier = open_notifier(settings.server.database_url)
        self._drivers = find_drivers(settings)
        self.catalogue = build_catalogue(settings, self._drivers)
        self._foundation = Foundation(
            database=self.database,
            clock=self.clock,
            ids=self._ids,
            notifier=self._notifier,
            catalogue=self.catalogue,
        )
        self._build_core(home)
        self._build_agents(home, port)
        self._build_queue()
        self._stop_agents = False
        self._started = False
        self.on_stop: Callable[[], None] = _nothing
        self.services = ServerServices(self._parts(token, port))

    def _parts(self, token: str, port: int) -> Parts:
        return Parts(
            foundation=self._foundation,
            desk=self._desk,
            executions=self._executions,
            bus=self.bus,
            state=self.state,
            resilience=self.resilience,
            accounts=self._accounts,
            engine=self.engine,
            links=self._links,
            orders=TaskOrders(self.database, self._desk),
            letters=self._letters,
            redrives=self._redrives,
            approvals=self._approvals,
            planner=self._planner,
            terminal=self._terminal,
            probe=self._bridge.probe,
            send=self._send,
            stop=self._begin_stop,
            components=self.components,
            token=token,
            port=port,
            home=str(self.settings.home),
            version=claude_agent.__version__,
            slots=self.settings.server.workers,
            hosting=self.hosting,
        )

    def _build_core(self, home: Path) -> None:
        self._follower = LogFollower(self.database)
        self._desk = TaskDesk(self.clock, self._ids, self._notifier)
        self._executions = ExecutionDesk(self._desk, self.catalogue)
        self._approvals = build_approvals(self.settings, self._foundation, self._executions)
        self._subscriptions = Subscriptions(self.database, self._follower, self.clock)
        self._links = ExecutionLinks(
            self._foundation, self._desk, self._executions, home / "workspaces"
        )
        self.bus = UnifiedMessageBus(
            self._foundation,
            desk=self._desk,
            subscriptions=self._subscriptions,
            say=self._links.say,
        )
        self.state = StateManager(
            self._foundation,
            self._subscriptions,
            far=far_cache(
                self.settings.server.broker_url, namespace=self.database.read(log.head).epoch
            ),
        )
        self.resilience = ResilienceManager(self._foundation, self._subscriptions)
        self._accounts = build_accounts(
            self.settings, self._foundation, self._desk, self.resilience
        )
        self.engine = WorkflowEngine(
            self._foundation,
            desk=self._desk,
            executions=self._executions,
            follower=self._follower,
            starts=self._links.starts,
        )
        self._build_work(home)

    def _build_work(self, home: Path) -> None:
        self._claims = Claims(
            database=self.database,
            desk=self._desk,
            clock=self.clock,
            notifier=self._notifier,
            identity=identity(home, self.settings.host_id, worker=self._ids.new(), role=self._role),
            accounts=self._accounts,
        )
        self._control = RunControl(
            database=self.database,
            desk=self._desk,
            claims=self._claims,
            ids=self._ids,
            accounts=self._accounts,
        )
        self._letters = DeadLetters(self._desk, self.catalogue, self._notifier)
        self._redrives = Redrives(self._foundation, self._desk, self._letters)
        self.scheduler = TaskScheduler(
            database=self.database,
            desk=self._desk,
            executions=self._executions,
            claims=self._claims,
            clock=self.clock,
            timed=(
                *(self._redrives, self.state, self.resilience, self._accounts),
                *self._links.timed,
                self._approvals,
            ),
        )

    def _build_agents(self, home: Path, port: int) -> None:
        places = Places(
            home=home,
            runs=home / "runs",
            workspaces=home / "workspaces",
            bell=self.settings.sockets / "bell" / self._seat.bell,
            shim=shim_builder.build(home / "shim"),
            url=self._role.url or f"http://127.0.0.1:{port}",
        )
        self._planner = RunPlanner(places)
        self._terminal = build_terminal(self.settings, self._seat.tmux)
        self._bridge = AgentBridge(
            control=self._control,
            planner=self._planner,
            terminal=self._terminal,
            adapters=self._drivers.made(),
            catalogue=self.catalogue,
            clock=self.clock,
        )
        self._approvals.tell(self._bridge.preview, self._bridge.changes_at)
        self._journal = Journal(
            records=RunJournal(self.database, self._desk, self._control.actor),
            clock=self.clock,
            bell=places.bell,
        )
        self._fleet = Fleet(
            bridge=self._bridge,
            journal=self._journal,
            control=self._control,
            planner=self._planner,
            quiet=ProcessTerminal(),
            parts=FleetParts(
                clock=self.clock,
                catalogue=self.catalogue,
                notifier=self._notifier,
                on_session=self._session_changed,
            ),
        )

        self.hosting = Hosting(
            self._foundation,
            desk=self._desk,
            claims=self._claims,
            bus=self.bus,
            fleet=self._fleet,
            parts=host_parts(self._seat, places.folder, self.settings),
        )

    def _build_queue(self) -> None:
        hook = dead_letter_hook(self.settings, self._send, self.resilience)
        self._desk.on_first_letter = hook.first
        actors = ActorServices(
            tell_hook=hook.tell,
            claim=lambda _hint: self._fleet.launch(self._claims.claim()),
            execute_approved_command=self._execute_approved_command,
        )
        self._broker = make_broker(
            self.settings.server.broker_url,
            registry=shipped_actors(actors),
            database=self.database,
            notifier=self._notifier,
            clock=self.clock,
            tickets=SlotTickets(self._notifier, READY, wanted=self._claims.wanted),
            options=BrokerOptions(owners=self.hosting.owners),
        )
        self._worker = QueueWorker(self._broker, self._broker.carrier)

    # Start and stop -------------------------------------------------------------------------

    def start(self) -> int:
        """Check, adopt, serve; return how many running tasks were adopted."""
        self.database.check()
        agents = sorted(self.catalogue.agents)
        self._terminal.ensure(agents)
        serves = self._role.name == "server"
        if serves:
            self._put_shipped_workflows()
        self.hosting.join()
        started = {"pid": os.getpid(), "version": claude_agent.__version__}
        self._record(f"{self._role.name}.started", started)
        self._started = True
        self.state.start()
        if serves:
            self.resilience.start()
        self._fleet.start()
        adopted = self.hosting.adopt()
        self.hosting.start()
        self.scheduler.start()
        self._links.start()
        self._worker.start()
        self._claims.ring()
        if serves:
            home = self.settings.home
            threading.Thread(target=attend_apps, args=[home], name="apps", daemon=True).start()
        return adopted

    def stop(self) -> None:
        """Let go of everything in order; running agents go on unless they were to be stopped.

        Also after a `start` that raised: then nothing works yet, and nothing is recorded.
        """
        if self._started:
            self._stop_work()
        self._terminal.shutdown()
        if self._started:
            stopped = {"agents_stopped": self._stop_agents}
            self._record(f"{self._role.name}.stopped", stopped)
        self.resilience.stop()
        self.state.stop()
        self._follower.close()
        self._subscriptions.close()
        self._broker.close()
        self._notifier.close()
        self.database.close()
        self.hosting.leave()

    def _stop_work(self) -> None:
        self.scheduler.stop()
        self._links.stop()
        self._worker.stop()
        if self._stop_agents:
            left = self._fleet.stop_runs(timeout=25.0)
            _LOG.info("agents were stopped; %d did not end in time", left)
        self.hosting.stop()
        self._fleet.stop()
        if self._stop_agents:
            self._terminal.kill_all()

    def _begin_stop(self, stop_agents: bool) -> None:  # noqa: FBT001 - the port's signature
        self._stop_agents = self._stop_agents or stop_agents
        self.on_stop()

    def components(self) -> dict[str, tuple[bool, str]]:
        """Return each component's state for `/health`."""
        sessions = self._terminal.alive()
        looked, silent = self.scheduler.looked_ago(), self._broker.silent_s()
        carrier = self._broker.carrier
        return {
            "database": self.database.state(),
            "broker": carrier.state() if carrier else (True, "the database itself"),
            "tmux": (sessions, "sessions answer" if sessions else "tmux does not answer"),
            "scheduler": (looked < HUNG_S, f"looked {looked:.1f} s ago"),
            "dispatcher": (silent < HUNG_S, f"looked {silent:.1f} s ago"),
            "journal": (self._journal.alive(), "follows the runs"),
        }

    def dispatching(self) -> bool:
        """Say whether the threads that move work go on (the keeper's `disp` beat)."""
        silent = max(self.scheduler.looked_ago(), self._broker.silent_s())
        # Whoever waits for a database that stands still is not hung: a new one would wait, too.
        well = silent < HUNG_S or self.database.waits_s() > HUNG_S / 2
        return well and self._journal.alive()

    # What actors do -------------------------------------------------------------------------

    def _send(self, tx: Tx, message: MessageToSend) -> str:
        sent = self._broker.send_by_name(
            message.actor, message.args, message.kwargs, queue=message.queue, tx=tx
        )
        return sent.message_id

    def _execute_approved_command(self, command: str | Any, cwd: str | None, key: str) -> None:
        """Submit an approved command as a task; a message that is delivered again adds none."""
        text = command if isinstance(command, str) else shlex.join(command)
        spec = {"run": text, "cwd": cwd, "title": text.splitlines()[0][:80]}
        self.services.submit_once(spec, actor="queue", key=f"message:{key}")

    def _record(self, type_: str, data: dict[str, Any]) -> None:
        self.database.write(lambda tx: self.bus.record(tx, "system/server", type_, data))

    def _session_changed(self, what: str) -> None:
        self.database.write(
            lambda tx: self.bus.record(tx, "agent/sessions", f"agent.session_{what}", {})
        )

    def _put_shipped_workflows(self) -> None:
        for file in (resources.files("claude_agent") / "workflows").iterdir():
            if file.name.endswith(".yaml"):
                source = file.read_text(encoding="utf-8")
                self.services.put_shipped(source, file.name)


def _nothing() -> None:
    return None


def make_app(home: str | None = None) -> FastAPI:
    """Return the ASGI application of a server on a home, started (`uvicorn api.gateway:app`).

    Its parts hang on `state.app` and `state.lock`; whoever serves it stops them. Raises
    HomeLocked, SetupError, Invalid.
    """
    settings = Settings.load(home)
    at = SystemClock().now()
    lock = server_home.take_lock(settings.home, pid=os.getpid(), at=at)
    token = server_home.operator_token(settings.home)
    app = App(settings, port=settings.server.port, token=token)
    app.start()
    gateway = create_app(app.services)
    gateway.state.app, gateway.state.lock = app, lock
    return gateway
