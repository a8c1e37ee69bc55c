"""OpenCode: `opencode run --format json`.

What was learned by running it: a cut stream is a step that finished for the reason `unknown`, after
which it asks again, or ends with 0; it asks a failing model again for ever and says nothing about
it; text may come after the step that it belongs to; tokens and cost are those of each step.
"""

import json
from collections.abc import Sequence
from typing import ClassVar

from typing_extensions import override

from claude_agent.agents.adapter import (
    AgentEvent,
    Capabilities,
    Command,
    Ending,
    EventKind,
    Outcome,
    RunRequest,
    judge_protocol,
)
from claude_agent.agents.adapters.cli import CliAdapter, failed
from claude_agent.agents.reading import Line, amount, count, mapping, one_line, text

_ENV = {
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
}
_EDIT = {"bash": "deny", "webfetch": "deny", "websearch": "deny"}
_GOES_ON = frozenset({"tool-calls", "unknown"})
_CUT = "The model's answer was cut off."
_SHOWN = ("command", "filePath", "path", "pattern", "url", "query", "description")


class OpenCodeAdapter(CliAdapter):
    """Drives OpenCode."""

    name: ClassVar[str] = "opencode"
    program: ClassVar[str] = "opencode"
    title: ClassVar[str] = "OpenCode"
    install: ClassVar[str] = "npm install -g opencode-ai"
    tested: ClassVar[tuple[str, str]] = ("1.18", "1.19")
    keys: ClassVar[tuple[str, ...]] = (
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "GEMINI_API_KEY",
        "OPENROUTER_API_KEY",
    )
    logins: ClassVar[tuple[str, ...]] = (".local/share/opencode/auth.json",)
    login: ClassVar[str] = (
        "Run `opencode auth login`, or set a provider's key and name it in the agent's"
        " `environment`."
    )
    capabilities: ClassVar[Capabilities] = Capabilities(
        resume=True, structured=True, usage=True, cost=True, commits=True
    )

    @override
    def _command(self, run: RunRequest) -> Command:
        argv, env = ["opencode", "run", "--format", "json"], dict(_ENV)
        if run.may == "all":
            argv.append("--auto")  # what a person's own settings deny stays denied
        else:
            env["OPENCODE_PERMISSION"] = json.dumps(_EDIT)
        if run.model:
            argv += ["-m", run.model]
        # With a title of ours it asks no model for one.
        argv += ["-s", run.conversation] if run.conversation else ["--title", run.run_id]
        settings: dict[str, object] = {"autoupdate": False, "share": "disabled"}
        if run.home is not None and run.environment.get("OPENAI_BASE_URL"):
            settings["provider"] = {"openai": {"options": {"baseURL": "{env:OPENAI_BASE_URL}"}}}
        if run.home is not None:
            # One for each task: two that begin a new one at once spoil each other's start.
            env["OPENCODE_DB"] = str(run.folder.parent / "opencode.db")
        env["OPENCODE_CONFIG_CONTENT"] = json.dumps(settings)
        return Command(argv=tuple(argv), env=env)

    @override
    def parse(self, line: Line) -> list[AgentEvent]:
        part = mapping(line, "part")
        match text(line, "type"):
            case "step_start":
                data = {"conversation": text(line, "sessionID")}
                return [AgentEvent(kind=EventKind.STARTED, data=data)]
            case "text" if text(part, "text"):
                return [AgentEvent(kind=EventKind.TEXT, text=text(part, "text"))]
            case "tool_use":
                return _used(part)
            case "step_finish":
                return [_spent(part), *_finished(text(part, "reason"))]
            case "error":
                return [_failed(mapping(line, "error"))]
            case _:
                return [AgentEvent(kind=EventKind.RAW, data=line)]

    @override
    def finish(self, seen: Sequence[AgentEvent], ending: Ending) -> Outcome:
        ends = [event for event in seen if event.kind is EventKind.FINAL]
        told = [event for event in seen if event.kind is not EventKind.FINAL] + ends[:1]
        left = next((e for e in reversed(seen) if e.kind in (EventKind.RETRY, *_ENDS)), None)
        if left is not None and left.kind is EventKind.RETRY and ending.signal is None:
            told.append(failed(_CUT, kind="cut"))
        return judge_protocol(self._told(told), ending)


_ENDS = (EventKind.FINAL, EventKind.ERROR)


def _used(part: Line) -> list[AgentEvent]:
    """Return start and end of a tool: it is told when it has ended."""
    state = mapping(part, "state")
    given, tool = mapping(state, "input"), text(part, "tool")
    shown = next((text(given, name) for name in _SHOWN if text(given, name)), "")
    data = {"id": text(part, "callID"), "tool": tool}
    ok = text(state, "status") == "completed" and mapping(state, "metadata").get("exit") in (
        0,
        None,
    )
    said = one_line(text(state, "output") or text(state, "error"))
    return [
        AgentEvent(kind=EventKind.TOOL_START, text=one_line(f"{tool} {shown}".strip()), data=data),
        AgentEvent(kind=EventKind.TOOL_END, text=said, ok=ok, data=data),
    ]


def _spent(part: Line) -> AgentEvent:
    used = {
        "more": True,
        "input": count(part, "tokens", "input"),
        "output": count(part, "tokens", "output") + count(part, "tokens", "reasoning"),
        "cache_read": count(part, "tokens", "cache", "read"),
        "cache_write": count(part, "tokens", "cache", "write"),
        "cost_usd": amount(part, "cost"),
    }
    return AgentEvent(kind=EventKind.USAGE, data=used)


def _finished(reason: str) -> list[AgentEvent]:
    if reason == "stop":
        return [AgentEvent(kind=EventKind.FINAL)]
    if reason == "unknown":
        return [AgentEvent(kind=EventKind.RETRY, text=_CUT, ok=False, data={"kind": "cut"})]
    if reason in _GOES_ON:
        return []
    return [failed(f"The model ended its answer early: {reason or 'no reason given'}.")]


def _failed(error: Line) -> AgentEvent:
    said = text(error, "data", "message") or text(error, "name")
    return failed(said, status=mapping(error, "data").get("statusCode"))
