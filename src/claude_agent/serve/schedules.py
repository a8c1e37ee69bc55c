"""Schedules, as the gateway asks for them."""

from collections.abc import Callable

from typing_extensions import override

from claude_agent.api.asked import Answered, IdempotencyKey, Wire
from claude_agent.api.services_schedules import ScheduleServices
from claude_agent.core.execution_views import execution_view
from claude_agent.core.schedule_desk import Span
from claude_agent.serve.base import Base, Parts
from claude_agent.storage.database import Reader, Tx


class Schedules(Base, ScheduleServices):
    """List, show, pause, resume, trigger, backfill."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._schedules = parts.links.triggers.schedule_desk

    @override
    def schedules(self, workflow: str) -> Wire:
        return {"items": self._schedules.all(workflow)}

    @override
    def schedule(self, name: str) -> Wire:
        return self._schedules.show(name)

    @override
    def pause_schedule(self, name: str, *, reason: str, actor: str) -> Wire:
        return self._schedules.pause(name, reason=reason, actor=actor)

    @override
    def resume_schedule(self, name: str, *, actor: str) -> Wire:
        return self._schedules.resume(name, actor=actor)

    @override
    def trigger_schedule(self, name: str, *, actor: str, key: IdempotencyKey | None) -> Answered:
        executions = self._parts.executions

        def work(tx: Tx) -> Callable[[Reader], Wire]:
            execution_id = self._schedules.trigger(tx, name, actor=actor)

            def answer(reader: Reader) -> Wire:
                run = executions.load(reader, execution_id)
                return execution_view(run, executions.definition(reader, run.definition))

            return answer

        return self._once(key, work)

    @override
    def backfill_schedule(
        self, name: str, span: tuple[int, int], *, limit: int, dry_run: bool, actor: str
    ) -> Wire:
        wanted = Span(first=span[0], last=span[1], limit=limit)
        return self._schedules.backfill(name, wanted, dry_run=dry_run, actor=actor)
