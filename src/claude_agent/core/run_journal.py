"""Where the journal stands in a run, and the durable commands on their way to its shim."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from claude_agent.core.late_reports import LateReports
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.question import Question
from claude_agent.domain.question_events import Plain
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.domain.task_report import Note
from claude_agent.errors import FencedOut
from claude_agent.storage.damage import reading
from claude_agent.storage.database import Database, Row, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where the journal stands in a run folder."""

    segment: int
    byte: int
    line: int


class RunJournal:
    """The journal's transactions; each is guarded by the fence."""

    def __init__(self, database: Database, desk: TaskDesk, actor: str) -> None:
        self._database = database
        self._desk = desk
        self._actor = actor

    def position(self, run_id: str) -> Row | None:
        """Return where the journal stands in a run."""
        return self._database.read(lambda r: r.row("work.run", run_id=run_id))

    def move(
        self,
        task: Task,
        was: Position,
        now: Position,
        *,
        notes: Sequence[tuple[str, str]] = (),
        acks: Sequence[int] = (),
        asks: Sequence[Plain] = (),
    ) -> list[Question]:
        """Move the journal's position with what it yielded; raises `FencedOut` if not ours.

        `asks`: its lines about questions. Returns those that wait for somebody now.
        """
        at = self._desk.context("").at

        def work(tx: Tx) -> list[Question]:
            # First the task, then what belongs to its run: the order of every transaction.
            mine = self._desk.owned(tx, task.id, task.fence) if notes or asks else None
            changed = tx.execute(
                "work.move_run",
                run_id=task.run_id,
                fence=task.fence,
                segment=now.segment,
                byte=now.byte,
                line=now.line,
                was_segment=was.segment,
                was_byte=was.byte,
                at=at,
            )
            if changed != 1:
                message = f"The run {task.run_id} is followed by somebody else."
                raise FencedOut(message)
            for n in acks:
                tx.execute("work.ack_command", task=task.id, run=task.run, n=n)
            for kind, text in notes:
                if mine is not None and mine.state == TaskState.RUNNING:
                    note = Note(kind=kind, text=text)
                    mine = self._desk.apply(tx, mine, note, self._desk.context(self._actor))
            return [] if mine is None else self._asked(tx, mine, asks)

        return self._database.write(work, durable=bool(notes or acks or asks))

    def _asked(self, tx: Tx, task: Task, asks: Sequence[Plain]) -> list[Question]:
        book, context = self._desk.questions, self._desk.context(f"agent:{task.spec.agent}")
        opened = {}
        for line in asks:
            question = book.told(tx, task, line, context)
            if question is not None:
                opened[question.name] = question
            elif line.get("kind") == "answered":
                opened.pop(str(line.get("ask")), None)
        return list(opened.values())

    def late_reports(self) -> LateReports:
        """Return what records the ends of runs that were decided without them."""
        return LateReports(self._database, self._desk, self._actor)

    def heard(self, task: Task, at: int) -> None:
        """Keep when the task's run printed last (epoch ms); a guess that a crash may lose."""
        run = {"run_id": task.run_id, "fence": task.fence}
        self._database.write(lambda tx: tx.execute("work.heard", **run, at=at), durable=False)

    def open_commands(self, task: Task) -> list[tuple[int, str, dict[str, Any]]]:
        """Return the commands that the shim of the task's run has not acknowledged."""
        rows = self._database.read(
            lambda r: r.rows("work.open_commands", task=task.id, run=task.run)
        )
        with reading(f"a command to run {task.run_id}"):
            return [(row["n"], row["kind"], json.loads(row["data"])) for row in rows]
