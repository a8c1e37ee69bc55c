"""Questions in memory, for tests of the gateway."""

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
from claude_agent.domain.question import QuestionDecided
from claude_agent.errors import NotFound
from tests import question_samples as samples


class MemoryQuestions(QuestionServices):
    """One question that is answered once."""

    answered_by = ""

    @override
    def questions(self, wanted: QuestionFilter) -> Wire:
        items = [] if wanted.state == "gone" else [samples.question()]
        return {"items": items, "next": None, "counts": {"open": 1}, "advisory": True}

    @override
    def question(self, ref: str) -> Wire:
        if ref != "QU01":
            message = f"There is no question {ref}."
            raise NotFound(message)
        return samples.question()

    @override
    def answer_question(
        self, ref: str, said: Said, *, caller: Caller, key: IdempotencyKey | None
    ) -> Answered:
        found = self.question(ref)
        if self.answered_by:
            message = f"It is answered already by {self.answered_by}."
            raise QuestionDecided(message)
        self.answered_by = caller.actor
        done = {"state": "answered", "decision": said.decision, "by": caller.actor}
        return 200, found | done | {"via": "person", "said": said.text, "note": said.note}
