"""The agent bridge: takes a claimed task into a tmux window and its result out again.

`process_queue_task` prepares the run folder and counts the attempt, `execute_in_tmux` opens the
window, `capture_and_publish_result` judges the verdict and records it. Every run of the product
goes through these three.
"""

import errno
import hashlib
import json
import logging
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from claude_agent.agents import checkout, diff
from claude_agent.agents.adapter import Adapter, Probe
from claude_agent.agents.conversation import left_in, spent
from claude_agent.agents.gone import Gone
from claude_agent.agents.journal import Followed, Journal
from claude_agent.agents.judge import judge_run
from claude_agent.agents.run_files import withdraw
from claude_agent.agents.run_folder import RunFolder
from claude_agent.agents.run_plan import RunPlanner
from claude_agent.agents.terminal import Terminal, Window
from claude_agent.clock import Clock
from claude_agent.core.approvals import Planned
from claude_agent.core.catalogue import AgentInfo, AgentLink, Catalogue
from claude_agent.core.run_control import Ended, RunControl
from claude_agent.domain.retry import Failure
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.domain.usage_limit import Parking
from claude_agent.errors import ClaudeAgentError, FencedOut, Invalid, NotFound

_LOG = logging.getLogger(__name__)
_SESSION = "claude-"
NOBODY = Probe(
    ok=False,
    detail="No agent program was found for the adapter auto.",
    hint="Install one and log in, or name another adapter: claude-agent help environment",
)
OF_RUNS = "run."
"""How the token of a run begins."""
_PASSING = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM}
)
"""What a machine lacks for a while."""


