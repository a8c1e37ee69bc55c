"""Claude Code: `claude -p` with its stream of JSON lines.

What was learned by running it: an API failure says `subtype: "success"` with `is_error: true`; an
interrupt ends with exit code 0 and `error_during_execution`; tokens are those of the run, the cost
is that of the whole conversation; as root it refuses to skip permissions, but takes a list of
tools.
"""

import json
import shlex
import sys
from typing import ClassVar

from typing_extensions import override

from claude_agent.agents import own_tools
from claude_agent.agents.adapter import (
    AgentEvent,
    Capabilities,
    Command,
    EventKind,
    RunRequest,
)
from claude_agent.agents.adapters.cli import CliAdapter, failed
from claude_agent.agents.reading import (
    Line,
    amount,
    count,
    error_kind,
    items,
    mapping,
    one_line,
    text,
)

_ASKED = ("claude", "-p", "--output-format", "stream-json", "--verbose")
_TOOLS = "Bash,Edit,Write,NotebookEdit,WebFetch,WebSearch"
_ENV = {
    "CLAUDE_CODE_MAX_RETRIES": "3",
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",  # its result would come while they still run
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "MCP_TIMEOUT": "30000",
    "MCP_TOOL_TIMEOUT": f"{own_tools.WAIT_S}000",
}
_TRUSTED = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
_EVENTS = ("PreToolUse", "PermissionRequest")
_HOOKS = "claude-settings.json"
_HOOK_S = 8 * 86_400
"""Longer than the shim holds any question: a hook that runs into this lets the call pass."""
_SERVERS = "mcp.json"
_OURS = json.dumps(
    {
        "mcpServers": {
            own_tools.NAME: {
                "type": "http",
                "url": f"${{{own_tools.URL}}}/mcp",
                "alwaysLoad": True,  # else it must search for each tool first
                "headers": {"Authorization": f"Bearer ${{{own_tools.VARIABLE}}}"},
            }
        }
    }
).encode()
_ENDS = {"error_max_turns": "max_turns", "error_max_budget_usd": "budget"}
_ABORTED = frozenset({"aborted_tools", "aborted_streaming"})
_NO_CONVERSATION = "no conversation found"
_WORDS = {
    "authentication_failed": "auth",
    "billing_error": "billing",
    "rate_limit": "rate",
    "overloaded": "overload",
    "server_error": "overload",
    "invalid_request": "bad_request",
}
_SHOWN = ("command", "file_path", "path", "pattern", "url", "query", "description")


class ClaudeAdapter(CliAdapter):
    """Drives Claude Code."""

    name: ClassVar[str] = "claude"
    program: ClassVar[str] = "claude"
    title: ClassVar[str] = "Claude Code"
    install: ClassVar[str] = "npm install -g @anthropic-ai/claude-code (with Node 22 or newer)"
    tested: ClassVar[tuple[str, str]] = ("2.1", "2.2")
    keys: ClassVar[tuple[str, ...]] = (
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "CLAUDE_CODE_OAUTH_TOKEN",
    )
    logins: ClassVar[tuple[str, ...]] = (".claude/.credentials.json",)
    login: ClassVar[str] = (
        "Run `claude` once and log in, or set ANTHROPIC_API_KEY and name it in the agent's"
        " `environment`."
    )
    capabilities: ClassVar[Capabilities] = Capabilities(
        resume=True,
        preset_conversation=True,
        structured=True,
        usage=True,
        cost=True,
        cumulative_cost=True,
        permissions=True,
        mcp=True,
        commits=True,
        screen=True,
    )

    asks_by: ClassVar[str] = "exec"

    @override
    def _command(self, run: RunRequest) -> Command:
        # Where it asks, its own rules allow nothing: without our hooks it would be refused.
        argv = [*_ASKED, "--permission-mode", "default" if run.may == "ask" else "acceptEdits"]
        argv += ["--settings", str(run.folder / _HOOKS)]
        files = {_HOOKS: _hooks(run, *_EVENTS)}
        ours = bool(own_tools.address(run))
        allowed = [_TOOLS] * (run.may == "all") + [f"mcp__{own_tools.NAME}"] * ours
        if allowed:
            argv += ["--allowedTools", ",".join(allowed)]
        if ours:
            files[_SERVERS] = _OURS
            argv += ["--mcp-config", str(run.folder / _SERVERS)]
        if run.model:
            argv += ["--model", run.model]
        if run.conversation:
            argv += ["--resume", run.conversation]
        return Command(argv=tuple(argv), env=_ENV, files=files)

    @override
    def _screen(self, run: RunRequest) -> Command:
        argv = ["claude", "--resume", run.conversation or "", "--permission-mode", "acceptEdits"]
        argv += ["--settings", str(run.folder / _HOOKS)]
        if run.model:
            argv += ["--model", run.model]
        # In a home of its own nobody has answered its first questions; in a person's they have.
        key = run.environment.get("ANTHROPIC_API_KEY", "")
        merged = {
            "hasCompletedOnboarding": True,
            "theme": "dark",
            "customApiKeyResponses": {"approved": [key[-20:]] if key else []},
            "projects": {str(run.cwd): _TRUSTED},
        }
        files = {_HOOKS: _hooks(run, "PreToolUse", only=("deny",))}
        return Command(argv=tuple(argv), env=_ENV, files=files, merges={".claude.json": merged})

    @override
    def parse(self, line: Line) -> list[AgentEvent]:
        match text(line, "type"), text(line, "subtype"):
            case "system", "init":
                return [_started(line)]
            case "system", "api_retry":
                return [_retry(line)]
            case "assistant", _:
                found = [_said(block, line) for block in items(line, "message", "content")]
            case "user", _:
                found = [_result_of(block) for block in items(line, "message", "content")]
            case "rate_limit_event", _:
                found = [_limited(mapping(line, "rate_limit_info"))]
            case "result", _:
                return _ended(line)
            case _:
                found = []
        return [event for event in found if event] or [AgentEvent(kind=EventKind.RAW, data=line)]


