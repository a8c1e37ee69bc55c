"""Schedules in memory, for tests of the gateway."""

from typing_extensions import override

from claude_agent.api.asked import Answered, IdempotencyKey, Wire
from claude_agent.api.services_schedules import ScheduleServices
from claude_agent.errors import NotFound
from tests import wire_samples as samples


class MemorySchedules(ScheduleServices):
    """One schedule, `nightly.1`."""

    asked: tuple[object, ...] = ()

    def _schedule_named(self, name: str, state: str = "active") -> Wire:
        if name != "nightly.1":
            msg = f"There is no schedule {name}."
            raise NotFound(msg)
        tick = samples.schedule_tick()
        return samples.schedule(name, state=state) | {"last": tick, "ticks": [tick]}

    @override
    def schedules(self, workflow: str) -> Wire:
        return {"items": [samples.schedule("nightly.1")]}

    @override
    def schedule(self, name: str) -> Wire:
        return self._schedule_named(name)

    @override
    def pause_schedule(self, name: str, *, reason: str, actor: str) -> Wire:
        self.asked = ("pause", name, reason, actor)
        return self._schedule_named(name, "paused")

    @override
    def resume_schedule(self, name: str, *, actor: str) -> Wire:
        return self._schedule_named(name)

    @override
    def trigger_schedule(self, name: str, *, actor: str, key: IdempotencyKey | None) -> Answered:
        self._schedule_named(name)
        return 201, samples.execution("X9")

    @override
    def backfill_schedule(
        self, name: str, span: tuple[int, int], *, limit: int, dry_run: bool, actor: str
    ) -> Wire:
        self.asked = ("backfill", self._schedule_named(name)["id"], span, limit, actor)
        return {"id": name, "dry_run": dry_run, "ticks": [span[0]], "already": []}
