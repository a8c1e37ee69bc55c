"""The parts of a system, each a thin view of one family of the API's paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urljoin

from claude_sdk.transport import Request, Transport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Unpack

    from claude_sdk.options import ExecutionFilter, Source, TaskFilter
    from claude_sdk.wire import (
        Agent,
        App,
        Attempts,
        Execution,
        ExecutionPage,
        Frame,
        Frames,
        Head,
        Health,
        Json,
        Log,
        Result,
        Start,
        Status,
        Stopping,
        Summary,
        Task,
        TaskPage,
        Ticket,
        Validated,
        Verdict,
        Workflow,
    )
    from claude_sdk.wire_events import EventPublished
    from claude_sdk.wire_insight import (
        ExecutionExplained,
        TaskExplained,
        WorkflowDiff,
        WorkflowImported,
        WorkflowPlan,
        WorkflowVersions,
    )
    from claude_sdk.wire_terminal import AgentProbe, TerminalSession
    from claude_sdk.workflow import Workflow as Built


class Part:
    """The shared half: paths and JSON over one transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _get(self, *parts: str, query: Mapping[str, object] | None = None) -> object:
        return self._transport.send(Request(method="GET", path=path(*parts), query=query or {}))

    def _post(self, *parts: str, body: object = None, key: str | None = None) -> object:
        return self._transport.send(Request(method="POST", path=path(*parts), body=body, key=key))


def path(*parts: str) -> str:
    """Return `/a/b` with every part quoted, so that a name can never be another path."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _items(document: object) -> object:
    return document["items"] if isinstance(document, dict) else document


class Tasks(Part):
    """The queue's work."""

    def submit(self, body: Json, *, key: str | None = None) -> Task:
        """Accept a task given as the API's own body; it is durable when this returns."""
        return cast("Task", self._post("tasks", "submit", body=body, key=key))

    def list(self, **narrow: Unpack[TaskFilter]) -> TaskPage:
        """Return a page of tasks, newest first, with the counts per state."""
        return cast("TaskPage", self._get("tasks", query=narrow))

    def get(self, ref: str) -> Task:
        """Return one task by id or ref."""
        return cast("Task", self._get("tasks", ref))

    def result(self, ref: str) -> Result:
        """Return what the task left: outputs, error, exit, evidence."""
        return cast("Result", self._get("tasks", ref, "result"))

    def attempts(self, ref: str) -> Attempts:
        """Return how each attempt that has ended did so: evidence, tokens, cost."""
        return cast("Attempts", self._get("tasks", ref, "attempts"))

    def log(
        self, ref: str, *, offset: int = 0, run: int | None = None, limit: int | None = None
    ) -> Log:
        """Return output from a byte offset on; of the latest run unless one is named."""
        query = {"offset": offset, "run": run, "limit": limit}
        return cast("Log", self._get("tasks", ref, "log", query=query))

    def explain(self, ref: str) -> TaskExplained:
        """Return why the task has not ended, and the command that helps."""
        return cast("TaskExplained", self._get("tasks", ref, "explain"))

    def cancel(self, ref: str) -> Task:
        """Ask for a cancel; the stop ladder then runs. The answer shows the state by now."""
        return cast("Task", self._post("tasks", ref, "cancel"))

    def resolve(self, ref: str, outcome: str, *, note: str = "") -> Task:
        """Say what happened in an uncertain task: `succeeded`, `retry` or `failed`.

        Raises Conflict where the task is not uncertain, or its run is not proved ended yet.
        """
        body = {"outcome": outcome, "note": note}
        return cast("Task", self._post("tasks", ref, "resolve", body=body))

    def take_over(self, ref: str) -> Task:
        """Stop the agent softly and open its own screen with the same conversation.

        Raises Invalid where the task has no conversation, Conflict where it cannot be now.
        """
        return cast("Task", self._post("tasks", ref, "takeover"))

    def hand_back(self, ref: str, *, note: str = "") -> Task:
        """Close the screen; the agent goes on in the conversation and is told the note."""
        return cast("Task", self._post("tasks", ref, "handback", body={"note": note}))

    def attach_argv(self, ref: str) -> Sequence[str]:
        """Return the command line that attaches a terminal to the task's window."""
        answer = cast("dict[str, Sequence[str]]", self._get("tasks", ref, "attach"))
        return answer["argv"]


