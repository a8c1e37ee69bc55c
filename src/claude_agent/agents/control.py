"""Speaks with a live shim through the control socket in its run folder."""

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claude_agent.errors import ClaudeAgentError, Conflict

ANSWER_BYTES = 1 << 20


class ShimGone(ClaudeAgentError):
    """No shim answers in this run folder: it has not begun, has ended, or was killed."""

    code = "shim_gone"
    status = 409


class ShimSilent(ShimGone):
    """The shim took the request and did not answer in time; the same `n` may be sent again."""

    code = "shim_silent"


class ShimRefused(Conflict):
    """The shim answered and did not do it; `answer` says why (`error`: fenced, wrong_run, …)."""

    code = "shim_refused"

    def __init__(self, detail: str, answer: Mapping[str, Any]) -> None:
        super().__init__(detail)
        self.answer = answer


def send(folder: Path, request: Mapping[str, Any], timeout: float = 2.0) -> dict[str, Any]:
    """Send `{run, fence, n, kind, data}` and return the answer; `timeout` is in seconds.

    Every `n` is performed at most once, however often it is sent. Raises ShimGone, ShimSilent,
    ShimRefused.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as shim:
            shim.settimeout(timeout)
            _connect(shim, folder)
            shim.sendall(json.dumps(request).encode("ascii") + b"\n")
            answer = _receive(shim)
    except (TimeoutError, BlockingIOError) as error:  # the latter: its queue is full
        message = f"The shim of {folder} does not answer."
        raise ShimSilent(message, hint="Send the same request again.") from error
    except (OSError, ValueError) as error:
        message = f"No shim answers in {folder}."
        raise ShimGone(message) from error
    if not answer.get("ok"):
        reason = answer.get("error", "unknown")
        message = f"The shim of {folder} refused: {reason}."
        raise ShimRefused(message, answer)
    return answer


def _connect(shim: socket.socket, folder: Path) -> None:
    # Through the folder's descriptor: a socket's own path may have 107 bytes at most.
    fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        shim.connect(f"/proc/self/fd/{fd}/ctl.sock")
    finally:
        os.close(fd)


def _receive(shim: socket.socket) -> dict[str, Any]:
    text = b""
    while not text.endswith(b"\n") and len(text) < ANSWER_BYTES:
        part = shim.recv(1 << 16)
        if not part:
            break
        text += part
    answer = json.loads(text)
    if not isinstance(answer, dict):
        message = "not an answer"
        raise ValueError(message)  # noqa: TRY004 - told apart by the caller as garbage
    return answer
