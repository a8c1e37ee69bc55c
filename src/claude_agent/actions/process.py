"""Run a program: shown as it prints, with the end kept; or quietly, for its answer."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed

KEPT_LINES = 500
# The task's own token opens the API: no business of the programs that a project brings along.
_WITHHELD = frozenset({"CLAUDE_AGENT_TOKEN_FILE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a program ended: exit code (negative: signal) and its last lines."""

    code: int
    lines: tuple[str, ...]

    @property
    def last(self) -> str:
        """The last line that says something."""
        return next((line for line in reversed(self.lines) if line.strip()), "it printed nothing")


def environment(context: Context, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a project's program: `python` is our interpreter.

    The run id stays in it, so that the program ends with the run.
    """
    kept = {k: v for k, v in context.environment.items() if k not in _WITHHELD}
    own = str(Path(sys.executable).parent)
    return kept | {"PATH": f"{own}{os.pathsep}{kept.get('PATH', os.defpath)}"} | dict(more or {})


def run(
    context: Context,
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    shown: str = "",
) -> Done:
    """Run a program to its end; ActionFailed where it cannot be started.

    `shown` stands for a command line that is long, or nobody's business.
    """
    context.say(f"$ {shown or ' '.join(argv)}")
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    process = _start(argv, cwd, environment, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    with process:
        for line in process.stdout or ():
            context.say(line.rstrip("\n"))
            lines.append(line.rstrip("\n"))
    return Done(code=process.returncode, lines=tuple(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a program said that was only asked: exit code and its two streams."""

    code: int
    out: str
    err: str

    @property
    def reason(self) -> str:
        """The last line of its complaint, else of what it printed."""
        lines = [line.strip() for line in (self.err.strip() or self.out).splitlines()]
        return next((line for line in reversed(lines) if line), "it printed nothing")


def ask(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    said: str = "",
    timeout_s: float = 120.0,
) -> Answer:
    """Run a program quietly, with `said` as its input; code 124 where it took too long.

    ActionFailed where it cannot be started.
    """
    process = _start(argv, cwd, environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        try:
            out, err = process.communicate(said, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return Answer(code=124, out="", err=f"no answer within {timeout_s:g} s")
    return Answer(code=process.returncode, out=out, err=err)


def _start(
    argv: Sequence[str], cwd: Path, environment: Mapping[str, str], *, stdin: int, stderr: int
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(  # noqa: S603 - a list, no shell
            argv,
            cwd=cwd,
            env=dict(environment),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        message = f"{argv[0]} cannot be started: {error.strerror}"
        raise ActionFailed(message) from error


def python_first(argv: Sequence[str]) -> list[str]:
    """Return the command with a leading `python` made our own interpreter."""
    if argv and argv[0] in {"python", "python3"}:
        return [sys.executable, *argv[1:]]
    return list(argv)
