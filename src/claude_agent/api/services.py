"""The port of the gateway: what it asks of the server, and nothing about how it is done.

Every method is synchronous, may be called from any thread, returns data that is ready for the
wire (shapes: `wire.py`) and raises `claude_agent.errors`. The body is built in the composition
root; a small in-memory one lives beside the gateway's tests.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from claude_agent.api.asked import (
    OPERATOR,
    Answered,
    Caller,
    ExecutionFilter,
    IdempotencyKey,
    MessageToSend,
    Page,
    SecondChance,
    TaskFilter,
    Wire,
    WorkflowStart,
)
from claude_agent.api.services_approvals import ApprovalServices, TokenServices
from claude_agent.api.services_at_work import AtWorkServices
from claude_agent.api.services_hooks import HookServices
from claude_agent.api.services_hosts import HostServices
from claude_agent.api.services_insight import InsightServices
from claude_agent.api.services_publish import PublishServices
from claude_agent.api.services_questions import QuestionServices
from claude_agent.api.services_queues import DeadLetterServices, QueueServices
from claude_agent.api.services_resilience import ResilienceServices
from claude_agent.api.services_schedules import ScheduleServices
from claude_agent.api.services_signals import SignalServices
from claude_agent.api.services_state import StateServices
from claude_agent.api.services_takeover import TakeoverServices
from claude_agent.api.services_terminal import TerminalServices
from claude_agent.api.services_triggers import TriggerServices

__all__ = [
    "Access",
    "AgentServices",
    "AnswerServices",
    "Answered",
    "EventServices",
    "ExecutionFilter",
    "ExecutionServices",
    "IdempotencyKey",
    "LogRange",
    "MessageToSend",
    "Page",
    "SecondChance",
    "Services",
    "SystemServices",
    "TaskFilter",
    "TaskServices",
    "Wire",
    "WorkflowServices",
    "WorkflowStart",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRange:
    """Which part of a task's output is wanted."""

    run: int | None = None
    """Run number; None: the newest."""
    offset: int = 0
    """First byte; a negative number counts from the end."""
    limit: int = 65_536
    """At most so many bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may come in, and from where."""

    token: str
    """The operator's token."""
    hosts: tuple[str, ...]
    """Allowed values of `Host`, absolute: `127.0.0.1:7420`."""
    origins: tuple[str, ...] = ()
    """Allowed values of `Origin` besides `http://` + each host."""
    secure: bool = False
    """True behind TLS: origins are `https://`, cookies are Secure."""

    @classmethod
    def loopback(cls, token: str, port: int) -> "Access":
        """Return the default: this machine only, by each of its three names."""
        names = ("127.0.0.1", "localhost", "[::1]")
        return cls(token=token, hosts=tuple(f"{name}:{port}" for name in names))


class TaskServices(ABC):
    """Tasks: submit, read, cancel, resolve."""

    @abstractmethod
    def submit_task(
        self,
        spec: Mapping[str, Any],
        *,
        actor: str,
        key: IdempotencyKey | None,
        caller: Caller = OPERATOR,
    ) -> Answered:
        """Accept one task; return 201 and the Task once it is durable.

        What the policy of approvals holds is answered as `held`, what it refuses as `rejected`.

        `spec` holds the fields of `wire.TaskSpec` that were sent, `timeout` and `gates` in their
        long form. The key is stored in the same transaction as the task; a repeat returns the
        stored answer. Raises UnknownName, Invalid, NotPromptable, IdempotencyMismatch, QueueFull,
        DiskFull.
        """

    @abstractmethod
    def task(self, ref: str) -> Wire:
        """Return the Task with this id or ref. Raises NotFound."""

    @abstractmethod
    def tasks(self, wanted: TaskFilter) -> Wire:
        """Return {"items", "next", "counts"}."""

    @abstractmethod
    def task_result(self, ref: str) -> Wire:
        """Return {"id","ref","state","outputs","error","exit","attempt","evidence"}."""

    @abstractmethod
    def task_attempts(self, ref: str) -> Wire:
        """Return {"items", "spent"}: the attempts that have ended, oldest first."""

    @abstractmethod
    def task_log(self, ref: str, wanted: LogRange) -> Wire:
        """Return {"run","offset","next","total","text","done"}, escapes neutralised."""

    @abstractmethod
    def cancel_task(self, ref: str, *, actor: str) -> Wire:
        """Request the cancel; return the Task. Raises NotFound, Conflict when it has ended."""

    @abstractmethod
    def resolve_task(self, ref: str, outcome: str, note: str, *, actor: str) -> Wire:
        """Take a person's answer to "what happened?" in an uncertain task.

        `outcome`: succeeded, retry or failed. Raises NotFound, Conflict, Invalid.
        """


class AgentServices(ABC):
    """Agents and deployed applications."""

    @abstractmethod
    def agents_status(self) -> Wire:
        """Return {"agents","queues","workers","cursor"}."""

    @abstractmethod
    def agent(self, name: str) -> Wire:
        """Return one Agent. Raises NotFound."""

    @abstractmethod
    def agent_logs(self, name: str, lines: int) -> Wire:
        """Return {"text"}: the last lines of the agent's session."""

    @abstractmethod
    def attach_argv(self, name: str) -> list[str]:
        """Return the command that attaches a terminal to the agent's session."""

    @abstractmethod
    def apps(self) -> Wire:
        """Return {"items"}: the deployed applications."""

    @abstractmethod
    def stop_app(self, name: str) -> Wire:
        """Stop one application; return it. Raises NotFound."""