class Executions(Part):
    """The runs of workflows."""

    def list(self, **narrow: Unpack[ExecutionFilter]) -> ExecutionPage:
        """Return a page of executions, newest first, with the counts per state."""
        return cast("ExecutionPage", self._get("executions", query=narrow))

    def get(self, ref: str) -> Execution:
        """Return one execution by id or ref."""
        return cast("Execution", self._get("executions", ref))

    def summary(self, ref: str) -> Summary:
        """Return the execution with its graph and the cursor to follow it from."""
        return cast("Summary", self._get("executions", ref, "summary"))

    def events(self, ref: str) -> Frames:
        """Return the whole history of the execution so far."""
        return cast("Frames", self._get("executions", ref, "events"))

    def explain(self, ref: str, *, step: str | None = None) -> ExecutionExplained:
        """Return why each step (or the one that is named) is not closed, and what follows."""
        query = {"step": step}
        return cast("ExecutionExplained", self._get("executions", ref, "explain", query=query))

    def cancel(self, ref: str, *, compensate: bool | None = None) -> Execution:
        """Ask for a cancel, with or without undoing (None: as the workflow says)."""
        body = {} if compensate is None else {"compensate": compensate}
        return cast("Execution", self._post("executions", ref, "cancel", body=body))

    def signal(
        self, ref: str, name: str, data: object = None, *, source: str = "", message_id: str = ""
    ) -> Execution:
        """Send a signal; a step that waits for it goes on, one that will wait finds it.

        The same message id again changes nothing. Raises Conflict when the execution has ended.
        """
        body = {"data": data, "source": source, "message_id": message_id}
        return cast("Execution", self._post("executions", ref, "signals", name, body=body))


class Workflows(Part):
    """Definitions: check, store, start."""

    def list(self) -> list[Workflow]:
        """Return the definitions the server knows, shipped and stored."""
        return cast("list[Workflow]", _items(self._get("workflows")))

    def get(self, name: str) -> Workflow:
        """Return one definition."""
        return cast("Workflow", self._get("workflows", name))

    def validate(self, source: str | Built, *, file: str = "") -> Validated:
        """Check a definition; raise DefinitionInvalid with all its problems."""
        body = {"source": _text(source)} | ({"file": file} if file else {})
        return cast("Validated", self._post("workflows", "validate", body=body))

    def schema(self) -> object:
        """Return the JSON Schema (draft 2020-12) of definition files, a JSON object."""
        return self._get("workflows", "schema")

    def define(self, source: str | Built, *, file: str = "") -> Workflow:
        """Store a definition under its own name."""
        body = {"source": _text(source)} | ({"file": file} if file else {})
        return cast("Workflow", self._post("workflows", body=body))

    def plan(self, name: str = "-", **source: Unpack[Source]) -> WorkflowPlan:
        """Return what an execution would do: levels, agents, waits, undoing; nothing is stored."""
        return cast("WorkflowPlan", self._post("workflows", name, "plan", body=source))

    def import_(self, source: str, *, file: str = "", origin: str = "") -> WorkflowImported:
        """Return a workflow of GitHub Actions or Dagu in our format, with what did not map.

        `origin`: `github` or `dagu`; else by its looks. Nothing is stored.
        """
        body = {"source": source, "file": file, "origin": origin}
        body = {key: value for key, value in body.items() if value}
        return cast("WorkflowImported", self._post("workflows", "import", body=body))

    def versions(self, name: str) -> WorkflowVersions:
        """Return the versions of a workflow, the newest first."""
        return cast("WorkflowVersions", self._get("workflows", name, "versions"))

    def diff(self, name: str, before: str = "", after: str = "") -> WorkflowDiff:
        """Return what changed between two versions: by default the last two.

        A version is the begin of its hash, or its label.
        """
        query = {"before": before, "after": after}
        return cast("WorkflowDiff", self._get("workflows", name, "diff", query=query))

    def execute(
        self, name: str = "-", *, key: str | None = None, **source: Unpack[Source]
    ) -> Execution:
        """Start a stored workflow, or with "-" the one given as `source`."""
        body: Mapping[str, object] = source
        if "source" in source:
            body = {**source, "source": _text(source["source"])}
        return cast("Execution", self._post("workflows", name, "execute", body=body, key=key))


