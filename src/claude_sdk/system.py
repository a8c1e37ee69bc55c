"""`ClaudeSystem`: the whole product from Python."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast
from urllib.parse import urljoin

from claude_sdk.approvals import Approvals, Tokens
from claude_sdk.dead_letters import DeadLetters
from claude_sdk.discovery import locator
from claude_sdk.errors import ProblemDocument, UnknownName, WaitTimeout
from claude_sdk.executions import SteeredExecutions
from claude_sdk.hosts import Hosts
from claude_sdk.parts import (
    Agents,
    Apps,
    Events,
    Server,
    Tasks,
    Workflows,
)
from claude_sdk.questions import Questions
from claude_sdk.queues import Queues
from claude_sdk.resilience import Resilience
from claude_sdk.schedules import Schedules
from claude_sdk.state import State
from claude_sdk.transport import Patience, Transport
from claude_sdk.triggers import Triggers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Unpack

    from claude_sdk.live import LiveEvents
    from claude_sdk.options import Source, TaskOptions, WorkOptions
    from claude_sdk.results import TaskResult
    from claude_sdk.wire import Execution, Frame, Json, Task

_LONGEST_FILE = 128


class ClaudeSystem:
    """A client of one server; safe to share between threads.

    `ClaudeSystem()` finds the local server and its token through `$CLAUDE_AGENT_URL` or the
    home's files; `home` names another home, `url` and `token` another server. Its parts
    (`tasks`, `executions`, `workflows`, `agents`, `queues`, `dead_letters`, `approvals`,
    `questions`, `tokens`, `hosts`, `state`, `resilience`, `events`, `apps`, `server`) show each
    path of the API. Every request that creates something carries an idempotency key, so a lost
    answer never does a thing twice.
    """

    def __init__(
        self,
        *,
        url: str | None = None,
        token: str | None = None,
        home: Path | str | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._transport = Transport(locator(url, token, home), patience=patience)
        self.tasks = Tasks(self._transport)
        self.executions = SteeredExecutions(self._transport)
        self.workflows = Workflows(self._transport)
        self.agents = Agents(self._transport)
        self.queues = Queues(self._transport)
        self.hosts = Hosts(self._transport)
        self.schedules = Schedules(self._transport)
        self.triggers = Triggers(self._transport)
        self.state = State(self._transport)
        self.resilience = Resilience(self._transport)
        self.dead_letters = DeadLetters(self._transport)
        self.approvals = Approvals(self._transport)
        self.questions = Questions(self._transport)
        self.tokens = Tokens(self._transport)
        self.events = Events(self._transport)
        self.apps = Apps(self._transport)
        self.server = Server(self._transport)

    def __enter__(self) -> ClaudeSystem:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        self._transport.close()

    def address(self, relative: str = "/ui/") -> str:
        """Return the full address of a page whose address the server gave relative to itself."""
        return urljoin(self._transport.endpoint().url + "/", relative)

    def submit_task(self, description: str | None = None, **options: Unpack[TaskOptions]) -> Task:
        """Hand a task to the queue and return it; it is durable when this returns.

        `description` is a prompt for a coding agent; or give `run` (shell text) or `action`.
        The working directory is the caller's unless `cwd` says otherwise.
        """
        return self.tasks.submit(
            task_body(description, options), key=options.get("idempotency_key")
        )

    def execute_task(
        self,
        description: str,
        agents: Sequence[str] | None = None,
        timeout: float | None = None,
        *,
        cancel: bool = False,
        **work: Unpack[WorkOptions],
    ) -> TaskResult:
        """Submit a description, wait for its end, return the result (also of a failure).

        `timeout` is in seconds; when it runs out the call raises WaitTimeout and the work goes
        on, unless `cancel` asks for its stop. Several agents raise PlanningNotAvailable where
        the server has no planner.
        """
        options = cast("TaskOptions", dict(work))
        if agents is not None and len(agents) > 1:
            options["agents"] = list(agents)
        elif agents:
            options["agent"] = agents[0]
        task = self.submit_task(description, **options)
        try:
            ended = self.wait_task(task["id"], timeout=timeout)
        except WaitTimeout:
            if cancel:
                self.tasks.cancel(task["id"])
            raise
        from claude_sdk.results import task_result  # noqa: PLC0415 - commands start fast

        return task_result(ended, self.tasks.result(task["id"]), url=self.address(task["url"]))

    def submit_agent_request(
        self,
        agent_id: str,
        session_id: str,
        command: str,
        auto_approve: bool = False,  # noqa: FBT001, FBT002 - public spelling
    ) -> str:
        """Ask for a shell command to run as an agent; return the request's id.

        `session_id` must be the agent's tmux session. The policy of approvals decides: what an
        operator's token submits goes on by itself unless a rule holds it. `auto_approve` is the
        yes in advance; it counts only with an operator's token and never over `always_ask`.
        """
        session = self.agents.get(agent_id)["session"]
        if session_id != session:
            raise UnknownName(
                ProblemDocument(
                    status=422,
                    code="unknown_name",
                    detail=f"{session_id!r} is not the session of the agent {agent_id}.",
                    hint=f"Use {session!r}",
                    pointer="/session_id",
                )
            )
        options: TaskOptions = {"run": command, "agent": agent_id, "title": _title(command)}
        if auto_approve:
            options["auto_approve"] = True
        return self.submit_task(**options)["id"]

    def run_workflow(
        self,
        workflow: str | Path,
        params: Mapping[str, object] | None = None,
        *,
        cwd: str | Path | None = None,
        idempotency_key: str | None = None,
    ) -> Execution:
        """Start a workflow: a Path is a definition file, text is a stored workflow's name."""
        source: Source = {"params": dict(params or {}), "cwd": str(cwd or os.getcwd())}  # noqa: PTH109 - see task_body
        name = "-"
        if isinstance(workflow, str):
            name = workflow
        else:
            source["source"] = workflow.read_text("utf-8")
            source["file"] = str(workflow)[-_LONGEST_FILE:]
        return self.workflows.execute(name, key=idempotency_key, **source)

    def monitor(self, execution_id: str) -> Iterator[Frame]:
        """Yield the execution's events, its history first, until it has ended.

        Nothing is missed or given twice, whatever happens to the connection.
        """
        from claude_sdk.history import events_of  # noqa: PLC0415 - commands start fast

        with self.live(["tasks", "executions"]) as live:
            yield from events_of(self.executions, live, execution_id)

    def live(self, topics: Sequence[str] = ("*",), *, after: str | None = None) -> LiveEvents:
        """Return the live events of some topics (`*`: of all).

        They are tasks, executions, agents, state, notices, system.
        """
        from claude_sdk.live import LiveEvents  # noqa: PLC0415 - commands start fast

        return LiveEvents(self._transport, topics=topics, after=after)

    def wait_task(
        self,
        ref: str,
        *,
        timeout: float | None = None,
        seen: Callable[[Task], None] | None = None,
    ) -> Task:
        """Return the task once it has ended; raise WaitTimeout after `timeout` seconds.

        `seen` gets it as it was before, each time that something happened to it.
        """
        from claude_sdk.waiting import wait_for_end  # noqa: PLC0415 - commands start fast

        return wait_for_end(
            self.events,
            topic="tasks",
            read=lambda: self.tasks.get(ref),
            timeout=timeout,
            url=self.address,
            seen=seen,
        )

    def wait_execution(
        self,
        ref: str,
        *,
        timeout: float | None = None,
        seen: Callable[[Execution], None] | None = None,
    ) -> Execution:
        """Return the execution once it has ended; raise WaitTimeout after `timeout` seconds.

        `seen` gets it as it was before, each time that something happened to it.
        """
        from claude_sdk.waiting import wait_for_end  # noqa: PLC0415 - commands start fast

        return wait_for_end(
            self.events,
            topic="executions",
            read=lambda: self.executions.get(ref),
            timeout=timeout,
            url=self.address,
            seen=seen,
        )


def submit_agent_request(
    agent_id: str,
    session_id: str,
    command: str,
    auto_approve: bool = False,  # noqa: FBT001, FBT002 - public spelling
) -> str:
    """Do what `ClaudeSystem.submit_agent_request` does, with the local server."""
    with ClaudeSystem() as system:
        return system.submit_agent_request(agent_id, session_id, command, auto_approve)


def task_body(description: str | None, options: TaskOptions) -> Json:
    """Return the body of `POST /tasks/submit` for a description and options."""
    body: Json = {} if description is None else {"prompt": description}
    for name, value in options.items():
        if name != "idempotency_key" and value is not None:
            body["with" if name == "with_" else name] = value
    body.setdefault("cwd", os.getcwd())  # noqa: PTH109 - text, as the wire wants it
    return body


def _title(command: str) -> str:
    line = command.strip().splitlines()[0] if command.strip() else command
    return line[:80]
