"""What agents that are spoken with told, as the shim wrote it down, whatever their protocol.

The other side is `shim/teller.py`: one line for each thing, `{"told": WORD, …}`.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from claude_agent.agents.adapter import AgentEvent, Ending, EventKind, RunRequest
from claude_agent.agents.reading import Line, amount, count, error_kind, one_line, text

SPOKEN = frozenset({"acp", "app-server"})
"""Transports whose programs are spoken with."""
_OURS = (15, 9)
_ENDS = {
    "end_turn": ("", ""),
    "cancelled": ("killed", "The turn was interrupted."),
    "max_tokens": ("max_turns", "The answer was longer than the model may give."),
    "max_turn_requests": ("max_turns", "The turn took more requests than it may."),
    "refusal": ("refused", "The agent refused to go on."),
}
_RPC_AUTH = -32000


def talk_files(run: RunRequest, **given: object) -> dict[str, bytes]:
    """Return the file of the run folder that says how a conversation is led."""
    talk = {"protocol": run.transport, "conversation": run.conversation, **given}
    return {"talk.json": _json(talk)}


def _json(value: Line) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def parse_told(line: Line) -> list[AgentEvent]:
    """Return what one line says; `RAW` where it says nothing for us."""
    match text(line, "told"):
        case "started":
            names = ("conversation", "model", "version")
            data: dict[str, object] = {name: text(line, name) for name in names}
            return [AgentEvent(kind=EventKind.STARTED, data=data)]
        case "text":
            data = {"delta": line.get("delta") is True}
            return [AgentEvent(kind=EventKind.TEXT, text=text(line, "text"), data=data)]
        case "tool":
            said = one_line(f"{text(line, 'tool')} {text(line, 'title')}")
            data = {"id": text(line, "id"), "tool": text(line, "tool")}
            return [AgentEvent(kind=EventKind.TOOL_START, text=said, data=data)]
        case "tool_end":
            data = {"id": text(line, "id"), "tool": text(line, "tool")}
            said, ok = one_line(text(line, "text")), line.get("ok") is True
            return [AgentEvent(kind=EventKind.TOOL_END, text=said, ok=ok, data=data)]
        case "usage":
            return [_used(line)]
        case "retry":
            said = one_line(text(line, "text"))
            return [AgentEvent(kind=EventKind.RETRY, text=said, ok=False)]
        case "ended":
            return [_ended(line)]
        case "failed":
            return [_failed(line)]
        case _:
            return [AgentEvent(kind=EventKind.RAW, data=line)]


def truly_ended(seen: Sequence[AgentEvent], ending: Ending) -> Ending:
    """Return the end without our own signal, where the program had said all and did not go."""
    ours = any(event.data.get("told") == "closed" for event in seen)
    if ours and ending.signal in _OURS and not ending.stopped:
        return replace(ending, code=0, signal=None)
    return ending


def _used(line: Line) -> AgentEvent:
    names = ("input", "output", "cache_read", "cache_write")
    data: dict[str, object] = {name: count(line, name) for name in names}
    data |= {"cost_usd": amount(line, "cost_usd"), "more": line.get("more") is True}
    return AgentEvent(kind=EventKind.USAGE, data=data)


def _ended(line: Line) -> AgentEvent:
    stop = text(line, "stop")
    kind, message = _ENDS.get(stop, ("agent_error", f"The turn ended by {stop[:80] or 'nothing'}."))
    if not kind:
        return AgentEvent(kind=EventKind.FINAL, text=text(line, "text"))
    return AgentEvent(kind=EventKind.ERROR, text=message, ok=False, data={"error_kind": kind})


def _failed(line: Line) -> AgentEvent:
    message, code = text(line, "message"), line.get("code")
    kind = text(line, "kind") or error_kind(message, code)
    if kind == "agent_error" and code == _RPC_AUTH:
        kind = "auth"
    said = one_line(message) or f"The agent failed at {text(line, 'where')} and did not say why."
    data = {"error_kind": kind, "vague": not message}
    return AgentEvent(kind=EventKind.ERROR, text=said, ok=False, data=data)
