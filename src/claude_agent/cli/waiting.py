"""What somebody who waits is told when the work waits for a person: why, and what to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_agent.cli.output import note
from claude_agent.cli.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from claude_sdk.system import ClaudeSystem
    from claude_sdk.wire import Execution, Step, Task
    from claude_sdk.wire_insight import Reason

NEEDS_SOMEBODY = frozenset(
    {"approval", "uncertain", "paused", "queue_paused", "signal", "breaker", "no_worker", "parked"}
    | {"question", "permission"}
)
"""Codes of reasons that somebody may want to do something about."""
_WAITING = "waiting"


class WaitingNotes:
    """Tells each such reason once, on standard error, while somebody waits for the end."""

    def __init__(self, system: ClaudeSystem) -> None:
        self._system = system
        self._told: set[tuple[str, str, tuple[str, ...]]] = set()

    def task(self, task: Task) -> None:
        """Look at a task that was read again."""
        if task["shown"]["family"] == _WAITING:
            found = self._system.tasks.explain(task["ref"])
            self._tell(task["ref"], "", found["reasons"])

    def execution(self, execution: Execution) -> None:
        """Look at an execution that was read again."""
        if not any(shown == _WAITING for shown in _families(execution)):
            return
        found = self._system.executions.explain(execution["ref"])
        self._tell(execution["ref"], "", found["reasons"])
        for step in found["steps"]:
            self._tell(execution["ref"], step["id"], step["reasons"])

    def _tell(self, ref: str, step: str, reasons: Iterable[Reason]) -> None:
        for reason in reasons:
            mark = (step, reason["code"], tuple(reason["about"]))
            if reason["code"] not in NEEDS_SOMEBODY or mark in self._told:
                continue
            self._told.add(mark)
            note(one_line(f"{ref} waits{f' at {step}' if step else ''}: {reason['text']}"))
            if reason["command"]:
                note(f"  {one_line(reason['command'])}")


def _families(execution: Execution) -> Iterator[str]:
    yield execution["shown"]["family"]
    for step in execution["steps"]:
        yield from _of_step(step)


def _of_step(step: Step) -> Iterator[str]:
    yield step["shown"]["family"]
    many = step.get("instances")
    for one in many["items"] if many else ():
        yield one["shown"]["family"]
