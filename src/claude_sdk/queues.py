"""Queues, as people steer them: `system.queues`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from claude_sdk.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from claude_sdk.wire import Json, Queue
    from claude_sdk.wire_queues import MessageQueue, Purged, QueueDetail, QueueList


class Queues(Part):
    """Look at queues, pause, resume, limit, purge. Iterate over it for all of them."""

    def __iter__(self) -> Iterator[Queue]:
        return iter(self.list())

    def list(self) -> list[Queue]:
        """Return all queues with their depths."""
        return self._all()["items"]

    def messages(self) -> Sequence[MessageQueue]:
        """Return the queues of the broker's messages; they are neither paused nor limited."""
        return self._all()["messages"]

    def _all(self) -> QueueList:
        return cast("QueueList", self._get("queues"))

    def get(self, name: str) -> QueueDetail:
        """Return one queue with its depth by state, its rate and what was done to it."""
        return cast("QueueDetail", self._get("queues", name))

    def pause(self, name: str, *, reason: str = "") -> QueueDetail:
        """Start nothing from it until `resume`, also after a restart; what runs goes on."""
        return self._steer(name, "pause", {"reason": reason})

    def resume(self, name: str) -> QueueDetail:
        """Start from it again."""
        return self._steer(name, "resume", {})

    def limit(self, name: str, limit: int | None) -> QueueDetail:
        """Let at most so many of its tasks run at once; None: as the configuration says."""
        return self._steer(name, "limit", {"limit": limit})

    def _steer(self, name: str, verb: str, body: Json) -> QueueDetail:
        return cast("QueueDetail", self._post("queues", name, verb, body=body))

    def purge(self, name: str, *, reason: str = "") -> Purged:
        """Cancel every task that waits in it; what runs, or undoes a workflow, goes on."""
        body = {"reason": reason}
        return cast("Purged", self._post("queues", name, "purge", body=body))
