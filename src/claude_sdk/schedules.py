"""When workflows start by themselves: `system.schedules`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from claude_sdk.parts import Part

if TYPE_CHECKING:
    import builtins

    from claude_sdk.wire import Execution
    from claude_sdk.wire_schedules import Backfilled, Schedule, ScheduleDetail


class Schedules(Part):
    """The schedules of stored workflows; a name is `<workflow>.<n>`, or of the only one."""

    def list(self, workflow: str = "") -> builtins.list[Schedule]:
        """Return every schedule, or those of one workflow."""
        query = {"workflow": workflow} if workflow else {}
        found = self._get("schedules", query=query)
        return cast("dict[str, builtins.list[Schedule]]", found)["items"]

    def get(self, name: str) -> ScheduleDetail:
        """Return one schedule with its next times and newest firings. Raises NotFound."""
        return self._one(self._get("schedules", name))

    @staticmethod
    def _one(document: object) -> ScheduleDetail:
        return cast("ScheduleDetail", document)

    def pause(self, name: str, *, reason: str = "") -> ScheduleDetail:
        """Let it fire no more; newer versions of its workflow do not change that."""
        return self._one(self._post("schedules", name, "pause", body={"reason": reason}))

    def resume(self, name: str) -> ScheduleDetail:
        """Let it fire from now on; what fell into the pause is not made up for."""
        return self._one(self._post("schedules", name, "resume", body={}))

    def trigger(self, name: str, *, key: str | None = None) -> Execution:
        """Start its workflow now, whatever runs; the same key never starts twice."""
        return cast("Execution", self._post("schedules", name, "trigger", body={}, key=key))

    def backfill(
        self, name: str, first: int, to: int, *, limit: int = 100, dry_run: bool = False
    ) -> Backfilled:
        """Fire for the times of a span (epoch milliseconds) that started nothing.

        More times than `limit` are refused (Invalid); `dry_run` only tells which they are.
        """
        body = {"from": first, "to": to, "limit": limit, "dry_run": dry_run}
        return cast("Backfilled", self._post("schedules", name, "backfill", body=body))
