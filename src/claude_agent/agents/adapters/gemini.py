"""Gemini CLI: `gemini -o stream-json`, and `gemini --acp` where it asks for permissions.

What was learned by running it: it exits with 0 when its stream is cut (the result says `error`, the
reason stands in the line before) and when it is interrupted (no result at all); a failed request
ends with a code of its own (144, 145); its tokens are those of the run. Over ACP a stream that is
cut ends the turn well, with no model in its account of tokens.
"""

import json
from dataclasses import replace
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
from claude_agent.agents.reading import Line, count, error_kind, mapping, one_line, text

_MODES = {"all": "yolo", "edit": "auto_edit", "ask": "default"}
_SETTINGS = {
    "security": {"auth": {"selectedType": "gemini-api-key"}},
    "general": {"enableAutoUpdate": False, "maxAttempts": 3},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "mcpServers": {
        own_tools.NAME: {
            "httpUrl": f"${{{own_tools.URL}}}/mcp",
            "headers": {"Authorization": f"Bearer ${{{own_tools.VARIABLE}}}"},
            "timeout": own_tools.WAIT_S * 1000,
            "trust": True,
        }
    },
}
_SHOWN = ("command", "file_path", "path", "pattern", "url", "query", "description")


class GeminiAdapter(CliAdapter):
    """Drives Gemini CLI."""

    name: ClassVar[str] = "gemini"
    program: ClassVar[str] = "gemini"
    title: ClassVar[str] = "Gemini CLI"
    install: ClassVar[str] = "npm install -g @google/gemini-cli (with Node 20 or newer)"
    tested: ClassVar[tuple[str, str]] = ("0.61", "0.62")
    node: ClassVar[int] = 20
    keys: ClassVar[tuple[str, ...]] = ("GEMINI_API_KEY",)
    logins: ClassVar[tuple[str, ...]] = (".gemini/oauth_creds.json",)
    login: ClassVar[str] = (
        "Run `gemini` once and log in, or set GEMINI_API_KEY and name it in the agent's"
        " `environment`."
    )
    capabilities: ClassVar[Capabilities] = Capabilities(
        resume=True,
        preset_conversation=True,
        structured=True,
        usage=True,
        permissions=True,
        mcp=True,
        commits=True,
        screen=True,
    )
    transports: ClassVar[tuple[str, ...]] = ("exec", "acp")
    asks_by: ClassVar[str] = "acp"

    @override
    def _command(self, run: RunRequest) -> Command:
        mode = ["--approval-mode", _MODES[run.may]]
        if run.transport != "acp":
            return self._asked(run, ["gemini", "-o", "stream-json", *mode])
        spoken = self._asked(replace(run, conversation=None), ["gemini", "--acp", *mode])
        return replace(spoken, files=talk_files(run), protocol="acp")

    @override
    def _screen(self, run: RunRequest) -> Command:
        mode = _MODES["ask" if run.may == "ask" else "edit"]
        return self._asked(run, ["gemini", "--approval-mode", mode])

    @staticmethod
    def _asked(run: RunRequest, words: list[str]) -> Command:
        argv = [*words, "--skip-trust"]
        if run.model:
            argv += ["-m", run.model]
        if run.conversation:
            argv += ["--resume", run.conversation]
        settings = json.dumps(_SETTINGS, indent=2).encode()
        return Command(
            argv=tuple(argv),
            env={"GEMINI_CLI_NO_RELAUNCH": "1"},
            seeds={".gemini/settings.json": settings},
        )

    @override
    def _finds_tools(self, run: RunRequest) -> bool:
        # It takes servers from settings alone, and those of the person stay as they are.
        return run.home is not None and super()._finds_tools(run)

    @override
    def parse(self, line: Line) -> list[AgentEvent]:
        if text(line, "told"):
            return _told(line)
        match text(line, "type"):
            case "init":
                data = {"conversation": text(line, "session_id"), "model": text(line, "model")}
                return [AgentEvent(kind=EventKind.STARTED, data=data)]
            case "message" if text(line, "role") == "assistant":
                delta = {"delta": line.get("delta") is True}
                return [AgentEvent(kind=EventKind.TEXT, text=text(line, "content"), data=delta)]
            case "tool_use":
                return [_begun(line)]
            case "tool_result":
                ok, said = text(line, "status") == "success", text(line, "output")
                data = {"id": text(line, "tool_id")}
                return [AgentEvent(kind=EventKind.TOOL_END, text=one_line(said), ok=ok, data=data)]
            case "error":
                said = one_line(text(line, "message"))
                return [AgentEvent(kind=EventKind.RETRY, text=said, ok=False)]
            case "result":
                return [_used(line), _ended(line)]
            case _:
                return [AgentEvent(kind=EventKind.RAW, data=line)]


def _told(line: Line) -> list[AgentEvent]:
    """Read a line of a conversation over ACP."""
    if text(line, "told") == "failed":
        message = text(line, "message")
        found = _answer(message)
        said = text(found, "message") or message
        return [failed(said, kind=error_kind(message, found.get("code") or line.get("code")))]
    quota = mapping(line, "quota")
    if text(line, "told") == "ended" and quota and not quota.get("model_usage"):
        return [failed("The model's answer was cut off.", kind="cut")]
    return parse_told(line)


def _begun(line: Line) -> AgentEvent:
    given, tool = mapping(line, "parameters"), text(line, "tool_name")
    shown = next((text(given, name) for name in _SHOWN if text(given, name)), "")
    data = {"id": text(line, "tool_id"), "tool": tool}
    return AgentEvent(kind=EventKind.TOOL_START, text=one_line(f"{tool} {shown}"), data=data)


def _used(line: Line) -> AgentEvent:
    cached = count(line, "stats", "cached")
    used = {
        "input": max(0, count(line, "stats", "input_tokens") - cached),
        "output": count(line, "stats", "output_tokens"),
        "cache_read": cached,
    }
    return AgentEvent(kind=EventKind.USAGE, data=used)


def _ended(line: Line) -> AgentEvent:
    if text(line, "status") == "success":
        return AgentEvent(kind=EventKind.FINAL)
    message = text(line, "error", "message")
    found = _answer(message)
    if found:
        status = found.get("code")
        return failed(text(found, "message"), kind=error_kind(message, status))
    return failed(message)


def _answer(message: str) -> Line:
    """Return the server's own error that a message holds as JSON, an empty one where none is."""
    start, end = message.find("{"), message.rfind("}")
    if start < 0 or end < start:
        return {}
    try:
        return mapping(json.loads(message[start : end + 1]), "error")
    except (ValueError, RecursionError):
        return {}
