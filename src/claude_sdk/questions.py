"""Questions of agents at work: `system.questions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from claude_sdk.parts import Part

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from claude_sdk.wire_questions import Question, QuestionFilter, QuestionPage


class Questions(Part):
    """What agents ask, and what they are told."""

    def list(self, **narrow: Unpack[QuestionFilter]) -> QuestionPage:
        """Return a page of questions, newest first, with the counts per state."""
        return cast("QuestionPage", self._get("questions", query=narrow))

    def get(self, ref: str) -> Question:
        """Return one by its id or ref, or what a task waits for. Raises NotFound, Conflict."""
        return cast("Question", self._get("questions", ref))

    def waiting(self) -> int:
        """Return how many wait for an answer."""
        return self.list(limit=1, state="open")["counts"].get("open", 0)

    def allow(
        self,
        ref: str,
        *,
        text: str = "",
        note: str = "",
        instead: Mapping[str, object] | None = None,
        key: str | None = None,
    ) -> Question:
        """Let the agent do it; `instead`: the tool's input, where it is to do something else.

        Raises QuestionDecided where somebody was first or nobody waits, Forbidden, Invalid.
        """
        return self._say(ref, "allow", text, note, instead, key)

    def deny(self, ref: str, *, text: str = "", note: str = "", key: str | None = None) -> Question:
        """Say no; `text` tells the agent why. Raises as `allow` does."""
        return self._say(ref, "deny", text, note, None, key)

    def answer(self, ref: str, text: str, *, note: str = "", key: str | None = None) -> Question:
        """Tell the agent what it asked. Raises as `allow` does."""
        return self._say(ref, "answer", text, note, None, key)

    def _say(
        self,
        ref: str,
        decision: str,
        text: str,
        note: str,
        instead: Mapping[str, object] | None,
        key: str | None,
    ) -> Question:
        body: dict[str, object] = {"decision": decision, "text": text, "note": note}
        if instead is not None:
            body["input"] = dict(instead)
        return cast("Question", self._post("questions", ref, "answer", body=body, key=key))
