"""The tools of a person's assistant; each is one call of the SDK. Needs the extra `mcp`."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Literal, ParamSpec

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

import claude_agent
from claude_agent.mcp.lineage import run_above
from claude_sdk.errors import ClaudeError
from claude_sdk.options import ExecutionFilter, Source, TaskFilter
from claude_sdk.system import ClaudeSystem
from claude_sdk.wire import Json, Priority
from claude_sdk.wire_approvals import ApprovalFilter

P = ParamSpec("P")
INSTRUCTIONS = (
    "claude-agent runs tasks and workflows with coding agents. Tasks and executions are named by"
    " their ref. Work goes on when a call returns: look at it with get_task or get_execution."
    " Show a person what an approval would run before you approve it for them."
)
MOST = 50
Ref = Annotated[str, Field(min_length=1, max_length=128, description="An id or ref")]
Limit = Annotated[int, Field(ge=1, le=MOST)]


class Tools:
    """What an assistant may do: what its person's token may."""

    def __init__(self, system: ClaudeSystem, *, inside: str) -> None:
        self._system = system
        self._inside = inside

    def submit_task(
        self,
        prompt: Annotated[str, Field(min_length=1, description="What is to be done")],
        agent: str | None = None,
        title: str | None = None,
        priority: Priority | None = None,
        cwd: Annotated[str | None, Field(description="An absolute folder to work in")] = None,
        result_schema: Json | None = None,
    ) -> object:
        """Hand a task to a coding agent; without an agent it is routed by its words."""
        more = {
            "agent": agent,
            "title": title,
            "priority": priority,
            "cwd": cwd,
            "result_schema": result_schema,
        }
        given = {name: value for name, value in more.items() if value is not None}
        return self._system.tasks.submit({"prompt": prompt, **given})

    def get_task(self, ref: Ref) -> object:
        """Show a task: its state, outputs or error."""
        return self._system.tasks.get(ref)

    def cancel_task(self, ref: Ref) -> object:
        """Cancel a task; its agent is stopped."""
        return self._system.tasks.cancel(ref)

    def list_tasks(
        self, state: str | None = None, agent: str | None = None, limit: Limit = 20
    ) -> object:
        """List tasks, the newest first, with the number in each state."""
        return self._system.tasks.list(**TaskFilter(state=state, agent=agent, limit=limit))

    def list_agents(self) -> object:
        """List the agents, what they do now, and their queues."""
        return self._system.agents.status()

    def run_workflow(self, name: str, params: Json | None = None) -> object:
        """Start a stored workflow; without a name that exists the known ones are named."""
        return self._system.workflows.execute(name, **Source(params=params or {}))

    def get_execution(self, ref: Ref) -> object:
        """Show an execution of a workflow: its steps and their states."""
        return self._system.executions.get(ref)

    def list_executions(self, state: str | None = None, limit: Limit = 20) -> object:
        """List executions of workflows, the newest first."""
        return self._system.executions.list(**ExecutionFilter(state=state, limit=limit))

    def list_approvals(self, limit: Limit = 20) -> object:
        """List what waits for a decision, each with exactly what would run and its digest."""
        desk = self._system.approvals
        page = desk.list(**ApprovalFilter(state="requested", limit=limit))
        return {"items": [desk.get(one["ref"]) for one in page["items"]], "counts": page["counts"]}

    def approve(
        self,
        ref: Ref,
        digest: Annotated[
            str, Field(description="Of what was shown; empty only where it has none")
        ],
        note: str = "",
    ) -> object:
        """Say yes, for the person, to exactly what has this digest."""
        self._may_decide()
        return self._system.approvals.approve(ref, digest=digest or None, note=note)

    def reject(self, ref: Ref, note: str = "") -> object:
        """Say no, for the person."""
        self._may_decide()
        return self._system.approvals.reject(ref, note=note)

    def get_state(self, key: str) -> object:
        """Read a key of the shared state."""
        return self._system.state.get(key)

    def set_state(self, key: str, value: object, version: int | None = None) -> object:
        """Set a key of the shared state; `version`: only if it still is at that one."""
        return self._system.state.set(key, value, version=version)

    def _may_decide(self) -> None:
        if self._inside:
            message = (
                f"This assistant works inside the run {self._inside}: agents decide nothing about"
                " what agents ask for. A person decides: claude-agent approval list"
            )
            raise ToolError(message)


_READS = ("get_task", "list_tasks", "list_agents", "get_execution", "list_executions")
_ALL: tuple[tuple[str, Literal["reads", "changes"]], ...] = (
    *((name, "reads") for name in (*_READS, "list_approvals", "get_state")),
    *(
        (name, "changes")
        for name in ("submit_task", "cancel_task", "run_workflow", "approve", "reject", "set_state")
    ),
)


def build(system: ClaudeSystem) -> MCPServer:
    """Return the server with its tools; nothing is asked of the API before a tool is called."""
    tools = Tools(system, inside=run_above())
    server = MCPServer(
        "claude-agent",
        version=claude_agent.__version__,
        instructions=INSTRUCTIONS,
        log_level="WARNING",
    )
    for name, kind in _ALL:
        about = ToolAnnotations(read_only_hint=kind == "reads", open_world_hint=False)
        server.tool(name, annotations=about, structured_output=False)(_told(getattr(tools, name)))
    return server


def _told(does: Callable[P, object]) -> Callable[P, str]:
    """Return a tool that answers JSON, and tells our errors with what to do."""

    @wraps(does)
    def tool(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return json.dumps(does(*args, **kwargs), ensure_ascii=False)
        except ClaudeError as error:
            message = f"{error} {error.hint or ''}".strip()
            raise ToolError(message) from error

    return tool