class Agents(Part):
    """The agents and their sessions. Iterate over it for all of them."""

    def __iter__(self) -> Iterator[Agent]:
        return iter(self.list())

    def list(self) -> list[Agent]:
        """Return all agents."""
        return self.status()["agents"]

    def status(self) -> Status:
        """Return agents, queues and workers in one answer."""
        return cast("Status", self._get("agents", "status"))

    def get(self, name: str) -> Agent:
        """Return one agent."""
        return cast("Agent", self._get("agents", name))

    def logs(self, name: str, *, lines: int | None = None) -> str:
        """Return the last lines of what the agent's session shows."""
        answer = cast("dict[str, str]", self._get("agents", name, "logs", query={"lines": lines}))
        return answer["text"]

    def attach_argv(self, name: str) -> Sequence[str]:
        """Return the command line that attaches a terminal to the agent's session."""
        answer = cast("dict[str, Sequence[str]]", self._get("agents", name, "attach"))
        return answer["argv"]

    def sessions(self) -> Sequence[TerminalSession]:
        """Return every session of the terminal, also those of people on their own server."""
        return cast("Sequence[TerminalSession]", _items(self._get("sessions")))

    def probe(self, name: str) -> AgentProbe:
        """Say whether the agent's program can be used on the server's machine."""
        return cast("AgentProbe", self._get("agents", name, "probe"))


class Events(Part):
    """The log."""

    def read(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        topic: str | None = None,
        wait_ms: int = 0,
    ) -> Frames:
        """Return events after a cursor; with `wait_ms`, wait that long for the first one."""
        query = {"after": after, "limit": limit, "topic": topic, "wait_ms": wait_ms or None}
        silence = 30.0 + wait_ms / 1000
        request = Request(method="GET", path="/events", query=query, timeout=silence)
        return cast("Frames", self._transport.send(request))

    def all(self, *, topic: str | None = None) -> Iterator[Frame]:
        """Yield every event of the log, page by page."""
        after: str | None = None
        while True:
            page = self.read(after=after, topic=topic, limit=1000)
            yield from page["items"]
            if page["cursor"] == after or not page["items"]:
                return
            after = page["cursor"]

    def publish(
        self, type_: str, data: Mapping[str, object] | None = None, *, key: str | None = None
    ) -> EventPublished:
        """Say an event: to steps that wait for its type, and to workflows that it starts.

        The same key says it once. Raises Problem where the type or the data cannot be said.
        """
        body = {"type": type_, "data": dict(data or {})}
        return cast("EventPublished", self._post("events", body=body, key=key))

    def head(self) -> Head:
        """Return the cursor and the hash of the log's end."""
        return cast("Head", self._get("events", "head"))

    def verify(self) -> Verdict:
        """Check the whole hash chain."""
        return cast("Verdict", self._get("events", "verify"))

    def starts(self) -> list[Start]:
        """Return every start of a command that the log explains."""
        return cast("list[Start]", _items(self._get("events", "starts")))


class Apps(Part):
    """Deployed applications."""

    def list(self) -> list[App]:
        """Return all applications."""
        return cast("list[App]", _items(self._get("apps")))

    def stop(self, name: str) -> object:
        """Stop an application; it stays stopped until the next deployment."""
        return self._post("apps", name, "stop")


class Server(Part):
    """The server itself."""

    def health(self) -> Health:
        """Return its health at once: no retries."""
        request = Request(method="GET", path="/health", timeout=5.0, patient=False)
        return cast("Health", self._transport.send(request))

    def login_address(self) -> str:
        """Return an address that logs a browser in to the dashboard, once, for 30 s."""
        relative = cast("Ticket", self._post("session", "ticket"))["url"]
        return urljoin(self._transport.endpoint().url + "/", relative)

    def stop(self, *, stop_agents: bool = False) -> Stopping:
        """End the server; working agents go on unless `stop_agents`."""
        return cast("Stopping", self._post("server", "stop", body={"stop_agents": stop_agents}))

    def send_message(self, actor: str, *args: object, **options: object) -> str:
        """Enqueue an ordinary message for an actor by name; return its id."""
        body = {"actor": actor, "args": list(args), "kwargs": options}
        answer = cast("dict[str, str]", self._post("messages", body=body))
        return answer["message_id"]


def _text(source: str | Built) -> str:
    return source if isinstance(source, str) else source.source()
