"""Questions of agents at work, as the gateway asks for them."""

from collections.abc import Callable

from typing_extensions import override

from claude_agent.api.asked import (
    Answered,
    Caller,
    IdempotencyKey,
    QuestionFilter,
    Said,
    Wire,
)
from claude_agent.api.services_questions import QuestionServices
from claude_agent.core.question_views import question_view
from claude_agent.core.questions import QuestionDesk
from claude_agent.core.task_desk import task_id_of
from claude_agent.domain.question import Answer, Question, QuestionState
from claude_agent.serve.base import Base, known_state, next_cursor, page_start
from claude_agent.storage import question_rows
from claude_agent.storage.database import Reader, Tx


class Questions(Base, QuestionServices):
    """List, show, answer."""

    @override
    def questions(self, wanted: QuestionFilter) -> Wire:
        known_state(wanted.state, QuestionState)
        limit = wanted.page.limit

        def work(reader: Reader) -> Wire:
            filters = {
                "agent": wanted.agent or "",
                "task": task_id_of(reader, wanted.task) if wanted.task else "",
                "execution": wanted.execution_id or "",
            }
            rows = reader.rows(
                "questions.list", state=wanted.state or "", **filters, **page_start(wanted.page)
            )
            counts = reader.rows("questions.counts", **filters)
            return {
                "items": [self._asked(question_rows.question_of(row)) for row in rows[:limit]],
                "next": next_cursor(rows, limit),
                "counts": {row["state"]: row["count"] for row in counts},
                "advisory": self._advisory,
            }

        return self._database.read(work)

    @override
    def question(self, ref: str) -> Wire:
        return self._asked(self._database.read(lambda r: self._asking.find(r, ref)))

    @override
    def answer_question(
        self, ref: str, said: Said, *, caller: Caller, key: IdempotencyKey | None
    ) -> Answered:
        answer = Answer(
            decision=said.decision,
            by=caller.actor,
            text=said.text,
            note=said.note,
            input=said.input,
        )

        def work(tx: Tx) -> Callable[[Reader], Wire]:
            after = self._asking.answer(tx, ref, answer)
            return lambda _: self._asked(after)

        return self._once(key, work, status=200)

    @property
    def _asking(self) -> QuestionDesk:
        return QuestionDesk(self._parts.foundation, self._parts.desk)

    @property
    def _advisory(self) -> bool:
        return self._parts.approvals.book.advisory

    def _asked(self, question: Question) -> Wire:
        return question_view(question, advisory=self._advisory)
