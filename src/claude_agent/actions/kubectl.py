"""Speak with a cluster through kubectl: one context, one namespace, errors in one sentence."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from claude_agent.actions import process
from claude_agent.actions.context import Context
from claude_agent.actions.errors import FAILED, TRY_LATER, ActionFailed, BadParameter

Object: TypeAlias = Any
"""An object of the cluster as kubectl prints it: JSON whose shape the API promises."""
VARIABLE = "KUBE_TOKEN"
_USER = "claude-agent"
_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@:/-]{0,251}[A-Za-z0-9])?\Z")
_ASK_S = 60.0
_KLOG = re.compile(r"[EWIF]\d{4} ")
_SERVER = re.compile(r"(?:error|Error from server(?: \(\w+\))?): ")
_GONE = re.compile(
    r"connection refused|was refused|no such host|i/o timeout|Unable to connect|EOF"
    r"|TLS handshake timeout|deadline exceeded|no route to host|no answer within",
    re.IGNORECASE,
)
# kubectl asks this program for the token, which so stands neither in a file nor in a command line.
_GIVE = (
    '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential",'
    '"status":{"token":"%s"}}'
)


class Kubectl:
    """kubectl with the parameters and secrets of one action."""

    def __init__(self, context: Context, program: str, files: Sequence[str]) -> None:
        self._context = context
        more = {"KUBECONFIG": os.pathsep.join(files)} if files else {}
        self._environment = process.environment(context, more)
        flags = ["--user", _USER] if context.environment.get(VARIABLE) else []
        for name in ("context", "namespace"):
            given = context.text(name)
            if given and not _WORD.match(given):
                raise BadParameter(name=name, problem=f"{given!r} is no name of a {name}")
            flags += [f"--{name}", given] if given else []
        self._start = [program, *flags]

    def text(self, *words: str, said: str = "", quick: bool = True) -> str:
        """Return what a command printed; ActionFailed with the cluster's reason."""
        answer = self.answer(*words, said=said, quick=quick)
        if answer.code:
            raise refused(words[0], answer)
        return answer.out

    def answer(self, *words: str, said: str = "", quick: bool = True) -> process.Answer:
        """Return what a command said, whether it failed or not.

        `quick`: one that takes over a minute is ended; else the command has its own limit.
        """
        limit = ["--request-timeout=20s"] if quick else []
        return process.ask(
            [*self._start, *limit, *words],
            cwd=self._context.checkout,
            environment=self._environment,
            said=said,
            timeout_s=_ASK_S if quick else 7200.0,
        )

    def objects(self, *words: str, said: str = "") -> list[Object]:
        """Return the objects that a command with `-o json` printed, lists opened."""
        text = self.text(*words, "-o", "json", said=said).strip()
        found: list[Object] = []
        while text:
            one, end = json.JSONDecoder().raw_decode(text)
            found += one["items"] if str(one.get("kind", "")).endswith("List") else [one]
            text = text[end:].strip()
        return found


@contextmanager
def kubectl(context: Context) -> Iterator[Kubectl]:
    """Yield a Kubectl for the length of an action; ActionFailed where there is no kubectl."""
    program = shutil.which("kubectl", path=context.environment.get("PATH"))
    if program is None:
        message = "kubectl is not installed"
        raise ActionFailed(message, hint="Install it, for example: apt-get install kubectl")
    files = _files(context)
    if not context.environment.get(VARIABLE):
        yield Kubectl(context, program, files if context.text("kubeconfig") else [])
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "user"
        path.write_text(json.dumps(_token_user()), encoding="utf-8")
        yield Kubectl(context, program, [str(path), *files])


def refused(doing: str, answer: process.Answer) -> ActionFailed:
    """Return the error of a command that failed, with what to do about it."""
    lines = [line.strip() for line in (answer.err or answer.out).splitlines() if line.strip()]
    plain = [line for line in lines if not _KLOG.match(line)] or lines or ["no reason given"]
    marked = [line for line in plain if _SERVER.match(line)] or plain[-1:]
    why = _SERVER.sub("", marked[0])
    if "(Forbidden)" in answer.err or "forbidden" in why:
        message = f"the cluster forbids kubectl {doing}: {why}"
        hint = f"Give the user of the kubeconfig, or of {VARIABLE}, a role that may do it."
        return ActionFailed(message, hint=hint)
    asks = "Please enter" in answer.out + answer.err
    if asks or "Unauthorized" in answer.err or "must be logged in" in answer.err:
        why = "it wants a login" if asks else why
        message = f"the cluster does not know who asks: {why}"
        return ActionFailed(message, hint=f"Log in again, or give a valid {VARIABLE} as a secret.")
    if _GONE.search(answer.err):
        message = f"the Kubernetes API server does not answer: {why}"
        hint = "Check `with.kubeconfig` and `with.context`."
        return ActionFailed(message, hint=hint, code=TRY_LATER)
    return ActionFailed(f"kubectl {doing} failed: {why}", code=FAILED)


def _files(context: Context) -> list[str]:
    given = context.text("kubeconfig")
    if given:
        path = (context.workspace / Path(given).expanduser()).resolve()
        if not path.is_file():
            raise BadParameter(name="kubeconfig", problem=f"there is no file {path}")
        return [str(path)]
    named = context.environment.get("KUBECONFIG", "")
    home = Path(context.environment.get("HOME", "/")) / ".kube" / "config"
    return [one for one in named.split(os.pathsep) if one] or [str(home)]


def _token_user() -> Mapping[str, object]:
    script = f"printf '{_GIVE}' \"${VARIABLE}\""
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "/bin/sh",
        "args": ["-c", script],
        "interactiveMode": "Never",
    }
    user = {"name": _USER, "user": {"exec": plugin}}
    return {"apiVersion": "v1", "kind": "Config", "users": [user]}