class WorkflowServices(ABC):
    """Definitions."""

    @abstractmethod
    def validate_workflow(self, source: str, file: str) -> Wire:
        """Return {"valid","workflow","name","steps","hash","not_yet"}. Raises DefinitionInvalid."""

    @abstractmethod
    def workflow_schema(self) -> Wire:
        """Return the JSON Schema of definitions."""

    @abstractmethod
    def define_workflow(self, source: str, file: str, *, actor: str) -> Wire:
        """Store a definition; return {"workflow","hash","name"}. Raises DefinitionInvalid."""

    @abstractmethod
    def workflows(self) -> Wire:
        """Return {"items"}."""

    @abstractmethod
    def workflow(self, name: str) -> Wire:
        """Return one workflow. Raises NotFound."""

    @abstractmethod
    def execute_workflow(
        self, start: WorkflowStart, *, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        """Start an execution; return 201 and the Execution once it is durable.

        The key is stored in the same transaction. Raises NotFound, UnknownName, Invalid,
        DefinitionInvalid, IdempotencyMismatch, DiskFull.
        """


class ExecutionServices(ABC):
    """Runs of workflows."""

    @abstractmethod
    def executions(self, wanted: ExecutionFilter) -> Wire:
        """Return {"items", "next", "counts"}."""

    @abstractmethod
    def execution(self, ref: str) -> Wire:
        """Return the Execution with this id or ref. Raises NotFound."""

    @abstractmethod
    def summary(self, ref: str) -> Wire:
        """Return the Execution with "graph" and "cursor"."""

    @abstractmethod
    def execution_events(self, ref: str, after: str | None, limit: int) -> Wire:
        """Return {"items","cursor"}: the frames of one execution, its steps and tasks."""

    @abstractmethod
    def second_chance(
        self, asked: SecondChance, *, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        """Do it; return the Execution: 202, or 201 with the new one for a fork.

        Raises NotFound (execution, step), Conflict (its state does not allow it), Invalid,
        DefinitionInvalid (parameters).
        """

    @abstractmethod
    def cancel_execution(self, ref: str, *, compensate: bool | None, actor: str) -> Wire:
        """Request the cancel; None for `compensate` asks the definition. Raises Conflict."""


class EventServices(ABC):
    """The log as clients follow it. A cursor is `<epoch>:<position>`."""

    @abstractmethod
    def events_after(
        self, cursor: str | None, limit: int, topics: Sequence[str] | None = None
    ) -> Wire:
        """Return {"items","cursor","reset"}: frames after the cursor, in order, oldest first.

        None means the beginning of the log. The cursor given back lies behind everything that
        was looked at, also what `topics` left out. `reset` is true, and the cursor that of the
        head, when the cursor is of another epoch or beyond the head. Raises Malformed.
        """

    @abstractmethod
    def head(self) -> str:
        """Return the cursor of the newest event."""

    @abstractmethod
    def head_hash(self) -> str:
        """Return the head of the hash chain."""

    @abstractmethod
    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call `callback(head position)` after each commit, from any thread.

        The callback is quick and never raises. Returns what ends the subscription.
        """

    @abstractmethod
    def verify_log(self) -> Wire:
        """Return {"ok","events","head","problems"}."""

    @abstractmethod
    def starts(self) -> Wire:
        """Return {"items"}: every start of a run with its cause."""


class AnswerServices(ABC):
    """Stored answers, for POSTs that are not one transaction of `submit` or `execute`."""

    @abstractmethod
    def recall(self, key: IdempotencyKey) -> Answered | None:
        """Return the answer stored under the key. Raises IdempotencyMismatch."""

    @abstractmethod
    def remember(self, key: IdempotencyKey, answered: Answered) -> None:
        """Store the answer under the key, unless one is there already."""


class SystemServices(ABC):
    """The server itself."""

    @abstractmethod
    def access(self) -> Access:
        """Return who may come in; asked once, when the gateway is built."""

    @abstractmethod
    def health(self) -> Wire:
        """Return {"status","version","components","cursor","pid","uptime_ms","home"}.

        `status` is `ok` or `degraded`. Never raises.
        """

    @abstractmethod
    def stop_server(self, *, stop_agents: bool, actor: str) -> Wire:
        """Begin to stop; return {"left_running"}. The process ends by itself afterwards."""

    @abstractmethod
    def send_message(self, message: MessageToSend, *, key: IdempotencyKey | None) -> Answered:
        """Enqueue an ordinary message with its answer; {"message_id"}. Raises UnknownName."""

    @abstractmethod
    def vocabulary(self) -> Wire:
        """Return {"tasks","steps","executions","agents","queues"}: code to Shown, each."""


class Services(
    TaskServices,
    AtWorkServices,
    AgentServices,
    QueueServices,
    DeadLetterServices,
    HostServices,
    SignalServices,
    TakeoverServices,
    TerminalServices,
    StateServices,
    ResilienceServices,
    ScheduleServices,
    TriggerServices,
    HookServices,
    PublishServices,
    ApprovalServices,
    TokenServices,
    QuestionServices,
    WorkflowServices,
    ExecutionServices,
    InsightServices,
    EventServices,
    AnswerServices,
    SystemServices,
    ABC,
):
    """Everything the gateway asks of the server."""
