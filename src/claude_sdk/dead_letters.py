"""Dead letters of tasks and messages: `system.dead_letters`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from claude_sdk.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Unpack

    from claude_sdk.options import LetterFilter
    from claude_sdk.wire import Json
    from claude_sdk.wire_queues import (
        DeadLetterDetail,
        DeadLetterPage,
        HandledLetter,
        Redrive,
    )

_EXPORTED_AT_ONCE = 50


class DeadLetters(Part):
    """Look at dead letters, let them run again, put them aside.

    A letter is named by its kind (`task` or `message`) and its id or ref.
    """

    def list(
        self, *, limit: int | None = None, cursor: str | None = None, **narrow: Unpack[LetterFilter]
    ) -> DeadLetterPage:
        """Return a page of letters, the newest death first, with the counts per kind."""
        query = {"limit": limit, "cursor": cursor, **narrow}
        return cast("DeadLetterPage", self._get("dead-letters", query=query))

    def get(self, kind: str, ref: str) -> DeadLetterDetail:
        """Return one letter with its errors, payload, the end of its output, and its history."""
        return cast("DeadLetterDetail", self._get("dead-letters", kind, ref))

    def redrive(
        self, kind: str, ref: str, *, changes: Json | None = None, reason: str = ""
    ) -> HandledLetter:
        """Let one run again with its attempts reset.

        `changes` replaces whole fields: those of a submitted task, or a message's `args`,
        `kwargs`, `queue`. Raises Conflict for a step of a workflow, and what a submit raises.
        """
        body = {"reason": reason} | ({"changes": changes} if changes else {})
        return cast("HandledLetter", self._post("dead-letters", kind, ref, "redrive", body=body))

    def redrive_many(self, *, rate: str | None = None, **narrow: Unpack[LetterFilter]) -> Redrive:
        """Begin to re-drive all that match by now, at most `rate` (`5/s`, `30/m`); return at once.

        The server goes on with it over restarts; see `redrive_status`.
        """
        wanted = {name: value for name, value in {"rate": rate, **narrow}.items() if value}
        return cast("Redrive", self._post("dead-letters", "redrive", body=wanted))

    def redrives(self) -> Sequence[Redrive]:
        """Return the newest re-drives of many."""
        answer = cast("dict[str, Sequence[Redrive]]", self._get("dead-letters", "redrives"))
        return answer["items"]

    def redrive_status(self, redrive_id: str) -> Redrive:
        """Return how far a re-drive of many is."""
        return cast("Redrive", self._get("dead-letters", "redrives", redrive_id))

    def stop_redrive(self, redrive_id: str) -> Redrive:
        """End a re-drive of many; what was re-driven stays so."""
        return cast("Redrive", self._post("dead-letters", "redrives", redrive_id, "stop"))

    def discard(self, kind: str, ref: str, reason: str) -> HandledLetter:
        """Put one aside for good; the reason is recorded."""
        body = {"reason": reason}
        return cast("HandledLetter", self._post("dead-letters", kind, ref, "discard", body=body))

    def export(self, **narrow: Unpack[LetterFilter]) -> Iterator[DeadLetterDetail]:
        """Yield every letter that matches, with all its evidence, page by page."""
        cursor: str | None = None
        while True:
            query = {"limit": _EXPORTED_AT_ONCE, "cursor": cursor, **narrow}
            page = cast("Json", self._get("dead-letters", "export", query=query))
            yield from cast("Sequence[DeadLetterDetail]", page["items"])
            cursor = cast("str | None", page["next"])
            if cursor is None:
                return
