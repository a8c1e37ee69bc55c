"""Codex's own protocol, `codex app-server`: `thread/start` or `thread/resume`, `turn/start`.

It counts tokens from the thread's beginning. Its approvals are answered for this one call alone:
never for the session, never as a rule of its own.
"""

from claude_agent.shim.talk import allowed, count_of, list_of, object_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from claude_agent.shim.rpc import Json
    from claude_agent.shim.talk import Talk

_ITEMS = {
    "commandExecution": "command_execution",
    "fileChange": "file_change",
    "mcpToolCall": "mcp_tool_call",
    "webSearch": "web_search",
    "dynamicToolCall": "dynamic_tool_call",
    "collabAgentToolCall": "collab_tool_call",
}
_BAD = ("failed", "declined", "error")
_OPEN_ITEMS = 200
_SILENT = [
    "thread/started",
    "thread/status/changed",
    "thread/name/updated",
    "thread/settings/updated",
    "account/rateLimits/updated",
    "account/updated",
    "configWarning",
    "remoteControl/status/changed",
    "warning",
    "serverRequest/resolved",
    "turn/diff/updated",
    "item/commandExecution/outputDelta",
    "deprecationNotice",
    "item/fileChange/outputDelta",
    "item/fileChange/patchUpdated",
    "mcpServer/startupStatus/updated",
    "item/reasoning/summaryPartAdded",
    "item/reasoning/textDelta",
    "item/plan/delta",
    "item/mcpToolCall/progress",
    "thread/environment/connected",
    "skills/changed",
]


