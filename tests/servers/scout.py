#!/usr/bin/env python3
"""scout: a small coding agent of nobody, which the page "Add an agent" takes as its example.

`scout run --json [--model M] [--session ID]`, the prompt on standard input; asks a server of Chat
Completions at SCOUT_URL with the key SCOUT_KEY; keeps its conversations in ~/.scout.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Message = dict[str, Any]
TOOLS = {"write": ("path", "content"), "bash": ("command",)}
TRIES = 3


def say(kind: str, **fields: Any) -> None:
    sys.stdout.write(json.dumps({"type": kind, **fields}) + "\n")
    sys.stdout.flush()


def offered() -> list[Message]:
    """Return the tools as the server wants them described."""
    found = []
    for name, keys in TOOLS.items():
        fields = {key: {"type": "string"} for key in keys}
        schema = {"type": "object", "properties": fields, "required": list(keys)}
        found.append({"type": "function", "function": {"name": name, "parameters": schema}})
    return found


class RefusedError(Exception):
    """The server's answer is an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def ask(model: str, messages: list[Message]) -> Message:
    """Return the server's answer; a server that is down is asked again."""
    body = json.dumps({"model": model, "messages": messages, "tools": offered()})
    address = urlsplit(os.environ["SCOUT_URL"])
    headers = {
        "authorization": f"Bearer {os.environ['SCOUT_KEY']}",
        "content-type": "application/json",
    }
    for left in reversed(range(TRIES)):
        connection = http.client.HTTPConnection(address.netloc)
        connection.request("POST", f"{address.path}/chat/completions", body, headers)
        answer = connection.getresponse()
        found: Message = json.loads(answer.read())
        connection.close()
        if answer.status == 200:
            return found
        if answer.status < 500 or not left:
            raise RefusedError(answer.status, found["error"]["message"])
        say("retry", status=answer.status)
    raise AssertionError


def use(call: Message) -> str:
    """Do what the model wants done."""
    name, given = call["function"]["name"], json.loads(call["function"]["arguments"])
    if name == "write":
        Path(given["path"]).write_text(given["content"])
        said = "written"
    else:
        command = ["/bin/sh", "-c", given["command"]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
    say("tool", name=name, what=str(next(iter(given.values()))), said=said[-500:])
    return said


def work(model: str, messages: list[Message]) -> None:
    """Go on until the model has nothing more to do."""
    while True:
        whole = ask(model, messages)
        said = whole["choices"][0]["message"]
        messages.append(said)
        used = whole["usage"]
        say("usage", sent=used["prompt_tokens"], got=used["completion_tokens"])
        if said.get("content"):
            say("says", text=said["content"])
        messages += [
            {"role": "tool", "tool_call_id": call["id"], "content": use(call)}
            for call in said.get("tool_calls") or ()
        ]
        if not said.get("tool_calls"):
            say("end", ok=True, text=said["content"])
            return


def main(words: list[str]) -> int:
    """Work on one prompt."""
    if words == ["--version"]:
        sys.stdout.write("scout 1.2.0\n")
        return 0
    flags = dict(zip(words[2::2], words[3::2], strict=True))
    session = flags.get("--session") or uuid.uuid4().hex
    kept = Path.home() / ".scout" / f"{session}.json"
    messages: list[Message] = json.loads(kept.read_text()) if kept.exists() else []
    messages.append({"role": "user", "content": sys.stdin.read()})
    say("session", id=session)
    try:
        work(flags.get("--model", "small"), messages)
    except RefusedError as error:
        say("end", ok=False, status=error.status, text=str(error))
        return 1
    except (OSError, http.client.HTTPException) as error:
        say("end", ok=False, status=0, text=f"connection lost: {error}")
        return 1
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps(messages))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    raise SystemExit(main(sys.argv[1:]))
