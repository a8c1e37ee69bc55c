"""How one agent program is driven: its command line, its protocol, and what its end means.

Nothing is learned from a screen. Success is concluded from evidence: the program's own terminal
event and its exit code, never one of them alone (agents.md 4 and 5).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Literal

from claude_agent.errors import Invalid

NEVER_RETRIED = frozenset(
    {"auth", "bad_request", "billing", "cancelled", "digest_mismatch", "not_runnable"}
)
"""Error kinds that another attempt would only repeat."""


class EventKind(StrEnum):
    """What an agent's line says; `RAW` is a line that no adapter understands."""

    STARTED = "started"
    TEXT = "text"
    TOOL_START = "tool_start"
    TOOL_END = "tool_end"
    PERMISSION = "permission"
    QUESTION = "question"
    RETRY = "retry"
    USAGE = "usage"
    FINAL = "final"
    ERROR = "error"
    RAW = "raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEvent:
    """One thing an agent reported."""

    kind: EventKind
    text: str = ""
    """What a person reads; for `ERROR` the message, for `FINAL` the final text."""
    ok: bool = True
    """False: a tool that failed, or an end that is an error."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The rest, in the agent's own words; `outputs` and `error_kind` have a meaning for us."""

    @property
    def terminal(self) -> bool:
        """Say whether the agent reports its end by this event."""
        return self.kind in (EventKind.FINAL, EventKind.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an agent program can do; declared, not probed."""

    resume: bool = False
    """A conversation can be continued by its id."""
    preset_conversation: bool = False
    """The conversation's id can be chosen by us."""
    structured: bool = False
    """It speaks a line protocol with a terminal event."""
    usage: bool = False
    """It reports tokens."""
    cost: bool = False
    """It reports money."""
    cumulative_usage: bool = False
    """Its tokens count from the conversation's beginning, not from the run's."""
    cumulative_cost: bool = False
    """So does its cost."""
    permissions: bool = False
    """Its tool calls can be approved from outside."""
    mcp: bool = False
    """It can be given MCP servers."""
    commits: bool = False
    """It commits its changes by itself."""
    screen: bool = False
    """A person can go on in a conversation on its own screen (transport `tui`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Whether the agent program can be used on this machine."""

    ok: bool
    version: str | None = None
    """Its version, where it could be learned."""
    detail: str = ""
    """One sentence: what was found."""
    hint: str = ""
    """What to do next, when it cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a run is to do: exactly one of `prompt`, `script`, `argv`."""

    run_id: str
    """`<task_id>.<run>`."""
    folder: Path
    """The run folder, absolute."""
    cwd: Path
    """Where the program works, absolute."""
    prompt: str | None = None
    """Plain language for an agent; never run as shell text."""
    script: str | None = None
    """Shell text."""
    argv: tuple[str, ...] = ()
    """A program with arguments (a named action)."""
    conversation: str | None = None
    """The conversation to continue, where the agent can."""
    model: str = ""
    """The model to ask; empty: the program's own choice."""
    instructions: str = ""
    """What the agent is told before every task."""
    home: Path | None = None
    """A home of the agent's own (`home = "isolated"`), None: the person's."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What the program finds in its environment before the adapter adds to it."""
    secrets: frozenset[str] = frozenset()
    """Names that the shim adds to the environment; nobody else sees their values."""
    result_schema: Mapping[str, Any] = field(default_factory=dict)
    """What the result must fit; empty: the task owes none."""
    may: Literal["all", "edit", "ask"] = "all"
    """`edit`: files in the working folder alone, no commands, as far as the program can tell.

    `ask`: what the program may not do by itself is asked for.
    """
    transport: str = "exec"
    """By what the program is driven: `exec`, or one that is spoken with: `acp`, `app-server`."""
    program: tuple[str, ...] = ()
    """The command that the agent's settings name, for adapters that drive any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What the shim is told to run."""

    argv: tuple[str, ...]
    """Program and arguments."""
    stdin: bytes | None = None
    """What the program reads, None: nothing."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables beside those that every run gets."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Files to write into the run folder before the launch, by name (`script.sh`, …)."""
    protocol: Literal["none", "jsonl", "lines", "tui", "acp", "app-server"] = "none"
    """What of the output is parsed: nothing, the JSON objects among the lines, or every line.

    A line that is no JSON object comes as `{"said": the line}`. `tui`: it gets the pane, for a
    person. `acp`, `app-server`: how the program is spoken with.
    """
    seeds: Mapping[str, bytes] = field(default_factory=dict)
    """Files that the agent's own home must have, by path inside it; what is there stays."""
    merges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """JSON files of the agent's own home, by path inside it, and what they must say besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended, as the shim wrote it."""

    code: int | None
    """Exit code, None after a signal."""
    signal: int | None = None
    """The signal that ended it."""
    error: str | None = None
    """Why nothing was started (`digest_mismatch`, `spawn: …`), None: it was."""
    stopped: bool = False
    """We stopped it, for a person or for a timeout: only the caller knows which."""
    outputs: Mapping[str, Any] | None = None
    """What the command wrote to CLAUDE_AGENT_OUTPUTS, None: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the end of a run means for the attempt, before the gates."""

    ok: bool
    kind: str
    """`ok`, or the error kind that retry policies name (`exit`, `killed`, `rate`, …)."""
    message: str
    """One sentence for people."""
    retryable: bool = True
    """False: another attempt would only repeat it."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """The result: what the outputs file says, over what the final event says."""
    evidence: tuple[str, ...] = ()
    """Levels that this rests on: `E1` process ended, `E3` protocol result, `E4` own assertion."""


class Adapter(ABC):
    """Drives one kind of agent program; holds no state of a run."""

    name: ClassVar[str]
    fake: ClassVar[bool] = False
    """True: it asks no model and says so everywhere."""
    takes_prompt: ClassVar[bool] = True
    """False: it runs scripts and programs only."""
    capabilities: ClassVar[Capabilities] = Capabilities()
    transports: ClassVar[tuple[str, ...]] = ("exec",)
    """By what it can drive its program; the first is taken where nothing is said."""
    asks_by: ClassVar[str] = ""
    """The transport by which its program asks for permissions; empty: it cannot be made to."""
    takes_program: ClassVar[bool] = False
    """The agent's settings must name the `command` that it drives."""

    @classmethod
    def transport_for(cls, wanted: str, may: str) -> str:
        """Return the transport for an agent's settings (`auto`: the one that fits).

        Raises Invalid where there is none.
        """
        can = ", ".join(cls.transports)
        if wanted not in ("auto", *cls.transports):
            detail = f"The adapter {cls.name} has no transport {wanted}."
            raise Invalid(detail, hint=f"It has: {can}. Or leave `transport` out.")
        if may != "ask":
            return cls.transports[0] if wanted == "auto" else wanted
        if not cls.asks_by:
            detail = (
                f'The adapter {cls.name} cannot ask before its tools run (permissions = "ask").'
            )
            raise Invalid(detail, hint='Set permissions = "edit", or another adapter.')
        if wanted not in ("auto", cls.asks_by):
            detail = f"The adapter {cls.name} asks by the transport {cls.asks_by}, not {wanted}."
            raise Invalid(detail, hint="Leave `transport` out.")
        return cls.asks_by

    @abstractmethod
    def probe(self) -> Probe:
        """Say whether the program can be used here; no network, never raises."""

    @abstractmethod
    def command(self, run: RunRequest) -> Command:
        """Return what to run; `NotPromptable` or `Invalid` when this adapter cannot."""

    def screen(self, run: RunRequest) -> Command:
        """Return what shows the program's own screen with the conversation of the request.

        Raises `Invalid` where `capabilities.screen` is not claimed, `SetupError`.
        """
        detail = f"The adapter {self.name} has no screen that run {run.run_id} could show."
        raise Invalid(detail, hint="Watch it instead: claude-agent agent attach NAME.")

    @abstractmethod
    def parse(self, line: Mapping[str, Any]) -> list[AgentEvent]:
        """Return what one JSON line of the output says; never raises, `RAW` when unknown."""

    @abstractmethod
    def finish(self, seen: Sequence[AgentEvent], ending: Ending) -> Outcome:
        """Conclude from what was seen, in order, and from the end."""


def judge_exit(ending: Ending) -> Outcome:
    """Conclude for a plain command: it succeeded exactly when it exited with 0."""
    early = _ended_early(ending)
    if early is not None:
        return early
    outputs, evidence = ending.outputs or {}, _evidence(ending)
    if ending.code == 0:
        return Outcome(ok=True, kind="ok", message="Done.", outputs=outputs, evidence=evidence)
    message = f"The command exited with {ending.code}."
    return Outcome(ok=False, kind="exit", message=message, outputs=outputs, evidence=evidence)


def judge_protocol(seen: Sequence[AgentEvent], ending: Ending) -> Outcome:
    """Conclude for an agent: a terminal event that is no error, and exit code 0.

    The first terminal event counts: programs send spurious ones later (agents.md 4, rule 2).
    """
    early = _ended_early(ending, reported=any(event.terminal for event in seen))
    if early is not None:
        return early
    end = next((event for event in seen if event.terminal), None)
    outputs = dict(ending.outputs or {})
    if end is None:
        message = f"The agent ended without a result (exit code {ending.code})."
        return _failed("no_terminal_event", message, outputs, _evidence(ending))
    reported = end.data.get("outputs")
    outputs = (dict(reported) if isinstance(reported, Mapping) else {}) | outputs
    evidence = _evidence(ending)
    if end.kind is EventKind.ERROR or not end.ok:
        kind = str(end.data.get("error_kind") or "agent_error")
        return _failed(kind, end.text or "The agent reported an error.", outputs, evidence)
    evidence = _evidence(ending, protocol=True)
    if ending.code != 0:
        message = f"The agent reported success and then {_how(ending)}."
        kind = "exit" if ending.signal is None else "killed"
        return _failed(kind, message, outputs, evidence)
    message = end.text or "Done."
    return Outcome(ok=True, kind="ok", message=message, outputs=outputs, evidence=evidence)


def _ended_early(ending: Ending, *, reported: bool = False) -> Outcome | None:
    """Return the outcome where neither the code nor the protocol decides, else None."""
    if ending.error is not None:
        kind = ending.error.split(":", 1)[0].strip() or "spawn"
        return _failed(kind, f"Nothing was started: {ending.error}.", {}, ())
    outputs, evidence = ending.outputs or {}, _evidence(ending)
    if ending.stopped:
        # Even with exit code 0: programs end with 0 when interrupted in the middle of a tool.
        return _failed("cancelled", "The run was stopped.", outputs, evidence)
    if ending.signal is not None and not reported:
        return _failed("killed", f"The program {_how(ending)}.", outputs, evidence)
    return None


def _how(ending: Ending) -> str:
    if ending.signal is not None:
        return f"was ended by signal {ending.signal}"
    return f"exited with {ending.code}"


def _failed(
    kind: str, message: str, outputs: Mapping[str, Any], evidence: tuple[str, ...]
) -> Outcome:
    return Outcome(
        ok=False,
        kind=kind,
        message=message,
        retryable=kind not in NEVER_RETRIED,
        outputs=outputs,
        evidence=evidence,
    )


def _evidence(ending: Ending, *, protocol: bool = False) -> tuple[str, ...]:
    levels = ("E1", "E3" if protocol else "", "E4" if ending.outputs is not None else "")
    return tuple(level for level in levels if level)