class AgentBridge:
    """Between the queue and the agents' sessions."""

    def __init__(
        self,
        *,
        control: RunControl,
        planner: RunPlanner,
        terminal: Terminal,
        adapters: Mapping[str, Adapter],
        catalogue: Catalogue,
        clock: Clock,
    ) -> None:
        self._control = control
        self._planner = planner
        self._terminal = terminal
        self._quiet = terminal
        self._adapters = adapters
        self._catalogue = catalogue
        self._clock = clock
        self._journal: Journal | None = None
        self._ended: dict[str, Followed] = {}

    def attach(self, journal: Journal, quiet: Terminal) -> None:
        """Hand started runs to this journal; `quiet` starts those that get no window."""
        self._journal = journal
        self._quiet = quiet

    def adapter_for(self, task: Task) -> Adapter:
        """Return what drives a task: its agent's adapter for a prompt, the shell otherwise."""
        if task.spec.kind != "prompt":
            return self._adapters["shell"]
        name = task.adapter or self._catalogue.agent(task.spec.agent).adapter
        return self._adapters.get(name) or Gone(name)

    def probe(self, adapter: str) -> dict[str, Any]:
        """Return whether an adapter's program can be used on this machine, and what to do."""
        found = self._adapters[adapter].probe() if adapter in self._adapters else NOBODY
        return {"adapter": adapter, **asdict(found)}

    def process_queue_task(self, message: Mapping[str, Any]) -> str:
        """Start the claimed task `{task_id, fence}`; return its run id ("": it did not start).

        A task that cannot be prepared ends as failed with the reason; `FencedOut` means that
        somebody else drives it, and nothing was touched.
        """
        task = self._control.task(str(message["task_id"]))
        if task.fence != message["fence"]:
            detail = f"Task {task.ref} is driven by somebody else now."
            raise FencedOut(detail)
        agent = self._catalogue.agents.get(task.spec.agent)
        try:
            if agent is None:
                detail = f"There is no agent {task.spec.agent} any more."
                raise NotFound(detail)
            link = self._control.accounts.choose(task)
            if isinstance(link, Parking):
                self._parked(task, link)
                return ""
            agent, adapter = self._chosen(task, agent, link)
            token = secrets.token_urlsafe(32)
            spec = self._planner.prepare(task, agent, adapter, f"{OF_RUNS}{token}")
        except (ClaudeAgentError, OSError) as error:
            self._not_started(task, error)
            return ""
        hashed = hashlib.sha256(f"{OF_RUNS}{token}".encode()).hexdigest()
        started = self._control.started(
            task, adapter=adapter.name, digest=spec.digest, portable=spec.portable, token=hashed
        )
        if started.state != TaskState.RUNNING:
            if started.state == TaskState.DEAD:  # not what was approved: it never begins
                self._planner.folder(task).seal_if_made(task.fence)
            withdraw(self._planner.folder(task).path)
            return ""  # else cancelled between the claim and the start
        self._open(started, adapter)
        return started.run_id

    def _chosen(
        self, task: Task, agent: AgentInfo, link: AgentLink | None
    ) -> tuple[AgentInfo, Adapter]:
        """Return the agent and the adapter that do a run: those of the first account that may."""
        if task.goes_on:
            return agent, self.adapter_for(task)  # in the conversation that a person took over
        if link is None or link.adapter not in self._adapters:
            name = agent.adapter if task.spec.kind == "prompt" else "shell"
            return agent, self._adapters.get(name, self._adapters["shell"])
        return replace(agent, model=link.model), self._adapters[link.adapter]

    def _parked(self, task: Task, parking: Parking) -> None:
        """Let a claimed task wait for an account that was shut in the same moment."""
        self._planner.folder(task).seal_if_made(task.fence)
        message = f"The account {parking.account} was left alone before it began."
        failure = Failure(kind=parking.kind, message=message, parking=parking)
        self._control.ended(task.id, task.fence, Ended(verdict={}, failure=failure, outputs=None))

    def preview(self, task: Task) -> Planned:
        """Return what would run if the task started now; nothing is made.

        Raises UnknownName, NotPromptable, Invalid, SetupError, OSError.
        """
        agent = self._catalogue.agent(task.spec.agent)
        planned = self._planner.preview(task, agent, self.adapter_for(task))
        return replace(planned, host=self._control.host)

    @staticmethod
    def changes_at(folder: str) -> str:
        """Return the uncommitted changes of the checkout that holds a folder."""
        return checkout.changes_at(folder)

    def _open(self, task: Task, adapter: Adapter) -> None:
        folder = self._planner.folder(task)
        run = Followed(
            task=task,
            folder=folder,
            run_id=task.run_id,
            purpose="run",
            adapter=adapter,
            since=self._clock.now(),
        )
        command = shlex.join(self._planner.shim_argv(folder, task.digest))
        if self._journal is not None:
            self._journal.follow(run)
        try:
            run.pane = self.execute_in_tmux(
                f"{_SESSION}{task.spec.agent}", command, name=task.ref, again=task.goes_on
            )
        except ClaudeAgentError as error:
            _LOG.warning("task %s runs without a window: %s", task.ref, error.detail)
            self._open_quietly(run, command)

    def _open_quietly(self, run: Followed, command: str) -> None:
        """Start the shim without a window: a terminal that is lost or hangs holds up no task.

        Should the window open after all, the second shim finds the run claimed and ends.
        """
        try:
            self._quiet.open(self._window(run.task.spec.agent, command, run.task.ref))
        except ClaudeAgentError as error:
            # Whether a shim has begun is told by the run folder: the journal looks at once.
            _LOG.warning("task %s could not be started: %s", run.task.ref, error.detail)
            run.since = 0

    def execute_in_tmux(
        self, session: str, command: str, *, name: str = "run", again: bool = False
    ) -> str:
        """Start `command` in a new window of an agent's session; return the pane.

        `again`: in the window of this name that a run before it had, where there is one.

        `session` is `claude-<agent>`; `command` is split as a shell splits words and then run
        without one. Raises Invalid, Unavailable, SetupError.
        """
        if not session.startswith(_SESSION):
            detail = f"{session[:80]} is not the session of an agent."
            raise Invalid(detail, hint="Sessions are named claude-<agent>.")
        agent = session.removeprefix(_SESSION)
        return self._terminal.open(self._window(agent, command, name, again=again))

    def _window(self, agent: str, command: str, name: str, *, again: bool = False) -> Window:
        argv, cwd = tuple(shlex.split(command)), self._planner.places.home
        return Window(agent=agent, name=name, argv=argv, cwd=cwd, again=again)

    def run_ended(self, run: Followed) -> Task:
        """Hand a run that ended to `capture_and_publish_result`."""
        verdict = run.folder.verdict()
        if verdict is None:
            detail = f"The run {run.run_id} has no verdict."
            raise NotFound(detail)
        self._ended[run.run_id] = run
        try:
            return self.capture_and_publish_result(json.dumps(verdict.to_data()))
        finally:
            self._ended.pop(run.run_id, None)

    def capture_and_publish_result(self, output: str) -> Task:
        """Judge the verdict of a run (the JSON text of its `exit.json`) and record the result.

        Raises FencedOut, NotFound for a run that is not ours.
        """
        run_id = str(json.loads(output).get("run_id", ""))
        run = self._ended.get(run_id) or self._from_disk(run_id)
        verdict = run.folder.verdict()
        if verdict is None:
            detail = f"The run {run_id} has no verdict."
            raise NotFound(detail)
        secrets = self._planner.secrets
        secrets.scrub(run.task, run.folder.path)
        now = self._control.task(run.task.id)  # with what its agent reported meanwhile
        seen = run.seen.events()
        ended = judge_run(now, run.adapter, run.folder, verdict, seen)
        used = spent(run.task, run.adapter, seen, self._planner.places.folder)
        if used is not None:
            ended = replace(ended, verdict={**ended.verdict, "spent": used})
        if self._control.task(run.task.id).taken_over:
            ended = replace(ended, conversation=left_in(run.folder.path, run.adapter))
        ended = secrets.cleaned(run.task, ended)
        if ended.failure is not None:
            self.keep_diff(run.task)
        return self._control.ended(run.task.id, run.task.fence, ended)

    def keep_diff(self, task: Task) -> None:
        """Keep what a failed run had changed in its work tree, before its failure is recorded."""
        folder = self._planner.folder(task)
        clean = partial(self._planner.secrets.clean_bytes, task)
        diff.keep(folder.path, folder.workplace(), above=self._planner.places.home, clean=clean)

    def _from_disk(self, run_id: str) -> Followed:
        task_id, _, run = run_id.partition(".")
        task = self._control.task(task_id)
        if str(task.run) != run:
            detail = f"{run_id} is not the current run of task {task.ref}."
            raise NotFound(detail)
        return Followed(
            task=task,
            folder=RunFolder(self._planner.places.folder(task_id, task.run)),
            run_id=run_id,
            purpose="run",
            adapter=self.adapter_for(task),
            since=self._clock.now(),
        )

    def _not_started(self, task: Task, error: Exception) -> None:
        detail = error.detail if isinstance(error, ClaudeAgentError) else str(error)
        _LOG.warning("task %s could not be started: %s", task.ref, detail)
        # A full disk may have room again; a wrong folder will not appear by itself, and what
        # could not be prepared uses no attempt: it would be tried for ever.
        retryable = isinstance(error, OSError) and error.errno in _PASSING
        failure = Failure(kind="not_runnable", message=detail, retryable=retryable)
        self._planner.folder(task).seal_if_made(task.fence)
        self._control.ended(task.id, task.fence, Ended(verdict={}, failure=failure, outputs=None))

    def notice(self, agent: str, text: str) -> None:
        """Show a line in the agent's window `notices`; a lost terminal is no error."""
        try:
            self._terminal.notice(agent, text)
        except (ClaudeAgentError, OSError) as error:
            _LOG.debug("no notice for %s: %s", agent, error)

    @property
    def adapters(self) -> Mapping[str, Adapter]:
        """What drives agents, by name."""
        return self._adapters

    @property
    def terminal(self) -> Terminal:
        """Where the windows are."""
        return self._terminal

    def log_path(self, task: Task) -> Path:
        """Return where the task's output is kept."""
        return self._planner.folder(task).path / "output.log"