def _hooks(run: RunRequest, *events: str, only: tuple[str, ...] = ()) -> bytes:
    """Return settings by which each tool call is put to the shim; whatever fails, it is refused.

    A hook that ends with any other code than 2 lets the call pass: so its shell turns them into 2.
    `only`: `deny` where a person sits at the screen and is asked there.
    """
    shim = (sys.executable, "-I", "-S", str(run.folder / "shim.pyz"))
    words = (*shim, "hook", str(run.folder), *only)
    hook = {"type": "command", "command": f"{shlex.join(words)} || exit 2", "timeout": _HOOK_S}
    hooks = {name: [{"matcher": "*", "hooks": [hook]}] for name in events}
    return json.dumps({"disableAllHooks": False, "hooks": hooks}, sort_keys=True).encode()


def _started(line: Line) -> AgentEvent:
    data = {
        "conversation": text(line, "session_id"),
        "model": text(line, "model"),
        "version": text(line, "claude_code_version"),
    }
    return AgentEvent(kind=EventKind.STARTED, data=data)


def _retry(line: Line) -> AgentEvent:
    status, why = line.get("error_status"), text(line, "error")
    kind = _WORDS.get(why) or error_kind(why, status)
    told = f"asked again ({count(line, 'attempt')}/{count(line, 'max_retries')}): {why or status}"
    data: dict[str, object] = {"kind": kind}
    if kind == "rate":  # what a header said, or its own patience
        data["resets_in_ms"] = count(line, "retry_delay_ms")
    return AgentEvent(kind=EventKind.RETRY, text=one_line(told), ok=False, data=data)


def _limited(info: Line) -> AgentEvent | None:
    """Return what it says of a subscription's window, where that is used up."""
    if text(info, "status") != "rejected":
        return None
    told = f"the limit {text(info, 'rateLimitType') or 'of the account'} is reached"
    data = {"kind": "rate", "resets_at": count(info, "resetsAt") * 1000}
    return AgentEvent(kind=EventKind.RETRY, text=one_line(told), ok=False, data=data)


def _said(block: object, line: Line) -> AgentEvent | None:
    match text(block, "type"):
        case "text" if line.get("is_api_error_message") is True:
            return AgentEvent(kind=EventKind.RETRY, text=one_line(text(block, "text")), ok=False)
        case "text" if text(block, "text"):
            return AgentEvent(kind=EventKind.TEXT, text=text(block, "text"))
        case "tool_use":
            given = mapping(block, "input")
            shown = next((text(given, name) for name in _SHOWN if text(given, name)), "")
            said = one_line(f"{text(block, 'name')} {shown}".strip())
            data = {"id": text(block, "id"), "tool": text(block, "name")}
            return AgentEvent(kind=EventKind.TOOL_START, text=said, data=data)
        case _:
            return None


def _result_of(block: object) -> AgentEvent | None:
    if text(block, "type") != "tool_result":
        return None
    content = mapping(block).get("content")
    said = (
        content if isinstance(content, str) else "\n".join(text(x, "text") for x in items(content))
    )
    ok = mapping(block).get("is_error") is not True
    data = {"id": text(block, "tool_use_id")}
    return AgentEvent(kind=EventKind.TOOL_END, text=one_line(said), ok=ok, data=data)


def _ended(line: Line) -> list[AgentEvent]:
    used = {
        "input": count(line, "usage", "input_tokens"),
        "output": count(line, "usage", "output_tokens"),
        "cache_read": count(line, "usage", "cache_read_input_tokens"),
        "cache_write": count(line, "usage", "cache_creation_input_tokens"),
        "cost_usd": amount(line, "total_cost_usd"),
    }
    usage = AgentEvent(kind=EventKind.USAGE, data=used)
    subtype, said = text(line, "subtype"), text(line, "result")
    if subtype == "success" and line.get("is_error") is False:
        return [usage, AgentEvent(kind=EventKind.FINAL, text=said)]
    problems = [each for each in items(line, "errors") if isinstance(each, str)]
    said = said or "; ".join(problems) or subtype
    kind = _ENDS.get(subtype, "")
    if text(line, "terminal_reason") in _ABORTED:
        kind, said = "killed", "It was interrupted in the middle of its work."
    elif _NO_CONVERSATION in said.lower():
        kind = "no_conversation"
    return [usage, failed(said, kind=kind, status=line.get("api_error_status"))]
