"""The fleet: starts claimed tasks, follows them to their end, adopts what a lost owner left."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from claude_agent.agents import control
from claude_agent.agents.agent_bridge import AgentBridge
from claude_agent.agents.handover_sweep import sweep
from claude_agent.agents.journal import Followed, Journal
from claude_agent.agents.judge import judge_checks
from claude_agent.agents.late_verdicts import LateVerdicts
from claude_agent.agents.recovery import Recovery
from claude_agent.agents.run_files import withdraw
from claude_agent.agents.run_plan import RunPlanner
from claude_agent.agents.terminal import Terminal, Window
from claude_agent.clock import Clock
from claude_agent.core.catalogue import Catalogue
from claude_agent.core.question_views import asks
from claude_agent.core.run_control import RunControl
from claude_agent.core.task_desk import COMMANDS
from claude_agent.domain.question import Question
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.errors import ClaudeAgentError, Conflict, FencedOut
from claude_agent.storage.notifier import Notifier

_LOG = logging.getLogger(__name__)
LAUNCHERS = 4
_OF_ONE_RUN = (ClaudeAgentError, OSError, LookupError, TypeError, ValueError)
"""What may be wrong with one run and its folder."""


class Fleet:
    """Owns the runs of this process."""

    def __init__(
        self,
        *,
        bridge: AgentBridge,
        journal: Journal,
        control: RunControl,
        planner: RunPlanner,
        quiet: Terminal,
        parts: "FleetParts",
    ) -> None:
        self._bridge = bridge
        self._journal = journal
        self._control = control
        self._planner = planner
        self._quiet = quiet
        self._clock = parts.clock
        self._catalogue = parts.catalogue
        self._notifier = parts.notifier
        self._on_session = parts.on_session
        self._pool = ThreadPoolExecutor(LAUNCHERS, thread_name_prefix="launcher")
        self._unsettled: dict[str, Task] = {}
        self._in_worker = control.in_worker()
        self._stop = threading.Event()
        self._deliverer = threading.Thread(target=self._deliver, name="delivery", daemon=True)
        self._late = LateVerdicts(journal.late_reports(), planner, bridge.adapters, parts.clock)
        self._recovery = Recovery(control=control, planner=planner, checks=self.start_checks)
        journal.on_end = self._ended
        journal.on_gone = self._gone
        journal.on_idle = self._idle
        journal.on_ask = self._asked
        bridge.attach(journal, quiet)
        bridge.terminal.on_lost(self._terminal_lost)

    # Start and stop -------------------------------------------------------------------------

    def start(self) -> None:
        """Follow the journal and deliver commands."""
        self._pool.submit(sweep, self._clock.now(), self._planner.places.runs)
        self._journal.start()
        self._deliverer.start()
        self._in_worker.start()

    def stop(self) -> None:
        """Let go of every run; none of them is stopped."""
        self._stop.set()
        self._in_worker.stop()
        self._notifier.ring(COMMANDS)
        if self._deliverer.is_alive():
            self._deliverer.join(5.0)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._journal.stop()

    def stop_runs(self, *, timeout: float) -> int:
        """Stop every run by the ladder and wait; return how many did not end in time."""
        for run in self._journal.following():
            if run.purpose == "run":
                try:
                    self._control.stop_run(run.task, "shutdown")
                except ClaudeAgentError as error:
                    _LOG.info("run %s was not stopped: %s", run.run_id, error.detail)
        self._notifier.ring(COMMANDS)
        self._journal.wait_idle(timeout)
        return self._journal.open_runs()

    def launch(self, tasks: Sequence[Task]) -> None:
        """Start claimed tasks, each on its own thread of the pool."""
        for task in tasks:
            if not self._stop.is_set():
                self._pool.submit(self._launch, task)

    def _launch(self, task: Task) -> None:
        try:
            run_id = self._bridge.process_queue_task({"task_id": task.id, "fence": task.fence})
            if run_id:
                self._bridge.notice(
                    task.spec.agent, f"{task.ref} started: {task.spec.title} (window {task.ref})"
                )
            else:
                self._next_run(self._control.task(task.id), task)
        except FencedOut:
            _LOG.info("task %s is driven by somebody else now", task.ref)
        except ClaudeAgentError as error:
            _LOG.warning("task %s could not be launched: %s", task.ref, error.detail)
            self._pool.submit(self._settle_safely, task)
        except Exception:  # noqa: BLE001 - a launcher thread reports, and the task is given back
            _LOG.exception("task %s could not be launched", task.ref)
            self._pool.submit(self._settle_safely, task)

    # Adoption -------------------------------------------------------------------------------

    def adopt_all(self) -> int:
        """Take over every task that the last owner left; return how many runs go on.

        Only where no other process can be: others may drive theirs.
        """
        return self._adopt(self._control.active())

    def adopt_orphans(self) -> int:
        """Take over the tasks of this host that nobody drives; return how many runs go on."""
        return self._adopt(self._control.orphans())

    def _adopt(self, tasks: Sequence[Task]) -> int:
        going = 0
        for task in tasks:
            try:
                adopted = self._control.adopt(task, alive=self._has_life(task))
                going += self._continue(adopted)
            except Conflict:
                _LOG.info("task %s was adopted by somebody else", task.ref)
            except _OF_ONE_RUN as error:
                # One bad run folder must not keep the server from starting.
                _LOG.warning("task %s could not be adopted yet: %s", task.ref, error)
                self._unsettled[task.id] = self._control.task(task.id)
        return going

    def settle(self, tasks: Sequence[Task]) -> None:
        """Decide tasks that we took over from a host that is lost for good."""
        for task in tasks:
            self._pool.submit(self._settle_safely, task)

    def drop_fenced(self) -> list[str]:
        """Let go of every run that somebody else drives by now; return their ids.

        Nothing is signalled and nothing is stopped: the run stays with its adopter.
        """
        dropped = []
        for run in self._journal.following():
            if self._control.task(run.task.id).fence != run.task.fence:
                self._journal.let_go(run)
                dropped.append(run.run_id)
        return dropped

    def _has_life(self, task: Task) -> bool:
        # The shim first: it writes its verdict before it ends.
        folder = self._planner.folder(task)
        return folder.shim_alive() or folder.verdict() is not None

    def _continue(self, task: Task) -> int:
        """Go on with an adopted task: follow a live run, finish an ended one, settle the rest."""
        if task.state == TaskState.RUNNING and self._has_life(task):
            self._follow(task)
            return 1
        self._pool.submit(self._settle_safely, task)
        return int(task.state == TaskState.VERIFYING)

    def _follow(self, task: Task) -> None:
        self._journal.follow(
            Followed(
                task=task,
                folder=self._planner.folder(task),
                run_id=task.run_id,
                purpose="run",
                adapter=self._bridge.adapter_for(task),
                since=self._clock.now(),
            )
        )

    def _settle_safely(self, task: Task) -> None:
        try:
            now = self._control.task(task.id)
            if now.fence != task.fence:
                return  # somebody else drives it
            if now.state == TaskState.RUNNING and self._has_life(now):
                if not self._journal.follows(now.run_id):
                    self._follow(now)
                return
            self._recovery.settle(now)
        except (FencedOut, Conflict):
            _LOG.info("task %s went on without us", task.ref)
        except (ClaudeAgentError, OSError) as error:
            # Something of the run still lives, or the disk is full: it stays unsettled till then.
            _LOG.warning("task %s could not be settled yet: %s", task.ref, error)
            self._unsettled[task.id] = task
        except Exception:  # noqa: BLE001 - a pool thread has nobody above it to report to
            _LOG.exception("task %s could not be settled", task.ref)

    # What the journal says ------------------------------------------------------------------

    def _ended(self, run: Followed) -> None:
        withdraw(run.folder.path)  # its shim took it, unless it died before
        match run.purpose:
            case "run":
                task = self._bridge.run_ended(run)
                if task.state == TaskState.VERIFYING:
                    self._start_gates(task)
                self._next_run(task, run.task)
            case "gates":
                verdict = run.folder.verdict()
                if verdict is None:
                    return
                self._planner.secrets.scrub(run.task, self._planner.folder(run.task).path)
                failure = judge_checks(verdict, run.folder)
                evidence = ("E1", "E5") if failure is None else ("E1",)
                if failure is not None:
                    self._bridge.keep_diff(run.task)
                task = self._control.gates_ended(run.task.id, run.task.fence, failure, evidence)
            case _:
                task = self._recovery.probe_ended(run)
        self._bridge.notice(task.spec.agent, f"{task.ref} {task.state.value}: {task.spec.title}")

    def _next_run(self, task: Task, ended: Task) -> None:
        """Start the run that follows in the same slot: a takeover changes hands."""
        same = task.state == TaskState.RUNNING and task.fence == ended.fence
        if same and task.run != ended.run:
            self.launch([task])

    def _start_gates(self, task: Task) -> None:
        try:
            self.start_checks(task, "gates", task.gate_run)
        except (ClaudeAgentError, OSError) as error:
            # The run's end is recorded already: only the gates are tried again.
            _LOG.warning("the gates of task %s wait: %s", task.ref, error)
            self._unsettled[task.id] = task

    def _gone(self, run: Followed) -> None:
        self._pool.submit(self._settle_safely, run.task)

    def _asked(self, question: Question) -> None:
        told = f"It asks: {asks(question)} (claude-agent question show {question.ref})"
        _LOG.info("%s asks (question %s): %s", question.agent, question.ref, asks(question))
        self._bridge.notice(question.agent, told)

    def _idle(self, run: Followed) -> None:
        if run.task.taken_over:
            return  # a person has it
        limits, now = run.task.spec.limits, self._clock.now()
        quiet = run.folder.quiet_ms(now)
        if quiet is not None and run.heard_at:  # it may think about what it was told
            quiet = min(quiet, max(0, now - run.heard_at))
        if limits.idle_ms is not None and quiet is not None and quiet > limits.idle_ms:
            self._control.stop_run(run.task, "timeout.idle")
            return
        beat = run.folder.quiet_ms(
            now, beat=True
        )  # a command that never gave a sign need not go on doing so
        if limits.heartbeat_ms is not None and beat is not None and beat > limits.heartbeat_ms:
            self._control.stop_run(run.task, "timeout.heartbeat")

    def start_checks(self, task: Task, purpose: str, k: int) -> None:
        """Run the gates or the probe of a task in the background, under a shim of their own."""
        if purpose == "gates":
            checks = [(gate["name"], gate["run"]) for gate in task.spec.gates]
        else:
            checks = [("verify", task.spec.verify)]
        agent = self._catalogue.agent(task.spec.agent)
        folder = self._planner.prepare_checks(task, agent, purpose, k, checks)
        run = Followed(
            task=task,
            folder=folder,
            run_id=f"{task.run_id}.{purpose}-{k}",
            purpose=purpose,
            adapter=self._bridge.adapter_for(task),
            since=self._clock.now(),
        )
        self._journal.follow(run)
        argv = self._planner.shim_argv(folder)
        window = Window(
            agent=task.spec.agent, name=task.ref, argv=argv, cwd=self._planner.places.home
        )
        try:
            self._quiet.open(window)
        except BaseException:
            self._journal.forget(run.run_id)
            raise

    # Commands to runs -----------------------------------------------------------------------

    def _deliver(self) -> None:
        while not self._stop.is_set():
            self._notifier.wait({COMMANDS}, 2.0)
            if self._stop.is_set():
                return
            for task_id in list(self._unsettled):
                task = self._unsettled.pop(task_id)
                self._pool.submit(self._settle_safely, task)
            for run in self._journal.following():
                if self._stop.is_set():
                    return
                self._deliver_to(run)
            self._late.look()

    def _deliver_to(self, run: Followed) -> None:
        try:
            commands = self._journal.open_commands(run)
            if commands and run.purpose == "verify" and not self._cancelled(run.task):
                return  # they were meant for the run that was lost, not for its probe
            for n, kind, data in commands:
                request = {
                    "run": run.task.run,
                    "fence": run.task.fence,
                    "n": n,
                    "kind": kind,
                    "data": data,
                }
                control.send(run.folder.path, request, timeout=2.0)
        except (control.ShimGone, FileNotFoundError):
            return  # not begun yet, or ended: the journal sees which
        except (control.ShimRefused, ClaudeAgentError) as error:
            _LOG.warning("a command to run %s was not delivered: %s", run.run_id, error)

    def _cancelled(self, task: Task) -> bool:
        return bool(self._control.task(task.id).cancel_requested)

    # The terminal ---------------------------------------------------------------------------

    def _terminal_lost(self) -> None:
        if self._stop.is_set():
            return
        terminal = self._bridge.terminal
        _LOG.warning("the tmux server is gone; sessions are made again, runs go on")
        self._on_session("lost")
        try:
            terminal.ensure(sorted(self._catalogue.agents))
            for run in self._journal.following():
                if run.purpose == "run" and not run.task.on_screen:
                    log = str(run.folder.path / "output.log")
                    argv = ("tail", "-n", "200", "-F", log)
                    window = Window(
                        agent=run.task.spec.agent,
                        name=run.task.ref,
                        argv=argv,
                        cwd=self._planner.places.home,
                    )
                    run.pane = terminal.open(window)
            self._on_session("started")
        except ClaudeAgentError as error:
            _LOG.warning("the sessions could not be made again: %s", error.detail)


class FleetParts:
    """What the fleet needs beside its own floor."""

    __slots__ = ("catalogue", "clock", "notifier", "on_session")

    def __init__(
        self,
        *,
        clock: Clock,
        catalogue: Catalogue,
        notifier: Notifier,
        on_session: Callable[[str], None],
    ) -> None:
        self.clock = clock
        self.catalogue = catalogue
        self.notifier = notifier
        self.on_session = on_session
