"""The Agent Client Protocol: `initialize`, `session/new` or `session/load`, `session/prompt`.

Of what a client may offer nothing is offered: no files, no terminals. Updates of a conversation
that is loaded again are its past and are passed over.
"""

from claude_agent.shim.talk import allowed, count_of, list_of, object_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from claude_agent.shim.rpc import Json
    from claude_agent.shim.talk import Talk

VERSION = 1
REPLAY_S = 1.0
"""A conversation that was loaded has told its past when it was quiet for so long."""
MOST_OPTIONS = 50
CONTENT_CHARS = 20_000
_OFFERED = {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False}
_ENDED = ("completed", "failed")
_SILENT = [
    "available_commands_update",
    "current_mode_update",
    "user_message_chunk",
    "session_info_update",
    "config_option_update",
]


class AcpDriver:
    """Speaks ACP as its client."""

    versioned = True

    def __init__(self, talk: "Talk") -> None:
        self._talk = talk
        self._peer = talk.peer
        self._tell = talk.tell
        self._session = ""
        self._replays = False
        self._past_over: Callable[[], object] | None = None
        self._cost = 0.0
        self._agent: Json = {}

    def open(self) -> None:
        """Agree on the version; then the session."""
        about = {"name": "claude-agent", "title": "claude-agent", "version": "1"}
        given = {"protocolVersion": VERSION, "clientCapabilities": _OFFERED, "clientInfo": about}
        self._peer.call("initialize", given, self._on_initialize)

    def _on_initialize(self, result: object, error: "Json | None") -> None:
        if error is not None:
            return self._talk.failed("initialize", error)
        found = object_of(result)
        self._agent = object_of(found.get("agentInfo"))
        version = found.get("protocolVersion")
        if version != VERSION:
            said = f"It speaks version {str(version)[:20]} of the protocol, not {VERSION}."
            return self._talk.failed("initialize", {"message": said})
        old = text_of(self._talk.given.get("conversation"))
        loads = bool(object_of(found.get("agentCapabilities")).get("loadSession"))
        if old and loads:
            self._session = old
            self._replays = True
            given = {"sessionId": old, **self._where()}
            return self._peer.call("session/load", given, self._on_session)
        return self._peer.call("session/new", self._where(), self._on_session)

    def _where(self) -> "Json":
        servers = list_of(self._talk.given.get("mcp_servers"))
        return {"cwd": self._talk.cwd, "mcpServers": servers}

    def _on_session(self, result: object, error: "Json | None") -> None:
        loaded = self._replays and error is None
        self._replays = loaded
        if error is not None and self._session:
            self._session = ""
            self._talk.begins_anew(error)
            return self._peer.call("session/new", self._where(), self._on_session)
        if error is not None:
            return self._talk.failed("session/new", error)
        found = object_of(result)
        self._session = self._session or text_of(found.get("sessionId"))
        if not self._session:
            return self._talk.failed("session/new", {"message": "It named no session."})
        mode = text_of(self._talk.given.get("mode"))
        if mode:
            given = {"sessionId": self._session, "modeId": mode}
            return self._peer.call("session/set_mode", given, self._on_mode)
        return self._go(text_of(object_of(found.get("models")).get("currentModelId")))

    def _on_mode(self, _result: object, error: "Json | None") -> None:
        if error is not None:
            return self._talk.failed("session/set_mode", error)
        return self._go("")

    def _go(self, model: str) -> None:
        if not self._replays:
            return self._begin(model)
        # Gemini CLI tells the past after it has answered; its last word is the commands it has.
        self._past_over = lambda: self._begin(model)
        return self._talk.wake(REPLAY_S, self._past_over)

    def _begin(self, model: str) -> None:
        self._replays = False
        self._past_over = None
        self._talk.opened(
            conversation=self._session,
            agent=text_of(self._agent.get("name"))[:200],
            version=text_of(self._agent.get("version"))[:200],
            model=model[:200],
        )

    def turn(self, text: str) -> None:
        """Send a prompt."""
        prompt = [{"type": "text", "text": text}]
        given = {"sessionId": self._session, "prompt": prompt}
        self._peer.call("session/prompt", given, self._on_prompted)

    def _on_prompted(self, result: object, error: "Json | None") -> None:
        if error is not None:
            return self._talk.failed("session/prompt", error)
        found = object_of(result)
        meta = object_of(found.get("_meta"))
        used = _used(found, meta)
        if used or self._cost:
            cost: dict[str, object] = {"cost_usd": self._cost} if self._cost else {}
            self._tell.say("usage", **used, **cost, more=True)
            self._cost = 0.0
        stop = text_of(found.get("stopReason"))[:100]
        return self._talk.turn_ended(stop, **({"quota": meta["quota"]} if "quota" in meta else {}))

    def interrupt(self) -> None:
        """Cancel the turn: its own answer says when it has ended."""
        self._peer.note("session/cancel", {"sessionId": self._session})

    # What it tells and asks -----------------------------------------------------------------

    def on_note(self, method: str, params: "Json") -> None:
        """Take an update of our session."""
        if method != "session/update":
            self._tell.raw({"method": method, "params": params})
        elif params.get("sessionId") == self._session:
            update = object_of(params.get("update"))
            if not self._replays:
                self._on_update(update)
            elif self._past_over is not None:
                last = update.get("sessionUpdate") == "available_commands_update"
                self._talk.wake(0 if last else REPLAY_S, self._past_over)

    def _on_update(self, update: "Json") -> None:
        kind = update.get("sessionUpdate")
        if kind in ("agent_message_chunk", "agent_thought_chunk"):
            said = _content(update.get("content"))
            self._tell.piece("text" if kind == "agent_message_chunk" else "thought", said)
        elif kind in ("tool_call", "tool_call_update"):
            self._on_tool(update)
        elif kind == "plan":
            steps = [object_of(each) for each in list_of(update.get("entries"))[:MOST_OPTIONS]]
            said = "; ".join(f"{text_of(x.get('content'))} ({x.get('status')})" for x in steps)
            self._tell.say("plan", text=said[:4000])
            self._tell.line(f"-- plan: {said}")
        elif kind == "usage_update":
            cost = object_of(update.get("cost"))
            amount = cost.get("amount")
            if cost.get("currency") == "USD" and isinstance(amount, (int, float)):
                self._cost = amount
        elif kind not in _SILENT:
            self._tell.raw(update)

    def _on_tool(self, update: "Json") -> None:
        number = text_of(update.get("toolCallId"))[:200]
        if not number:
            return
        self._tell.tool(number, _kind(update), text_of(update.get("title")))
        if update.get("status") in _ENDED:
            said = "\n".join(_content(each) for each in list_of(update.get("content"))[:50])
            self._tell.tool_end(number, ok=update["status"] == "completed", text=said.strip())

    def on_request(self, number: object, method: str, params: "Json") -> bool:
        """Put a permission to the policy and to people; everything else is not offered."""
        if method != "session/request_permission":
            return False
        if params.get("sessionId") != self._session or not self._session:
            self._peer.reply(number, {"outcome": {"outcome": "cancelled"}})
            return True
        call = object_of(params.get("toolCall"))
        given = [object_of(each) for each in list_of(params.get("options"))[:MOST_OPTIONS]]
        name = text_of(call.get("toolCallId"))[:200]
        if name:
            self._tell.tool(name, _kind(call), text_of(call.get("title")))
        ask = {
            "what": "permission",
            "tool": _kind(call),
            "input": _input(call),
            "text": text_of(call.get("title")),
            "options": [text_of(each.get("name")) for each in given],
        }

        def decided(decision: "Json") -> None:
            option = _option(given, "allow_once" if allowed(decision, ask) else "reject_once")
            if option is None or decision.get("via") == "gone":
                self._peer.reply(number, {"outcome": {"outcome": "cancelled"}})
            else:
                told = {"outcome": "selected", "optionId": option}
                self._peer.reply(number, {"outcome": told})
            if name and not allowed(decision, ask):
                self._tell.tool_end(name, ok=False, text="It was not allowed.")

        self._talk.ask(ask, decided)
        return True


