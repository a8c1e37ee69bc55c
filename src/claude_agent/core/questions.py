"""Questions of agents at work as people answer them, and as our own doors raise them."""

from claude_agent.core.foundation import Foundation
from claude_agent.core.question_book import AT_WORK, QuestionBook
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.question import Answer, Deliver, Leave, Question
from claude_agent.domain.question_events import Plain
from claude_agent.errors import Conflict, NotFound
from claude_agent.storage import question_rows, task_rows
from claude_agent.storage.database import Reader, Tx


class QuestionDesk:
    """Takes answers, and the durable command to the run with them."""

    def __init__(self, foundation: Foundation, desk: TaskDesk) -> None:
        self._database = foundation.database
        self._desk = desk
        self.book: QuestionBook = desk.questions

    def find(self, reader: Reader, ref: str) -> Question:
        """Return the question with this id or ref, or of this task. Raises `NotFound`."""
        return self.book.find(reader, ref)

    def answer(self, tx: Tx, ref: str, answer: Answer) -> Question:
        """Take an answer; of several one wins. What came by the shim goes back to it, durably.

        Raises NotFound, Invalid, `QuestionDecided`.
        """
        seen = self.book.find(tx, ref)
        task = task_rows.load(tx, seen.task_id)  # locked before its questions
        question = question_rows.load(tx, seen.id)
        if question is None or task is None:
            message = f"question {seen.id} vanished"
            raise LookupError(message)
        context = self._desk.context(answer.by)
        after = self.book.apply(tx, question, answer, context)
        if after.name:
            told: dict[str, object] = {"ask": after.name, "decision": after.decision}
            told |= {"text": after.said, "by": after.by}
            if after.given:
                told["input"] = dict(after.given)
            self._desk.command_run(tx, task, "answer", told)
            return after
        return self.book.apply(tx, after, Deliver(), context)

    # For our own doors (MCP): who asks there waits at the server, not at a shim. ---------------

    def raise_(self, task_id: str, run: int, asked: Plain, *, actor: str) -> Question:
        """Ask for a run at work; `asked` is `{what, tool, input, text, options}`.

        Raises NotFound, `Conflict` where the task is not in this run any more.
        """

        def work(tx: Tx) -> Question:
            task = task_rows.load(tx, task_id)
            if task is None:
                message = f"There is no task {task_id[:80]}."
                raise NotFound(message)
            if task.run != run or task.state not in AT_WORK:
                message = f"Run {run} of task {task.ref} is over."
                raise Conflict(message)
            return self.book.ask(tx, task, {**asked, "name": ""}, self._desk.context(actor))

        return self._database.write(work)

    def get(self, ref: str) -> Question:
        """Return a question as it stands now. Raises `NotFound`."""
        return self._database.read(lambda r: self.book.find(r, ref))

    def withdraw(self, question_id: str, reason: str, *, actor: str) -> Question:
        """Whoever asked waits no more; one that is answered stays so. Raises `NotFound`."""

        def work(tx: Tx) -> Question:
            seen = self.book.find(tx, question_id)
            task_rows.lock(tx, [seen.task_id])
            question = question_rows.load(tx, seen.id) or seen
            return self.book.apply(tx, question, Leave(reason=reason), self._desk.context(actor))

        return self._database.write(work)
