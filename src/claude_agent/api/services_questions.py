"""The port's part for the questions of agents at work."""

from abc import ABC, abstractmethod

from claude_agent.api.asked import (
    Answered,
    Caller,
    IdempotencyKey,
    QuestionFilter,
    Said,
    Wire,
)


class QuestionServices(ABC):
    """What agents ask, and what they are told."""

    @abstractmethod
    def questions(self, wanted: QuestionFilter) -> Wire:
        """Return {"items", "next", "counts", "advisory"}."""

    @abstractmethod
    def question(self, ref: str) -> Wire:
        """Return the question with this id or ref, or that a task waits for.

        Raises NotFound; Conflict where a task waits for more than one.
        """

    @abstractmethod
    def answer_question(
        self, ref: str, said: Said, *, caller: Caller, key: IdempotencyKey | None
    ) -> Answered:
        """Take an answer; return 200 and the question. The agent hears of it durably.

        Raises NotFound, Invalid, Conflict: answered already, or nobody waits any more.
        """
