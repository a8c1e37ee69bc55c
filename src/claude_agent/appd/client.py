"""Talk to the process of an application, starting one where none lives."""

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from claude_agent.appd import state
from claude_agent.appd.errors import Abandoned, AppError, AppGone, NotHealthy
from claude_agent.appd.paths import AppPaths, names
from claude_agent.appd.running import plain_environment
from claude_agent.appd.sockets import control_address
from claude_agent.appd.supervisor import url

START_S = 15.0
ENDING_S = 60.0
ANSWER_S = 5.0
_KINDS: Mapping[str, type[AppError]] = {"NotHealthy": NotHealthy, "Abandoned": Abandoned}


def ask(
    paths: AppPaths,
    request: Mapping[str, object],
    *,
    timeout_s: float = ANSWER_S,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, object]:
    """Send one request and return its answer; `tell` gets the progress lines.

    Raises AppGone where nobody answers (any more), else the AppError of the answer. Hanging up
    drops a deployment that has not switched yet.
    """
    try:
        with control_address(paths.folder) as address, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout_s)
            connection.connect(address)
            connection.sendall(json.dumps(dict(request)).encode() + b"\n")
            with connection.makefile("r", encoding="utf-8") as lines:
                for line in lines:
                    answer = json.loads(line)
                    if "progress" not in answer:
                        return _checked(answer)
                    tell(str(answer["progress"]))
    except (OSError, ValueError) as error:
        message = f"the process of {paths.name} does not answer: {error}"
        raise AppGone(message) from error
    message = f"the process of {paths.name} ended before it answered"
    raise AppGone(message)


def _checked(answer: dict[str, object]) -> dict[str, object]:
    if answer.pop("ok", False):
        return answer
    kind = _KINDS.get(str(answer.get("kind")), AppError)
    raise kind(str(answer.get("error")), hint=str(answer.get("hint", "")))


def ensure(paths: AppPaths, port: int = 0) -> None:
    """See that the application's process lives; it takes over what a killed one left running.

    `port` 0 means the remembered one, or a free one. Raises AppError with the reason.
    """
    deadline = time.monotonic() + START_S
    while True:
        told = _start(paths, port)
        if told == "ok":
            return
        if told.startswith("error: "):
            message, hint = json.loads(told.removeprefix("error: "))
            raise AppError(message, hint=hint)
        try:
            # Busy: another one holds the lock. It may be starting, or ending.
            answer = ask(paths, {"do": "status"})
        except AppGone:
            if time.monotonic() > deadline:
                raise
            select.select([], [], [], 0.05)
            continue
        if port and answer["port"] != port:
            message = f"{paths.name} already has port {answer['port']}"
            raise AppError(message, hint=f"Stop {paths.name} first to move it to port {port}.")
        return


def _start(paths: AppPaths, port: int) -> str:
    """Start a process for the application and return its first words."""
    paths.make()
    read_end, write_end = os.pipe()
    module = "claude_agent.appd.serving"
    try:
        with os.fdopen(write_end, "wb") as ready, (paths.folder / "appd.log").open("ab") as log:
            started = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-m", module, str(paths.home), paths.name, str(port)],
                cwd="/",
                # Nothing of the run that called us: a reaper of that run must not find it.
                env={**plain_environment(), "APPD_READY": str(ready.fileno())},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(ready.fileno(),),
                start_new_session=True,
            )
        started.wait()
        heard, _, _ = select.select([read_end], [], [], START_S)
        told = os.read(read_end, 4096).decode() if heard else ""
        return told.strip() or _no_words(paths)
    finally:
        os.close(read_end)


def _no_words(paths: AppPaths) -> str:
    log = paths.folder / "appd.log"
    message = f"the process of {paths.name} did not come up"
    return f"error: {json.dumps([message, f'See {log}.'])}"


def look(paths: AppPaths) -> dict[str, object]:
    """Return the application's status without starting anything.

    Keys: name, state (running, deploying, starting, restarting, stopping, stopped; `unattended`
    where its process was killed), release, previous, url, port, pid.
    """
    try:
        return ask(paths, {"do": "status"})
    except AppGone:
        known = state.load(paths.folder)
        left = [one.pid for one in known.processes if one.alive()]
        return {
            "name": paths.name,
            "state": "unattended" if known.wanted else "stopped",
            "release": known.release,
            "previous": known.previous,
            "url": url(known.port),
            "port": known.port,
            "pid": left[-1] if left else None,
        }


def apps(home: Path) -> list[dict[str, object]]:
    """Return the status of every application of the home, as `look` does."""
    return [look(AppPaths(home=home, name=name)) for name in names(home)]


def change(
    paths: AppPaths,
    request: Mapping[str, object],
    *,
    port: int = 0,
    timeout_s: float,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, object]:
    """Send a request that changes something, seeing that a process lives to answer it.

    `timeout_s` is how long a release may take to become healthy. A process that is killed or
    ends in the middle is replaced and asked again: requests may be repeated.
    """
    for left in (2, 1, 0):
        ensure(paths, port)
        try:
            told = {**request, "timeout": timeout_s}
            return ask(paths, told, timeout_s=timeout_s + ENDING_S, tell=tell)
        except (AppGone, Abandoned) as error:
            if not left:
                raise
            tell(f"{error.message}; asking again")
    raise AssertionError


def stop(paths: AppPaths) -> dict[str, object]:
    """Stop the application, also one that a killed process left running."""
    if paths.name not in names(paths.home):
        message = f"there is no application {paths.name}"
        raise AppError(message, hint=f"Known: {', '.join(names(paths.home)) or 'none'}.")
    try:
        return ask(paths, {"do": "stop"}, timeout_s=ENDING_S)
    except (AppGone, Abandoned):
        known = state.load(paths.folder)
        if not known.wanted and not any(one.alive() for one in known.processes):
            return {"release": known.release, "changed": False, "detail": "it was not running"}
    return change(paths, {"do": "stop"}, timeout_s=ENDING_S)
