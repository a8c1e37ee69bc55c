"""Looks for verdicts of runs that were decided without one, and records what they say."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from claude_agent.agents.adapter import Adapter
from claude_agent.agents.conversation import seen_in, spent
from claude_agent.agents.judge import judge_run
from claude_agent.agents.run_folder import RunFolder
from claude_agent.agents.run_plan import RunPlanner
from claude_agent.clock import Clock
from claude_agent.core.late_reports import LateReports, Unheard
from claude_agent.domain.task_lost import ReportLate
from claude_agent.errors import ClaudeAgentError, Conflict

_LOG = logging.getLogger(__name__)
EVERY_S = 5.0
LOOKS_BACK_MS = 14 * 24 * 3_600_000
"""As long as run folders are kept."""


class LateVerdicts:
    """Of the runs whose folder is on this host; `look` is quick while there are none."""

    def __init__(
        self,
        reports: LateReports,
        planner: RunPlanner,
        adapters: Mapping[str, Adapter],
        clock: Clock,
    ) -> None:
        self._reports = reports
        self._planner = planner
        self._adapters = adapters
        self._clock = clock
        self._looked_at = 0.0

    def look(self) -> int:
        """Record every verdict that came since; return how many. Looks each `EVERY_S`."""
        now = self._clock.monotonic()
        if now - self._looked_at < EVERY_S:
            return 0
        self._looked_at = now
        found = 0
        try:
            for one in self._reports.unheard(self._clock.now() - LOOKS_BACK_MS):
                found += self._hear(one)
        except ClaudeAgentError as error:
            _LOG.info("late reports are looked for again: %s", error.detail)
        return found

    def _hear(self, one: Unheard) -> bool:
        folder = RunFolder(self._planner.places.folder(one.task_id, one.run))
        try:
            verdict = folder.verdict()
            if verdict is None:
                return False
            report = self._report(one, folder)
            task = self._reports.record(one.task_id, report)
        except (Conflict, OSError, ValueError, LookupError, TypeError) as error:
            _LOG.info("run %s.%d is not late: %s", one.task_id, one.run, error)
            return False
        how = report.kind or "well"
        _LOG.warning(
            "run %d of task %s ended after it was decided without it (%s): recorded, nothing"
            " changes by it",
            one.run,
            task.ref,
            how,
        )
        return True

    def _report(self, one: Unheard, folder: RunFolder) -> ReportLate:
        verdict = folder.verdict()
        if verdict is None:
            raise LookupError(one.task_id)
        task = replace(self._reports.task(one.task_id), run=one.run, report=None)
        adapter = self._adapters.get(one.adapter, self._adapters["shell"])
        seen = seen_in(folder.path, adapter)
        ended = judge_run(task, adapter, folder, verdict, seen)
        used = spent(task, adapter, seen, self._planner.places.folder)
        if used is not None:
            ended = replace(ended, verdict={**ended.verdict, "spent": used})
        ended = self._planner.secrets.cleaned(task, ended)
        failure = ended.failure
        return ReportLate(
            run=one.run,
            verdict=ended.verdict,
            kind="" if failure is None else failure.kind,
            message="" if failure is None else failure.message,
            outputs=ended.outputs,
            evidence=ended.evidence,
        )
