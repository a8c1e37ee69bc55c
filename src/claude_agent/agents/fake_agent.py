"""A program that behaves like a coding agent and asks no model; everything it prints says FAKE.

It reads a prompt from standard input and prints one JSON object a line:
`{"fake": true, "type": "started"|"text"|"tool_start"|"tool_end"|"usage"|"final"|"error", …}`.
Without a script it says what it was asked and completes with `{"summary": …}`. A script is what
follows a line `[[fake]]` (up to `[[/fake]]` or the end), one JSON object a line, one action each:

    {"say": text}  {"think": text}  {"print": text as it is, no protocol}
    {"write": {"path": inside the working folder, "content": text}}
    {"run": {"cmd": shell text, "check": true to fail when it fails}}
    {"spawn": {"cmd": shell text}}      a stray child in a session of its own
    {"ask": text}  {"ask": {"text", "options": […]}}   waits for an answer; it becomes an output
    {"request_approval": {"text", "tool", "input"}}    waits for a yes; fails without one
    {"permit": {"cmd": shell text}}     asks first, and runs it only if it may (transport "acp")
    {"permit": {"path", "content"}}     the same for a file
    {"sleep": seconds}  {"hang": true}  {"hang": "deaf"} (SIGINT and SIGTERM are ignored)
    {"usage": {…}}  {"outputs": {…}}    added to CLAUDE_AGENT_OUTPUTS and to the final event
    {"tool": {"name", "args": {…}}}     one of our own tools (MCP), like `complete_task`
    {"fail": message}  {"fail": {"message", "kind", "until_attempt": n}}  (fails attempts below n)
                        also "until_run": n (runs below n), "resets_in": seconds (a usage limit)
    {"final": text}                     the final event now; the script goes on
    {"exit": n}                         ends at once with this code and no further event

A script that ends without `exit` or `fail` completes. Standard library only: it stands alone.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

PROMPT_LIMIT = 1_048_576
_SHOWN = 400
_TAIL = 4_000
_INTERRUPTED = 130


Answer = dict[str, Any]
"""A JSON object."""


class ScriptError(Exception):
    """The script cannot be read."""


class Failed(Exception):
    """The script says that the agent fails."""

    def __init__(self, message: str, kind: str, resets_in: float = 0.0) -> None:
        super().__init__(message)
        self.kind = kind
        self.more = {"resets_in_ms": int(resets_in * 1000)} if resets_in else {}


class FakeAgent:
    """Performs one script and reports it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._outputs: Answer = {}
        self._number = int(environ.get("CLAUDE_AGENT_RUN_ID", "").rpartition(".")[2] or 1)
        self._attempt = int(environ.get("CLAUDE_AGENT_ATTEMPT") or 1)
        target = environ.get("CLAUDE_AGENT_OUTPUTS")
        self._outputs_file = Path(target) if target else None
        self._tools = 0
        self._final = False
        self.actions: dict[str, Callable[[Any], None]] = {  # by the name that scripts use
            "say": lambda text: self.tell("text", text=marked(text)),
            "think": lambda text: self.tell("text", text=marked(text), thinking=True),
            "print": self._print,
            "write": self._write,
            "run": self._run,
            "spawn": self._spawn,
            "permit": self._permit,
            "sleep": lambda seconds: self.rest(float(seconds)),
            "hang": self._hang,
            "ask": self._ask,
            "request_approval": self._request_approval,
            "tool": self._call_tool,
            "usage": lambda usage: self.tell("usage", usage=usage),
            "outputs": self._add_outputs,
            "fail": self._fail,
            "final": self._complete,
            "exit": self._exit,
        }

    def tell(self, kind: str, **fields: Any) -> None:
        """Print one event."""
        _emit(json.dumps({"fake": True, "type": kind, **fields}, ensure_ascii=False))

    def work(self, prompt: str) -> int:
        """Do what the prompt's script says and return the exit code."""
        self.tell("started", agent="fake", attempt=self._attempt, text=marked("no model is asked"))
        try:
            steps = read_script(prompt, known=self.actions.keys())
            if steps is None:
                self.answer(prompt)
                return 0
            for name, value in steps:
                self.actions[name](value)
            if not self._final:
                self._complete("script done")
        except Failed as failure:
            return self._end(str(failure), failure.kind, code=1, **failure.more)
        except ScriptError as error:
            return self._end(str(error), "bad_request", code=2)
        except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
            return self._end(f"a step cannot be done: {error!r}", "bad_request", code=2)
        return 0

    def answer(self, prompt: str) -> None:
        """Answer a prompt without a script."""
        asked = " ".join(prompt.split())[:_SHOWN]
        self.tell("text", text=marked(f"I was asked: {asked or '(nothing)'}"))
        self._add_outputs({"summary": marked(f"was asked: {asked or '(nothing)'}")})
        self._complete("done")

    def _complete(self, text: object) -> None:
        self._final = True
        self.tell("final", ok=True, text=marked(text), outputs=self._outputs)

    def _end(self, message: str, kind: str, *, code: int, **more: int) -> int:
        self.tell("error", text=marked(message), error_kind=kind, **more)
        return code

    def _print(self, text: object) -> None:
        _emit(str(text))

    def _write(self, what: Answer) -> None:
        root = Path.cwd().resolve()
        path = (root / what["path"]).resolve()
        if not path.is_relative_to(root):
            message = f"{what['path']!r} is outside of the working folder"
            raise ScriptError(message)
        tool = self._tool_start("write", {"path": what["path"]})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(what["content"], encoding="utf-8")
        self.tell("tool_end", id=tool, ok=True)

    def _run(self, what: Any) -> None:
        command = _command(what)
        tool = self._tool_start("run", {"cmd": command})
        done = subprocess.run(  # noqa: S603 - its purpose is to run what the script says
            ["/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        text = done.stdout[-_TAIL:].decode("utf-8", "replace")
        self.tell("tool_end", id=tool, ok=done.returncode == 0, code=done.returncode, text=text)
        if done.returncode != 0 and isinstance(what, dict) and what.get("check"):
            message = f"`{command}` exited with {done.returncode}"
            raise Failed(message, "agent_error")

    def _spawn(self, what: Any) -> None:
        tool = self._tool_start("spawn", {"cmd": _command(what)})
        child = subprocess.Popen(  # noqa: S603 - its purpose is to run what the script says
            ["/bin/sh", "-c", _command(what)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.tell("tool_end", id=tool, ok=True, pid=child.pid)

    def _tool_start(self, tool: str, given: Answer) -> int:
        self._tools += 1
        self.tell("tool_start", id=self._tools, tool=tool, input=given)
        return self._tools

    def _ask(self, what: object) -> None:
        told = _ask_shim(
            {"what": "question", **(what if isinstance(what, dict) else {"text": what})}
        )
        self.tell("text", text=marked(f"I was told: {told['text']}"))
        if told["decision"] == "answer":
            self._add_outputs({"answer": told["text"]})

    def _request_approval(self, what: Mapping[str, object]) -> None:
        asked = {"tool": "request_approval", **what, "what": "permission", "always": True}
        told = _ask_shim(asked)
        if told["decision"] != "allow":
            message = f"it was denied: {told['text'] or 'no reason was given'}"
            raise Failed(message, "agent_error")
        self.tell("text", text=marked("I was allowed to."))

    def _call_tool(self, what: Answer) -> None:
        name, given = what["name"], what.get("args") or {}
        tool = self._tool_start(name, given)
        try:
            said = _ask_server("tools/call", {"name": name, "arguments": given})
        except (OSError, ValueError) as error:
            self.tell("tool_end", id=tool, ok=False, text=marked(f"no answer: {error}"))
            return
        text = "\n".join(each["text"] for each in said.get("content") or ())
        self.tell("tool_end", id=tool, ok=not said.get("isError", True), text=marked(text))

    def _hang(self, how: object) -> None:
        if how == "deaf":
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while how:
            self.rest(None)

    def _permit(self, what: Answer) -> None:
        title = str(what.get("cmd") or f"write {what['path']}")
        tool, do = ("run", self._run) if "cmd" in what else ("write", self._write)
        if self.may(tool, what, title):
            do(what)
        else:
            self.tell("text", text=marked(f"not allowed: {title}"))

    def rest(self, seconds: float | None) -> None:
        """Wait so long; for ever without a number."""
        if seconds is None:
            signal.pause()
        else:
            select.select([], [], [], seconds)

    def may(self, tool: str, given: Answer, title: str) -> bool:
        """Say whether a tool may be used. Raises ScriptError: without a protocol nobody can say."""
        del tool, given
        message = f'{title!r} needs somebody to ask: set transport = "acp"'
        raise ScriptError(message)

    def _add_outputs(self, outputs: Answer) -> None:
        self._outputs.update(outputs)
        if self._outputs_file is not None:
            fresh = self._outputs_file.with_name(self._outputs_file.name + ".new")
            fresh.write_text(json.dumps(self._outputs), encoding="utf-8")
            fresh.replace(self._outputs_file)

    def _fail(self, what: Any) -> None:
        told = what if isinstance(what, dict) else {"message": what}
        below = int(told.get("until_attempt", self._attempt + 1))
        if self._attempt < below and self._number < int(told.get("until_run", self._number + 1)):
            message, kind = str(told.get("message", "failed")), str(told.get("kind", "agent_error"))
            raise Failed(message, kind, float(told.get("resets_in", 0)))

    def _exit(self, code: int | str) -> NoReturn:
        raise SystemExit(int(code))


def read_script(prompt: str, *, known: Any) -> list[tuple[str, Any]] | None:
    """Return the script's steps as (name, value), None when the prompt has no script."""
    lines = prompt.splitlines()
    marks = [number for number, line in enumerate(lines) if line.strip() == "[[fake]]"]
    if not marks:
        return None
    steps: list[tuple[str, Any]] = []
    for number, line in enumerate(lines[marks[0] + 1 :], start=marks[0] + 2):
        if line.strip() == "[[/fake]]":
            break
        if line.strip():
            steps.append(_step(line, number, known))
    return steps


def _step(line: str, number: int, known: Any) -> tuple[str, Any]:
    try:
        step = json.loads(line)
    except ValueError as error:
        message = f"line {number} of the prompt is not JSON: {error}"
        raise ScriptError(message) from error
    names = [name for name in step if name in known] if isinstance(step, dict) else []
    if len(names) != 1 or len(step) != 1:
        message = f"line {number} of the prompt must be one of {', '.join(sorted(known))}"
        raise ScriptError(message)
    return names[0], step[names[0]]


def _ask_shim(question: Mapping[str, object]) -> dict[str, str]:
    """Put a question to the shim of this run and wait. Raises OSError, ValueError, KeyError."""
    folder = Path(os.environ["CLAUDE_AGENT_OUTPUTS"]).parent
    number = int(os.environ["CLAUDE_AGENT_RUN_ID"].rpartition(".")[2])
    asked = {"kind": "ask", "run": number, "data": dict(question)}
    # Through the folder's descriptor: a socket's own path may have 107 bytes at most.
    at = os.open(folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as shim:
        shim.connect(f"/proc/self/fd/{at}/ctl.sock")
        os.close(at)
        shim.sendall(json.dumps(asked).encode() + b"\n")
        told = json.loads(shim.makefile("rb").readline())
    return {"decision": told["decision"], "text": told["text"]}


def _ask_server(method: str, params: object) -> Answer:
    """Ask our own server by MCP; return the result, or the error in the form of one."""
    client = import_module("http.client")  # few scripts need it, and it takes long
    told = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    token = Path(os.environ["CLAUDE_AGENT_TOKEN_FILE"]).read_text("ascii")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    where = os.environ["CLAUDE_AGENT_URL"].partition("://")[2]
    connection = client.HTTPConnection(where, timeout=60)
    connection.request("POST", "/mcp", body=json.dumps(told), headers=headers)
    found = json.loads(connection.getresponse().read())
    connection.close()
    error = found.get("error")
    wrong = {"content": [{"text": error["message"]}], "isError": True} if error else {}
    return wrong or dict(found["result"])


def _command(what: Any) -> str:
    return str(what["cmd"] if isinstance(what, dict) else what)


def marked(text: object) -> str:
    """Return a text that nobody can take for a model's."""
    return f"[FAKE] {text}"


def _emit(line: str) -> None:
    """Print a line with nothing buffered: an interrupt at any instant loses no earlier line."""
    left = f"{line}\n".encode("utf-8", "replace")
    while left:
        left = left[os.write(sys.stdout.fileno(), left) :]


def main() -> int:
    """Read the prompt, perform it; exit code 130 and an error event after an interrupt."""
    agent = FakeAgent(os.environ)
    # Set, not assumed: what a background job starts may inherit an ignored SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        prompt = sys.stdin.buffer.read(PROMPT_LIMIT).decode("utf-8", "replace")
        return agent.work(prompt)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        agent.tell("error", text=marked("interrupted"), error_kind="cancelled")
        return _INTERRUPTED


if __name__ == "__main__":
    raise SystemExit(main())
