"""Codex: `codex exec --json`, and `codex app-server` where it asks for permissions.

What was learned by running it: items of type `error` stand inside good turns, so that only
`turn.failed` is a failure; tokens are those of the whole conversation; a lost conversation ends
without a word on standard output; the final text is the last message before `turn.completed`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
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
from claude_agent.agents.adapters.told import parse_told, talk_files
from claude_agent.agents.reading import Line, count, mapping, one_line, text

KEY = "OPENAI_API_KEY"
_ADDRESS = "https://api.openai.com/v1"
_SETTINGS = (
    "check_for_update_on_startup=false",
    "analytics.enabled=false",
)
_SANDBOX = {
    "all": "danger-full-access",
    "edit": "workspace-write",
    # What is allowed runs as it is; what Codex takes for harmless (ls, cat) is not asked.
    "ask": "danger-full-access",
}
_NEVER = ("-c", 'approval_policy="never"')
_ASKS = {"all": "never", "edit": "never", "ask": "untrusted"}
"""Told to the thread: the flag of the same name refuses `untrusted`."""
_KINDS = {
    "unauthorized": "auth",
    "usageLimitExceeded": "rate",
    "rateLimitExceeded": "rate",
    "serverOverloaded": "overload",
    "internalServerError": "overload",
    "badRequest": "bad_request",
    "modelNotFound": "bad_request",
    "contextWindowExceeded": "bad_request",
}
"""What its `codexErrorInfo` means."""
_TOOLS = frozenset(
    {"command_execution", "file_change", "mcp_tool_call", "web_search", "collab_tool_call"}
)
_FAILED = frozenset({"failed", "declined", "error"})


class CodexAdapter(CliAdapter):
    """Drives Codex."""

    name: ClassVar[str] = "codex"
    program: ClassVar[str] = "codex"
    title: ClassVar[str] = "Codex"
    install: ClassVar[str] = "npm install -g @openai/codex"
    tested: ClassVar[tuple[str, str]] = ("0.169", "0.170")
    keys: ClassVar[tuple[str, ...]] = (KEY,)
    logins: ClassVar[tuple[str, ...]] = (".codex/auth.json",)
    login: ClassVar[str] = "Run `codex login`."
    capabilities: ClassVar[Capabilities] = Capabilities(
        resume=True,
        structured=True,
        usage=True,
        cumulative_usage=True,
        permissions=True,
        mcp=True,
        commits=True,
        screen=True,
    )
    transports: ClassVar[tuple[str, ...]] = ("exec", "app-server")
    asks_by: ClassVar[str] = "app-server"

    @override
    def _command(self, run: RunRequest) -> Command:
        if run.transport == "app-server":
            return _app_server(run, (*self._settings(run), *_tools(run)))
        argv = ["codex", "exec"]
        if run.conversation:
            argv.append("resume")
        argv += ["--json", "--skip-git-repo-check", *_NEVER, *self._settings(run), *_tools(run)]
        argv += ["-m", run.model] if run.model else []
        if run.conversation:
            argv.append(run.conversation)
        return Command(argv=(*argv, "-"), seeds={".codex/.keep": b""})

    @override
    def _screen(self, run: RunRequest) -> Command:
        # It would ask whether the folder is trusted: the agent has worked in it all the time.
        trusted = f'projects={{{json.dumps(str(run.cwd))}={{trust_level="trusted"}}}}'
        asks = ("-c", 'approval_policy="on-request"') if run.may == "ask" else _NEVER
        model = ("-m", run.model) if run.model else ()
        said = (*asks, *self._settings(run), *model, "-c", trusted)
        return Command(argv=("codex", "resume", run.conversation or "", *said))

    def _settings(self, run: RunRequest) -> list[str]:
        settings = [*_SETTINGS, f'sandbox_mode="{_SANDBOX[run.may]}"']
        if run.home is not None:
            address = run.environment.get("OPENAI_BASE_URL") or _ADDRESS
            # Its built-in provider takes no key by name; one of our own does, with few retries.
            settings += [
                'model_provider="by_key"',
                'model_providers.by_key.name="OpenAI"',
                f"model_providers.by_key.base_url={json.dumps(address)}",
                f'model_providers.by_key.env_key="{KEY}"',
                'model_providers.by_key.wire_api="responses"',
                "model_providers.by_key.request_max_retries=3",
                "model_providers.by_key.stream_max_retries=3",
            ]
        return [word for each in settings for word in ("-c", each)]

    @override
    def _own_home(self, home: Path) -> dict[str, str]:
        return {"HOME": str(home), "CODEX_HOME": str(home / ".codex")}

    @override
    def parse(self, line: Line) -> list[AgentEvent]:
        if text(line, "told"):
            return [_failure(line)] if text(line, "told") == "failed" else parse_told(line)
        match text(line, "type"):
            case "thread.started":
                data = {"conversation": text(line, "thread_id")}
                return [AgentEvent(kind=EventKind.STARTED, data=data)]
            case "item.started":
                found = _begun(mapping(line, "item"))
            case "item.completed":
                found = _done(mapping(line, "item"))
            case "turn.completed":
                return [_used(line), AgentEvent(kind=EventKind.FINAL)]
            case "turn.failed":
                return [failed(_plain(text(line, "error", "message")))]
            case "error":
                said = one_line(_plain(text(line, "message")))
                return [AgentEvent(kind=EventKind.RETRY, text=said, ok=False)]
            case _:
                found = None
        return [found or AgentEvent(kind=EventKind.RAW, data=line)]


def _tools(run: RunRequest) -> list[str]:
    """Return the words that name our tools."""
    ours = own_tools.address(run)
    if not ours:
        return []
    server = f"mcp_servers.{own_tools.NAME}"
    return [
        *("-c", f"{server}.url={json.dumps(ours)}"),
        *("-c", f'{server}.bearer_token_env_var="{own_tools.VARIABLE}"'),
        *("-c", f"{server}.tool_timeout_sec={own_tools.WAIT_S}"),
        # Where it asks it would refuse them by itself: nobody is asked about our own tools.
        *("-c", f'{server}.default_tools_approval_mode="approve"'),
    ]


def _app_server(run: RunRequest, settings: Sequence[str]) -> Command:
    argv = ("codex", "app-server", *settings)
    thread = {"approvalPolicy": _ASKS[run.may], "sandbox": _SANDBOX[run.may]}
    thread |= {"approvalsReviewer": "user", **({"model": run.model} if run.model else {})}
    return Command(
        argv=argv,
        seeds={".codex/.keep": b""},
        files=talk_files(run, thread=thread),
        protocol="app-server",
    )


def _failure(line: Line) -> AgentEvent:
    """Return the end of a turn that failed: its own word for why, else the message."""
    (event,) = parse_told({**line, "message": _plain(text(line, "message"))})
    info = line.get("info")
    kind = _KINDS.get(info) if isinstance(info, str) else None
    return failed(event.text, kind=kind) if kind else event


def _begun(item: Line) -> AgentEvent | None:
    tool = text(item, "type")
    if tool not in _TOOLS:
        return None
    shown = text(item, "command") or text(item, "tool") or text(item, "query")
    data = {"id": text(item, "id"), "tool": tool}
    return AgentEvent(kind=EventKind.TOOL_START, text=one_line(f"{tool} {shown}"), data=data)


def _done(item: Line) -> AgentEvent | None:
    kind = text(item, "type")
    if kind == "agent_message":
        return AgentEvent(kind=EventKind.TEXT, text=text(item, "text"))
    if kind not in _TOOLS:
        return None
    ok = item.get("exit_code") in (None, 0) and text(item, "status") not in _FAILED
    said = one_line(text(item, "aggregated_output"))
    data = {"id": text(item, "id"), "tool": kind}
    return AgentEvent(kind=EventKind.TOOL_END, text=said, ok=ok, data=data)


def _used(line: Line) -> AgentEvent:
    cached = count(line, "usage", "cached_input_tokens")
    used = {
        "input": max(0, count(line, "usage", "input_tokens") - cached),
        "output": count(line, "usage", "output_tokens"),
        "cache_read": cached,
        "cache_write": count(line, "usage", "cache_write_input_tokens"),
    }
    return AgentEvent(kind=EventKind.USAGE, data=used)


def _plain(message: str) -> str:
    """Return the message of a server's answer that stands in a message as JSON."""
    if message.startswith("{"):
        try:
            error = mapping(json.loads(message), "error")
        except (ValueError, RecursionError):
            return message
        words = [text(error, "message"), text(error, "type")]
        return " - ".join(word for word in words if word) or message
    return message
