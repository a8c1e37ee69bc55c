"""aider: `aider --message-file`, its text line by line, between the lines of its own event log.

What was learned by running it: it exits with 0 whatever happens; streamed, an answer that is cut
looks like a whole one, so that it is asked not to stream; it tells the truth in the log that it
writes for its analytics (which stay off): `message_send_starting`, `message_send` only when a whole
answer has come, `exit`. It asks again for about a minute where the model fails, and cannot resume.
"""

import re
from collections.abc import Sequence
from pathlib import Path
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
from claude_agent.agents.adapters.cli import SUMMARY_CHARACTERS, CliAdapter, failed
from claude_agent.agents.reading import Line, amount, count, error_kind, mapping, one_line, text

_ASKED = (
    *("aider", "--message-file", "/dev/stdin", "--analytics-log", "/dev/stdout"),
    *(
        "--yes-always",
        "--no-stream",
        "--no-pretty",
        "--no-fancy-input",
        "--no-suggest-shell-commands",
    ),
    *("--no-analytics", "--no-check-update", "--no-show-release-notes", "--no-show-model-warnings"),
    *("--no-gitignore", "--no-detect-urls"),
)
_ENV = {"COLUMNS": "1000", "PYTHONUNBUFFERED": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
_WORDS = (
    ("auth", ("AuthenticationError", "PermissionDenied")),
    ("rate", ("RateLimitError",)),
    ("cut", ("Connection error", "APIConnectionError", "Timeout")),
    ("overload", ("InternalServerError", "ServiceUnavailable", "BadGateway", "APIError")),
    ("bad_request", ("BadRequest", "NotFound", "ContextWindow", "UnprocessableEntity")),
)
_TROUBLE = re.compile(r"litellm\.\w*(?:Error|Exception)\b")
_GAVE_UP = ("Only 3 reflections allowed", "has hit a token limit")
_INTERRUPTED = "^C"
_NOISE = re.compile(r"Tokens: .* sent, .* received\.|HTTPS?ConnectionPool\(host=")
"""What it says of its use, and when the list of prices cannot be had."""
_APPLIED = "Applied edit to "


class AiderAdapter(CliAdapter):
    """Drives aider."""

    name: ClassVar[str] = "aider"
    program: ClassVar[str] = "aider"
    title: ClassVar[str] = "aider"
    install: ClassVar[str] = "pipx install aider-chat (with Python 3.10 to 3.12)"
    tested: ClassVar[tuple[str, str]] = ("0.86", "0.87")
    keys: ClassVar[tuple[str, ...]] = (
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "GEMINI_API_KEY",
        "DEEPSEEK_API_KEY",
        "OPENROUTER_API_KEY",
    )
    logins: ClassVar[tuple[str, ...]] = (".aider.conf.yml", ".aider/oauth-keys.env")
    login: ClassVar[str] = (
        "Set the key of a provider and name it in the agent's `environment`, or write it into"
        " ~/.aider.conf.yml."
    )
    capabilities: ClassVar[Capabilities] = Capabilities(
        structured=True, usage=True, cost=True, commits=True
    )

    @override
    def _command(self, run: RunRequest) -> Command:
        argv = [*_ASKED]
        for name in ("chat", "input"):
            argv += [f"--{name}-history-file", str(run.folder / f"aider.{name}.history")]
        if not any(_is_repository(folder) for folder in (run.cwd, *run.cwd.parents)):
            argv.append("--no-git")  # else it makes a repository of any folder
        if run.may == "edit":
            argv += ["--no-auto-lint", "--no-auto-test"]
        if run.model:
            argv += ["--model", run.model]
        return Command(argv=tuple(argv), env=_ENV, protocol="lines")

    @override
    def parse(self, line: Line) -> list[AgentEvent]:
        given = mapping(line, "properties")
        match text(line, "event"):
            case "launched":
                return [AgentEvent(kind=EventKind.STARTED)]
            case "message_send_starting":
                return [AgentEvent(kind=EventKind.STARTED, data={"asks": True})]
            case "message_send":
                return [_spent(given)]
            case "message_send_exception":
                return [_trouble(text(given, "exception"))]
            case "exit":
                return [_left(text(given, "reason"))]
            case "" if isinstance(line.get("said"), str) and len(line) == 1:
                return [_said(line["said"])]
            case _:
                return [AgentEvent(kind=EventKind.RAW, data=line)]

    @override
    def finish(self, seen: Sequence[AgentEvent], ending: Ending) -> Outcome:
        asked = [place for place, event in enumerate(seen) if event.data.get("asks") is True]
        last = seen[asked[-1] :] if asked else seen
        spent = next((n for n, event in enumerate(last) if event.kind is EventKind.USAGE), None)
        if ending.signal is not None or not asked:
            return judge_protocol([e for e in seen if e.kind is not EventKind.FINAL], ending)
        if spent is None:
            return judge_protocol([_unanswered(last)], ending)
        after = [event for event in last[spent:] if event.kind in (EventKind.RETRY, *_ENDS)]
        if after and after[0].kind is EventKind.RETRY:
            end = failed(after[0].text, kind=text(after[0].data, "kind"))
            return judge_protocol([end], ending)
        said = "".join(e.text for e in last[:spent] if e.kind is EventKind.TEXT).strip()
        summary = {"outputs": {"summary": said[:SUMMARY_CHARACTERS]}}
        final = AgentEvent(kind=EventKind.FINAL, text=said, data=summary)
        ends = [final if event.kind is EventKind.FINAL else event for event in after]
        return judge_protocol(ends, ending)


_ENDS = (EventKind.FINAL, EventKind.ERROR)


def _is_repository(folder: Path) -> bool:
    mark = folder / ".git"
    return mark.is_file() or (mark / "HEAD").is_file()


def _said(line: str) -> AgentEvent:
    if _TROUBLE.match(line):
        return _trouble(line)
    if line.startswith(_INTERRUPTED):
        return AgentEvent(
            kind=EventKind.RETRY, text="It was interrupted.", ok=False, data={"kind": "killed"}
        )
    if any(words in line for words in _GAVE_UP):
        data = {"kind": "agent_error"}
        return AgentEvent(kind=EventKind.RETRY, text=one_line(line), ok=False, data=data)
    if line.startswith(_APPLIED):
        data = {"tool": "edit"}
        return AgentEvent(kind=EventKind.TOOL_END, text=one_line(line), data=data)
    if _NOISE.match(line):
        return AgentEvent(kind=EventKind.RAW, data={"said": line})
    return AgentEvent(kind=EventKind.TEXT, text=f"{line}\n", data={"delta": True})


def _trouble(said: str) -> AgentEvent:
    kind = next((kind for kind, words in _WORDS if any(w in said for w in words)), "")
    data = {"kind": kind or error_kind(said)}
    return AgentEvent(kind=EventKind.RETRY, text=one_line(said), ok=False, data=data)


def _spent(given: Line) -> AgentEvent:
    used = {
        "more": True,
        "input": count(given, "prompt_tokens"),
        "output": count(given, "completion_tokens"),
        "cost_usd": amount(given, "cost"),
    }
    return AgentEvent(kind=EventKind.USAGE, data=used)


def _left(reason: str) -> AgentEvent:
    if reason.startswith("Completed --message"):
        return AgentEvent(kind=EventKind.FINAL)
    return failed(f"aider ended early: {reason or 'no reason given'}.", kind="agent_error")


def _unanswered(last: Sequence[AgentEvent]) -> AgentEvent:
    """Return why the last question has no whole answer."""
    said = [event for event in last if event.kind is EventKind.RETRY]
    if not said:
        return failed("The model gave no whole answer.", kind="cut")
    return failed(said[-1].text, kind=text(said[-1].data, "kind"))
