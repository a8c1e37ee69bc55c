"""The fake agent over the Agent Client Protocol, version 1: the same scripts, and it can ask.

`{"permit": {"cmd": shell text}}` and `{"permit": {"path", "content"}}` ask for permission
(`session/request_permission`) and run or write only when that is allowed. `session/cancel` ends a
wait, a hang and a question. Every conversation can be loaded again, but for `fake-gone`.
Standard library only: it stands alone.
"""

import json
import os
import select
import sys
import uuid
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from claude_agent.agents.fake_agent import (
    Answer,
    Failed,
    FakeAgent,
    ScriptError,
    marked,
    read_script,
)

Message: TypeAlias = Answer

if TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method: object) -> object:
        """Mark a method, as the library that it does without does."""
        return method


_KINDS = {"write": "edit", "run": "execute", "spawn": "execute"}
_OPTIONS = (
    {"optionId": "always", "name": "Always", "kind": "allow_always"},
    {"optionId": "once", "name": "This time", "kind": "allow_once"},
    {"optionId": "no", "name": "No", "kind": "reject_once"},
)
_OFFERS = {"loadSession": True, "promptCapabilities": {"embeddedContext": False}}
_UNKNOWN = {"code": -32601, "message": "FAKE: no such method"}
_GONE = {"code": -32002, "message": "FAKE: there is no such session"}


class Cancelled(Exception):
    """The client asked for the end of the turn."""


class Closed(Exception):
    """The client has gone."""


class Wire:
    """Lines of JSON over the standard files; what comes while something else is awaited waits."""

    def __init__(self) -> None:
        self._raw = b""
        self._waiting: deque[Message] = deque()
        self._last = 0

    def send(self, **fields: object) -> None:
        """Write one message."""
        left = json.dumps({"jsonrpc": "2.0", **fields}).encode() + b"\n"
        while left:
            left = left[os.write(1, left) :]

    def next(self) -> Message:
        """Return the next message. Raises Closed."""
        while not self._waiting:
            self._read(None)
        return self._waiting.popleft()

    def wait(self, seconds: float | None) -> None:
        """Wait, or until the turn is cancelled. Raises Cancelled, Closed."""
        while True:
            if any(each.get("method") == "session/cancel" for each in self._waiting):
                self._waiting.clear()
                raise Cancelled
            if not self._read(seconds):
                return

    def ask(self, method: str, params: Message) -> object:
        """Ask the client and wait for its answer. Raises Cancelled, Closed."""
        self._last += 1
        self.send(id=f"ask-{self._last}", method=method, params=params)
        while True:
            message = self.next()
            if message.get("id") == f"ask-{self._last}" and "method" not in message:
                return message.get("result")
            if message.get("method") == "session/cancel":
                raise Cancelled

    def _read(self, seconds: float | None) -> bool:
        """Take in what comes; False when nothing came in that time."""
        if not select.select([0], [], [], seconds)[0]:
            return False
        more = os.read(0, 1 << 16)
        if not more:
            raise Closed
        *lines, self._raw = (self._raw + more).split(b"\n")
        self._waiting += [json.loads(line) for line in lines if line.strip()]
        return True


class FakeAcpAgent(FakeAgent):
    """Performs the script of each prompt and reports it by `session/update`."""

    def __init__(self, environ: Mapping[str, str], wire: Wire) -> None:
        super().__init__(environ)
        self._wire = wire
        self._session = ""
        self._usage: Message = {}

    def serve(self) -> None:
        """Answer the client until it goes."""
        while True:
            message = self._wire.next()
            if "method" in message and message.get("id") is not None:
                done = self._do(message["method"], message.get("params") or {})
                self._wire.send(id=message["id"], **done)

    def _do(self, method: str, params: Message) -> Message:
        match method:
            case "initialize":
                info = {"name": "fake-agent", "title": "FAKE", "version": "1"}
                told = {"protocolVersion": 1, "agentCapabilities": _OFFERS, "agentInfo": info}
                return {"result": {**told, "authMethods": []}}
            case "session/new":
                self._session = f"fake-{uuid.uuid4()}"
                return {"result": {"sessionId": self._session}}
            case "session/load":
                if params["sessionId"] == "fake-gone":
                    return {"error": _GONE}
                self._session = params["sessionId"]
                self._update("user_message_chunk", content=_text("what was asked before"))
                self._update("agent_message_chunk", content=_text(marked("said before")))
                return {"result": {}}
            case "session/prompt":
                return self._prompt("\n".join(x.get("text", "") for x in params["prompt"]))
            case _:
                return {"error": _UNKNOWN}

    def _prompt(self, prompt: str) -> Message:
        self._usage = {}
        try:
            steps = read_script(prompt, known=self.actions.keys())
            if steps is None:
                self.answer(prompt)
            for name, value in steps or ():
                self.actions[name](value)
        except Cancelled:
            return {"result": {"stopReason": "cancelled"}}
        except (Failed, ScriptError) as failure:
            return {"error": {"code": -32603, "message": marked(failure)}}
        except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
            said = marked(f"a step cannot be done: {error!r}")
            return {"error": {"code": -32602, "message": said}}
        usage = {"usage": self._usage} if self._usage else {}
        return {"result": {"stopReason": "end_turn", **usage}}

    @override
    def tell(self, kind: str, **given: object) -> None:
        """Report one event as an update of the session."""
        fields: Message = given
        number = f"tool-{fields.get('id')}"
        if kind in ("text", "final"):
            word = "agent_thought_chunk" if fields.get("thinking") else "agent_message_chunk"
            self._update(word, content=_text(fields["text"] + "\n"))
        elif kind == "tool_start":
            what = fields["input"]
            title = str(what.get("cmd") or what.get("path") or fields["tool"])
            more = {"title": title, "kind": _KINDS.get(fields["tool"], "other"), "rawInput": what}
            self._update("tool_call", toolCallId=number, status="in_progress", **more)
        elif kind == "tool_end":
            status = "completed" if fields["ok"] else "failed"
            said = [{"type": "content", "content": _text(str(fields.get("text", "")))}]
            self._update("tool_call_update", toolCallId=number, status=status, content=said)
        elif kind == "usage":
            words = {"input": "inputTokens", "output": "outputTokens"}
            self._usage = {words.get(name, name): n for name, n in fields["usage"].items()}

    def _update(self, word: str, /, **fields: object) -> None:
        update = {"sessionUpdate": word, **fields}
        params = {"sessionId": self._session, "update": update}
        self._wire.send(method="session/update", params=params)

    @override
    def rest(self, seconds: float | None) -> None:
        """Wait so long, for ever without a number, or until the turn is cancelled."""
        self._wire.wait(seconds)

    @override
    def may(self, tool: str, given: Message, title: str) -> bool:
        """Ask the client whether a tool may be used."""
        self._tools += 1
        call = {
            "toolCallId": f"tool-{self._tools}",
            "title": title,
            "kind": _KINDS[tool],
            "status": "pending",
            "rawInput": dict(given),
        }
        asked = {"sessionId": self._session, "options": _OPTIONS, "toolCall": call}
        found = self._wire.ask("session/request_permission", asked)
        outcome = (found if isinstance(found, dict) else {}).get("outcome") or {}
        allowed = outcome.get("outcome") == "selected" and outcome.get("optionId") == "once"
        self.tell("tool_end", id=self._tools, ok=allowed, text="allowed" if allowed else "no")
        return allowed


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def main() -> int:
    """Serve one client; exit code 0 when it goes."""
    try:
        FakeAcpAgent(os.environ, Wire()).serve()
    except (Closed, KeyboardInterrupt, BrokenPipeError):
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
