"""The fleet with real shims and processes, on the real core; only the terminal has no screen."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any

from claude_agent.agents import reaper
from claude_agent.agents.adapters.fake import FakeAdapter
from claude_agent.agents.adapters.shell import ShellAdapter
from claude_agent.agents.agent_bridge import AgentBridge
from claude_agent.agents.fleet import Fleet, FleetParts
from claude_agent.agents.journal import Followed, Journal
from claude_agent.agents.run_folder import RunFolder
from claude_agent.agents.run_plan import Places, RunPlanner
from claude_agent.agents.terminals.process import ProcessTerminal
from claude_agent.clock import SystemClock
from claude_agent.domain.task import Task
from tests.unit.core.stand import Stand
from tests.waiting import wait_until


class Crew:
    """One server's agents."""

    def __init__(self, folder: Path, image: Path) -> None:
        self.home = folder
        # Real processes are found by their run ids: no two crews on a machine may share one.
        self.stand = Stand(folder, seed=secrets.randbits(32))
        self.places = Places(
            home=folder,
            runs=folder / "runs",
            workspaces=folder / "workspaces",
            bell=folder / "bell.sock",
            shim=image,
            url="http://127.0.0.1:1",
        )
        self.planner = RunPlanner(self.places, {"PATH": os.environ["PATH"], "SECRET": "x"})
        self.clock = SystemClock()
        self.sessions: list[str] = []
        self.fleet: Fleet | None = None
        self.open()

    def open(self) -> None:
        """Build the parts of a server process; nothing runs yet."""
        stand = self.stand
        self.terminal, self.quiet = ProcessTerminal(), ProcessTerminal()
        self.bridge = AgentBridge(
            control=stand.control,
            planner=self.planner,
            terminal=self.terminal,
            adapters={"shell": ShellAdapter(), "fake": FakeAdapter()},
            catalogue=stand.catalogue,
            clock=self.clock,
        )
        self.journal = Journal(records=stand.records, clock=self.clock, bell=self.places.bell)
        self.fleet = Fleet(
            bridge=self.bridge,
            journal=self.journal,
            control=stand.control,
            planner=self.planner,
            quiet=self.quiet,
            parts=FleetParts(
                clock=self.clock,
                catalogue=stand.catalogue,
                notifier=stand.notifier,
                on_session=self.sessions.append,
            ),
        )

    @property
    def crew(self) -> Fleet:
        """The fleet that is there."""
        assert self.fleet is not None
        return self.fleet

    def start(self) -> "Crew":
        """Let the threads run."""
        self.crew.start()
        return self

    def restart(self) -> None:
        """Lose the server process, keep its runs, begin again without threads."""
        self.crew.stop()
        self.stand.restart()
        self.open()

    def close(self) -> None:
        """End everything that was started here."""
        with contextlib.suppress(RuntimeError):
            self.crew.stop()
        for terminal in (self.terminal, self.quiet):
            terminal.kill_all()
        for folder in (self.places.runs).glob("*/*"):
            reaper.reap(f"{folder.parent.name}.{folder.name}")
        self.stand.close()

    # What a test does -----------------------------------------------------------------------

    def submit(self, run: str = "true", **fields: Any) -> Task:
        """Submit and claim a task; its run has not begun."""
        one = self.stand.submit("testing", run=run, **fields)
        return next(each for each in self.stand.claims.claim() if each.id == one.id)

    def launch(self, run: str = "true", **fields: Any) -> Task:
        """Submit a task and let the fleet start it."""
        one = self.submit(run, **fields)
        self.crew.launch([one])
        return one

    def begun(self, run: str, **fields: Any) -> Task:
        """Launch a task and wait until its command is at work (it prints `up`)."""
        one = self.launch(f"echo up; {run}", **fields)
        folder = self.folder(one)
        wait_until(lambda: b"up" in folder.tail(100), timeout=20.0, what="the command")
        return self.task(one)

    def folder(self, one: Task) -> RunFolder:
        """Return the folder of a task's current run."""
        return self.planner.folder(one)

    def task(self, one: Task) -> Task:
        """Return a task as it is now."""
        return self.stand.task(one.id)

    def until(self, one: Task, *states: str) -> Task:
        """Wait until a task is in one of these states."""
        wait_until(
            lambda: self.task(one).state in states,
            timeout=20.0,
            what=f"{one.ref} to be {' or '.join(states)}",
        )
        return self.task(one)

    def followed(self, one: Task) -> Followed:
        """Return a task's run as the journal would follow it."""
        return Followed(
            task=one,
            folder=self.folder(one),
            run_id=one.run_id,
            purpose="run",
            adapter=self.bridge.adapter_for(one),
            since=self.clock.now(),
        )
