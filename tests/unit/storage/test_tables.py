"""Every table is a projection that the log rebuilds, or says why it need not be."""

from pathlib import Path
from typing import Any

from tests.unit.core.stand import Stand

REBUILT = {
    *("tasks", "task_specs", "task_waits", "attempts", "locks", "executions", "steps"),
    "concurrency_slots",
    *("signals_seen", "approvals", "questions", "breakers", "state", "state_snapshots"),
    *("state_snapshot_entries", "queues", "redrives", "tokens", "schedules", "schedule_ticks"),
    *("webhooks", "webhook_deliveries", "event_triggers", "event_starts", "definitions"),
}
"""What claude_agent.storage.rebuild folds out of the log and compares:
tests.integration.test_rebuild proves it of each column."""
OPERATIONAL = {
    "events": "the log itself",
    "log_head": "the end of the log, sealed with each commit; log.verify compares it",
    "workers": "who lives now: beats",
    "slots": "who lives now: places of a worker",
    "hosts": "who lives now",
    "launches": "whose agents were started in the last seconds, so that they keep a distance",
    "clock": "the clock of the machine that leads now; without it the next start sees no jump",
    "fencing": "what is tried against hosts that are silent",
    "runs": "how far the journal of a run was read; its folder is the truth",
    "run_commands": "what is to be delivered to a run",
    "messages": "ordinary messages of applications: not in the log's scope",
    "message_owners": "as messages",
    "message_keys": "as messages",
    "message_results": "as messages",
    "actor_manifest": "as messages",
    "rate_limits": "counters of the current window",
    "idempotency_keys": "stored answers, kept for a day",
    "subscriptions": "how far a reader of the log has come",
    "log_requests": "requests for logs of other hosts, on their way",
    "execution_inbox": "news on its way; at rest it is empty (tests.simulation.checks)",
    "migrations": "which migrations were done",
    "step_cache": "results that may be used again; losing them costs time only",
}
"""What no event is the truth of, and why."""


def test_every_table_is_rebuilt_or_has_its_reason(tmp_path: Path) -> None:
    stand = Stand(tmp_path)

    def names(reader: Any) -> set[str]:
        found = reader._connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return {row["name"] for row in found}

    tables = stand.database.read(names)
    stand.close()
    known = REBUILT | set(OPERATIONAL)
    assert not REBUILT & set(OPERATIONAL)
    assert not tables - known, f"say of each: is it rebuilt, or why not? {tables - known}"
    assert not known - tables, f"there is no such table any more: {known - tables}"
