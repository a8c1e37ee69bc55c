"""Writes questions of agents at work, in the caller's transaction.

It knows nothing of how tasks are written: `TaskDesk` closes what a run that ends leaves open.
"""

from collections.abc import Mapping

from claude_agent.domain.events import Context
from claude_agent.domain.ids import REF_LONGEST, REF_SHORTEST, looks_like_id, normal_ref, ref_of
from claude_agent.domain.question import (
    WORDS,
    Answer,
    Command,
    Deliver,
    Leave,
    Question,
    decide,
    evolve,
    raised,
)
from claude_agent.domain.question_events import Plain, QuestionRaised
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import Task
from claude_agent.errors import Conflict, FencedOut, NotFound
from claude_agent.ids_source import IdSource
from claude_agent.storage import question_rows
from claude_agent.storage.database import Reader, Tx

AT_WORK = (TaskState.RUNNING, TaskState.UNCERTAIN)
"""In these states a task may have a run that asks."""
_TEXT, _TOOL, _OPTION, _OPTIONS = 4_000, 200, 200, 50


class QuestionBook:
    """The only writer of questions."""

    def __init__(self, ids: IdSource) -> None:
        self._ids = ids

    def ask(self, tx: Tx, task: Task, asked: Plain, context: Context) -> Question:
        """Write a question of a (locked) task's run.

        `asked`: `{what, tool, input, text, options, name}`; what is too long is cut.
        """
        question_id, ref = self._new_id(tx)
        given, options = asked.get("input"), asked.get("options")
        said = QuestionRaised(
            ref=ref,
            task_id=task.id,
            run=task.run,
            agent=task.spec.agent,
            what="question" if asked.get("what") == "question" else "permission",
            name=str(asked.get("name") or ""),
            tool=str(asked.get("tool") or "")[:_TOOL],
            input=dict(given) if isinstance(given, Mapping) else {},
            text=str(asked.get("text") or "")[:_TEXT],
            options=[str(each)[:_OPTION] for each in options][:_OPTIONS]
            if isinstance(options, list | tuple)
            else [],
            execution_id=task.spec.execution_id,
            step_id=task.spec.step_id,
            title=task.spec.title,
        )
        question = raised(question_id, said, context.at)
        tx.execute("questions.insert", **question_rows.to_row(question))
        tx.append([context.wrap(question.stream, 1, said)])
        return question

    def told(self, tx: Tx, task: Task, line: Plain, context: Context) -> Question | None:
        """Take what the journal of the (locked) task's run says of a question: one line of it.

        Returns the question where it now waits for somebody.
        """
        name = str(line.get("ask") or "")
        row = tx.row("questions.of_name", task=task.id, run=task.run, name=name)
        if line.get("kind") == "asked":
            if row is not None or not name or task.state not in AT_WORK:
                return None
            return self.ask(tx, task, {**line, "name": name}, context)
        question = question_rows.load(tx, row["id"]) if row is not None else None
        if question is not None:
            self._answered(tx, question, line, context)
        return None

    def _answered(self, tx: Tx, question: Question, line: Plain, context: Context) -> None:
        """The shim has told whoever waited; a decision that we do not know is taken from it."""
        via, text = str(line.get("via") or ""), str(line.get("text") or "")
        if via == "gone":
            self.apply(tx, question, Leave(reason=text), context)
            return
        word = str(line.get("decision") or "")
        if question.open and word in WORDS[question.what]:
            by = str(line.get("by") or via)
            how = "person" if via == "person" else "policy"
            said = text or ("-" if word == "answer" else "")
            answer = Answer(decision=word, by=by, via=how, text=said[:_TEXT])
            question = self.apply(tx, question, answer, context)
        self.apply(tx, question, Deliver(), context)

    def apply(self, tx: Tx, question: Question, command: Command, context: Context) -> Question:
        """Decide, fold and write one command. Raises Conflict, Invalid, FencedOut.

        Its task is locked before.
        """
        said = decide(question, command)
        if not said:
            return question
        after = question
        for one in said:
            after = evolve(after, one, context.at)
        row = question_rows.to_row(after)
        changed = tx.execute(
            "questions.update",
            was_seq=question.seq,
            **{name: row[name] for name in ("id", "seq", "state", "data")},
        )
        if changed != 1:
            message = f"Question {question.ref} was changed by somebody else."
            raise FencedOut(message)
        first = question.seq + 1
        tx.append([context.wrap(question.stream, first + n, one) for n, one in enumerate(said)])
        return after

    def close(self, tx: Tx, task: Task, context: Context) -> None:
        """The run of a (locked) task has ended: nobody waits for answers any more."""
        for row in tx.rows("questions.open_of_task", task=task.id):
            question = question_rows.load(tx, row["id"])
            if question is not None:
                self.apply(tx, question, Leave(reason="Its run has ended."), context)

    def find(self, reader: Reader, text: str) -> Question:
        """Return the question with this id or ref, or that a task waits for.

        Raises `NotFound`; `Conflict` where the task waits for more than one.
        """
        found: str | None = text
        if not looks_like_id(text):
            row = reader.row("questions.id_of_ref", ref=normal_ref(text))
            found = row["id"] if row is not None else None
        question = question_rows.load(reader, found) if found else None
        if question is None:
            rows = reader.rows("questions.open_of_ref", task=text, ref=normal_ref(text))
            if len(rows) > 1:
                message = f"Task {text[:80]} waits for {len(rows)} answers."
                raise Conflict(message, hint=f"Name one: {', '.join(row['ref'] for row in rows)}.")
            question = question_rows.load(reader, rows[0]["id"]) if rows else None
        if question is None:
            message = f"There is no question {text[:80]}."
            raise NotFound(message, hint="List them: claude-agent question list")
        return question

    def _new_id(self, reader: Reader) -> tuple[str, str]:
        new = self._ids.new()
        for length in range(REF_SHORTEST, REF_LONGEST):
            ref = ref_of(new, length)
            if reader.row("questions.id_of_ref", ref=ref) is None:
                return new, ref
        return self._new_id(reader)