class AppServerDriver:
    """Speaks with `codex app-server` as its client."""

    versioned = False

    def __init__(self, talk: "Talk") -> None:
        self._talk = talk
        self._peer = talk.peer
        self._tell = talk.tell
        self._thread = ""
        self._turn_id = ""
        self._items: dict[str, Json] = {}
        self._notes: dict[str, Callable[[Json], object]] = {
            "turn/started": self._on_started,
            "item/agentMessage/delta": lambda it: self._tell.write(text_of(it.get("delta"))),
            "item/reasoning/summaryTextDelta": lambda it: self._tell.piece(
                "thought", text_of(it.get("delta"))
            ),
            "item/started": lambda it: self._on_item(object_of(it.get("item")), ended=False),
            "item/completed": lambda it: self._on_item(object_of(it.get("item")), ended=True),
            "turn/plan/updated": lambda it: self._on_plan(list_of(it.get("plan"))),
            "thread/tokenUsage/updated": self._on_usage,
            "error": self._on_error,
            "turn/completed": lambda it: self._on_completed(object_of(it.get("turn"))),
        }

    def open(self) -> None:
        """Say hello; then the thread."""
        about = {"name": "claude-agent", "title": "claude-agent", "version": "1"}
        self._peer.call("initialize", {"clientInfo": about}, self._on_initialize)

    def _on_initialize(self, _result: object, error: "Json | None") -> None:
        if error is not None:
            return self._talk.failed("initialize", error)
        self._peer.note("initialized")
        old = text_of(self._talk.given.get("conversation"))
        if old:
            self._thread = old
            more = {"threadId": old, "excludeTurns": True}
            return self._peer.call("thread/resume", self._where() | more, self._on_thread)
        return self._peer.call("thread/start", self._where(), self._on_thread)

    def _where(self) -> "Json":
        return {"cwd": self._talk.cwd, **object_of(self._talk.given.get("thread"))}

    def _on_thread(self, result: object, error: "Json | None") -> None:
        if error is not None and self._thread:
            self._thread = ""
            self._talk.begins_anew(error)
            return self._peer.call("thread/start", self._where(), self._on_thread)
        if error is not None:
            return self._talk.failed("thread/start", error)
        found = object_of(result)
        thread = object_of(found.get("thread"))
        self._thread = text_of(thread.get("id"))
        if not self._thread:
            return self._talk.failed("thread", {"message": "It named no thread."})
        asked = object_of(self._talk.given.get("thread"))
        for mine, its in (("approvalPolicy", "approvalPolicy"), ("approvalsReviewer",) * 2):
            if mine in asked and found.get(its) != asked[mine]:
                # A person's own requirements may overrule us: better no work than unasked work.
                said = f"It works by {its} {str(found.get(its))[:80]}, not {asked[mine]}."
                return self._talk.failed("thread", {"message": said}, kind="not_runnable")
        return self._talk.opened(
            conversation=self._thread,
            agent="codex",
            version=text_of(thread.get("cliVersion"))[:200],
            model=text_of(found.get("model"))[:200],
        )

    def turn(self, text: str) -> None:
        """Send a prompt."""
        self._turn_id = ""
        given = [{"type": "text", "text": text}]
        self._peer.call("turn/start", {"threadId": self._thread, "input": given}, self._on_turn)

    def _on_turn(self, result: object, error: "Json | None") -> None:
        if error is not None:
            return self._talk.failed("turn/start", error)
        self._turn_id = text_of(object_of(object_of(result).get("turn")).get("id"))
        if self._talk.cancelled:
            self.interrupt()
        return None

    def interrupt(self) -> None:
        """Interrupt the turn: `turn/completed` says when it has ended."""
        if self._turn_id:
            given = {"threadId": self._thread, "turnId": self._turn_id}
            self._peer.call("turn/interrupt", given, lambda _result, _error: None)

    # What it tells --------------------------------------------------------------------------

    def on_note(self, method: str, params: "Json") -> None:
        """Take what is told of our thread."""
        if not self._thread or params.get("threadId") != self._thread:
            return  # of the program itself, or of a thread that it started for its own use
        if method in self._notes:
            self._notes[method](params)
        elif method not in _SILENT:
            self._tell.raw({"method": method, "params": params})

    def _on_started(self, params: "Json") -> None:
        self._turn_id = self._turn_id or text_of(object_of(params.get("turn")).get("id"))

    def _on_item(self, item: "Json", *, ended: bool) -> None:
        number, kind = text_of(item.get("id"))[:200], text_of(item.get("type"))
        if kind == "agentMessage" and ended:
            self._tell.last = text_of(item.get("text"))
            self._tell.say("text", text=self._tell.last[:64_000])
            self._tell.write("\n")
        if kind not in _ITEMS or not number:
            return
        shown = text_of(item.get("command")) or text_of(item.get("tool"))
        shown = shown or ", ".join(_paths(item)) or text_of(item.get("query"))
        self._tell.tool(number, _ITEMS[kind], shown)
        if not ended:
            if len(self._items) >= _OPEN_ITEMS:
                del self._items[next(iter(self._items))]
            self._items[number] = item
            return
        self._items.pop(number, None)
        good = item.get("exitCode") in (None, 0) and item.get("status") not in _BAD
        said = text_of(item.get("aggregatedOutput")).strip()
        said = "It was not allowed." if item.get("status") == "declined" else said
        self._tell.tool_end(number, ok=good, text=said)

    def _on_plan(self, steps: "list[object]") -> None:
        found = [object_of(each) for each in steps[:50]]
        said = "; ".join(f"{text_of(x.get('step'))} ({x.get('status')})" for x in found)
        self._tell.say("plan", text=said[:4000])
        self._tell.line(f"-- plan: {said}")

    def _on_usage(self, params: "Json") -> None:
        total = object_of(object_of(params.get("tokenUsage")).get("total"))
        cached = count_of(total.get("cachedInputTokens"))
        self._tell.say(
            "usage",
            input=max(0, count_of(total.get("inputTokens")) - cached),
            output=count_of(total.get("outputTokens")),
            cache_read=cached,
            cache_write=count_of(total.get("cacheWriteInputTokens")),
        )

    def _on_error(self, params: "Json") -> None:
        error = object_of(params.get("error"))
        words = [text_of(error.get("message")), text_of(error.get("additionalDetails"))]
        said = " - ".join(word for word in words if word)
        self._tell.say("retry", text=said[:4000])
        self._tell.line(f"!! {said}")

    def _on_completed(self, turn: "Json") -> None:
        if text_of(turn.get("id")) != self._turn_id:
            return
        status = turn.get("status")
        if status == "completed":
            self._talk.turn_ended("end_turn")
        elif status == "interrupted":
            self._talk.turn_ended("cancelled")
        else:
            error = object_of(turn.get("error"))
            info = error.get("codexErrorInfo")
            self._talk.failed("turn", error, info=info if isinstance(info, (str, dict)) else None)

    # What it asks ---------------------------------------------------------------------------

    def on_request(self, number: object, method: str, params: "Json") -> bool:
        """Put an approval or a question to the policy and to people."""
        if method == "mcpServer/elicitation/request":
            self._peer.reply(number, {"action": "decline"})
            return True
        ours = bool(self._thread) and params.get("threadId") == self._thread
        if method == "item/commandExecution/requestApproval" and ours:
            self._approve(number, _command_ask(params))
        elif method == "item/fileChange/requestApproval" and ours:
            item = self._items.get(text_of(params.get("itemId"))[:200], {})
            self._approve(number, _change_ask(item, params))
        elif method == "item/permissions/requestApproval" and ours:
            self._peer.reply(number, {"permissions": {}})  # nothing is granted for later
        elif method == "item/tool/requestUserInput" and ours:
            self._question(number, params)
        else:
            return False
        return True

    def _approve(self, number: object, ask: "Json") -> None:
        def decided(decision: "Json") -> None:
            if decision.get("via") == "gone":
                word = "cancel"
            else:
                word = "accept" if allowed(decision, ask) else "decline"
            self._peer.reply(number, {"decision": word})

        self._talk.ask(ask, decided)

    def _question(self, number: object, params: "Json") -> None:
        found = [object_of(each) for each in list_of(params.get("questions"))[:20]]
        options = list_of(found[0].get("options")) if found else []
        ask = {
            "what": "question",
            "tool": "request_user_input",
            "input": {"questions": found},
            "text": "\n".join(text_of(each.get("question")) for each in found),
            "options": [text_of(object_of(each).get("label")) for each in options],
        }

        def decided(decision: "Json") -> None:
            if decision.get("decision") != "answer":
                return self._peer.refuse(number, -32000, "Nobody answers this.")
            told = {"answers": [text_of(decision.get("text"))]}
            answers = {text_of(each.get("id")): told for each in found}
            return self._peer.reply(number, {"answers": answers})

        self._talk.ask(ask, decided)


def _paths(item: "Json") -> "list[str]":
    found = [text_of(object_of(each).get("path")) for each in list_of(item.get("changes"))]
    return [each for each in dict.fromkeys(found) if each]


def _command_ask(params: "Json") -> "Json":
    names = ("command", "cwd", "reason", "networkApprovalContext")
    given = {name: params[name] for name in names if params.get(name) is not None}
    return {
        "what": "permission",
        "tool": "command_execution",
        "input": given,
        "text": text_of(params.get("command")) or text_of(params.get("reason")),
        "options": [],
        **({"cwd": params["cwd"]} if text_of(params.get("cwd")) else {}),
    }


def _change_ask(item: "Json", params: "Json") -> "Json":
    places = _paths(item)
    given: Json = {"changes": list_of(item.get("changes"))}
    if places:
        given |= {"path": places[0], "paths": places}
    if params.get("grantRoot") is not None:
        given["grant_root"] = params["grantRoot"]
    reason = text_of(params.get("reason"))
    return {
        "what": "permission",
        "tool": "file_change",
        "input": given,
        "text": ", ".join(places) or reason or "changes files",
        "options": [],
    }