def _option(options: "list[Json]", kind: str) -> "str | None":
    """Return the option of a kind: of those that hold for more than this call, none is taken."""
    for each in options:
        if each.get("kind") == kind and isinstance(each.get("optionId"), str):
            return str(each["optionId"])
    return None


def _kind(call: "Json") -> str:
    return text_of(call.get("kind"))[:100] or "other"


def _input(call: "Json") -> "Json":
    """Return what a tool call is about, under the names that policies look for."""
    given = dict(object_of(call.get("rawInput")))
    title = text_of(call.get("title"))
    if call.get("kind") == "execute" and not given.get("command"):
        given["command"] = title
    places = [text_of(object_of(x).get("path")) for x in list_of(call.get("locations"))]
    changes = [object_of(each) for each in list_of(call.get("content"))]
    changes = [each for each in changes if each.get("type") == "diff"]
    places += [text_of(each.get("path")) for each in changes]
    places = [each for each in dict.fromkeys(places) if each]
    if places:
        given.setdefault("path", places[0])
        given["paths"] = places
    if changes:
        given["diff"] = [
            {"path": each.get("path"), "old": each.get("oldText"), "new": each.get("newText")}
            for each in changes
        ]
    return given


def _content(content: object) -> str:
    """Return what a piece of content says to people."""
    found = object_of(content)
    kind = found.get("type")
    if kind == "text":
        return text_of(found.get("text"))[:CONTENT_CHARS]
    if kind == "content":
        return _content(found.get("content"))
    if kind == "diff":
        return f"[changes {text_of(found.get('path'))}]"
    return f"[{kind}]" if isinstance(kind, str) else ""


def _used(result: "Json", meta: "Json") -> "dict[str, object]":
    """Return the tokens of a turn, where it tells them: its own words, or Gemini's."""
    usage = object_of(result.get("usage"))
    if usage:
        return {
            "input": count_of(usage.get("inputTokens")),
            "output": count_of(usage.get("outputTokens")),
            "cache_read": count_of(usage.get("cachedReadTokens")),
            "cache_write": count_of(usage.get("cachedWriteTokens")),
        }
    tokens = object_of(object_of(meta.get("quota")).get("token_count"))
    if tokens:
        return {
            "input": count_of(tokens.get("input_tokens")),
            "output": count_of(tokens.get("output_tokens")),
        }
    return {}
