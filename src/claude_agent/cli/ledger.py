"""Holds what commands wrote as they started against what the log explains.

A ledger is JSON lines {"run_id"?, "task_id", "run", "attempt", "step"}, one written by each
command at its start. The log explains a start by `task.started`; a second start of a task is
explained only when the log has an end of the earlier run before it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from claude_sdk.wire import Frame, Start

STARTED = "task.started"
RELEASED = "task.released"
UNEXPLAINED = "unexplained"
# What records that a run has ended or was proved never to have begun.
ENDS = frozenset(
    f"task.{name}"
    for name in (
        "run_ended",
        "attempt_failed",
        "released",
        "reaped",
        "resolved",
        "parked",
        "succeeded",
        "dead",
        "cancelled",
        "expired",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a ledger."""

    line: int
    task_id: str
    run: int
    folder: str
    """The run folder that started the command; a gate's folder is not the run's own."""

    @property
    def place(self) -> str:
        """How a person finds the line."""
        return f"ledger line {self.line}: task {self.task_id} run {self.run}"


def read_ledger(text: str) -> tuple[list[Entry], list[str]]:
    """Return the lines and, in words, those that cannot be read."""
    entries: list[Entry] = []
    bad: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            task_id, run = str(found["task_id"]), int(found["run"])
        except (ValueError, KeyError, TypeError):
            bad.append(f"ledger line {number} is not a start: {line[:80]!r}")
            continue
        folder = str(found.get("run_id") or f"{task_id}.{run}")
        entries.append(Entry(line=number, task_id=task_id, run=run, folder=folder))
    return entries, bad


def unexplained(
    entries: Sequence[Entry], starts: Sequence[Start], frames: Sequence[Frame]
) -> list[str]:
    """Return one sentence for each start that the log does not explain."""
    return [
        *_without_cause(starts),
        *_never_begun(entries, frames),
        *_without_start(entries, starts),
        *_twice_in_one_run(entries),
        *_twice_in_the_log(starts),
        *_started_over(frames),
    ]


def _without_cause(starts: Sequence[Start]) -> list[str]:
    return [
        f"task {start['task_id']} run {start['run']}: the log has no cause for this start"
        for start in starts
        if start["cause"] == UNEXPLAINED
    ]


def _never_begun(entries: Sequence[Entry], frames: Iterable[Frame]) -> list[str]:
    """Find commands that ran although their run was given back as never begun."""
    given_back = {
        (_task_id(frame), frame["data"].get("run")) for frame in frames if frame["type"] == RELEASED
    }
    return [
        f"{entry.place}: the log gave this run back as never begun"
        for entry in entries
        if (entry.task_id, entry.run) in given_back
    ]


def _without_start(entries: Sequence[Entry], starts: Sequence[Start]) -> list[str]:
    known = {(start["task_id"], start["run"]) for start in starts}
    return [
        f"{entry.place}: the log has no such start"
        for entry in entries
        if (entry.task_id, entry.run) not in known
    ]


def _twice_in_one_run(entries: Sequence[Entry]) -> list[str]:
    first: dict[str, Entry] = {}
    found = []
    for entry in entries:
        if entry.folder in first:
            found.append(
                f"{entry.place}: the run {entry.folder} had started its command before "
                f"(line {first[entry.folder].line})"
            )
        first.setdefault(entry.folder, entry)
    return found


def _twice_in_the_log(starts: Sequence[Start]) -> list[str]:
    counts = Counter((start["task_id"], start["run"]) for start in starts)
    return [
        f"task {task_id} run {run}: the log has {count} starts of one run"
        for (task_id, run), count in counts.items()
        if count > 1
    ]


def _started_over(frames: Iterable[Frame]) -> list[str]:
    """Find second starts without a recorded end of the run before."""
    open_at: dict[str, int] = defaultdict(int)
    found = []
    for frame in frames:
        task_id = _task_id(frame)
        if frame["type"] == STARTED:
            if open_at[task_id]:
                found.append(
                    f"task {task_id} was started again at position {frame['pos']}, and the run "
                    f"started at position {open_at[task_id]} has no recorded end"
                )
            open_at[task_id] = frame["pos"]
        elif frame["type"] in ENDS:
            open_at[task_id] = 0
    return found


def _task_id(frame: Frame) -> str:
    return frame["id"].rpartition("/")[2]
