"""Every table is a projection that the log rebuilds, or says why it need not be."""

from pathlib import Path
from typing import Any

from tests.unit.core.stand import Stand

REBUILT = {
    "events": "the log itself",
    "tasks": "tests.unit.core.stand.compare_with_the_log",
    "task_specs": "the specification stands in task.submitted and task.redriven",
    "executions": "tests.unit.core.stand.compare_with_the_log",
    "steps": "tests.unit.core.stand.compare_with_the_log",
    "task_waits": "tests.unit.core.stand.compare_with_the_log",
    "approvals": "tests.unit.core.stand.compare_with_the_log",
    "breakers": "tests.unit.core.stand.compare_with_the_log",
    "state": "tests.unit.core.stand.compare_with_the_log",
}
"""What the log folds to, and where the rows are compared with it."""
OPERATIONAL = {
    "log_head": "the end of the log, sealed with each commit; log.verify compares it",
    "queues": "limits of the configuration; places taken are counted anew at a start",
    "workers": "who lives now: beats",
    "slots": "who lives now: places of a worker",
    "hosts": "who lives now",
    "fencing": "what is tried against hosts that are silent",
    "runs": "how far the journal of a run was read; its folder is the truth",
    "run_commands": "what is to be delivered to a run",
    "definitions": "sources, pinned by their hash in execution.submitted",
    "messages": "ordinary messages of applications: not in the log's scope",
    "message_owners": "as messages",
    "message_keys": "as messages",
    "message_results": "as messages",
    "actor_manifest": "as messages",
    "rate_limits": "counters of the current window",
    "idempotency_keys": "stored answers, kept for a day",
    "redrives": "how far a re-drive of many letters has come",
    "locks": "held from the claim to the end; at rest it is empty (tests.simulation.checks)",
    "state_snapshots": "copies that people asked for",
    "state_snapshot_entries": "as state_snapshots",
    "subscriptions": "how far a reader of the log has come",
    "log_requests": "requests for logs of other hosts, on their way",
    "execution_inbox": "news on its way; at rest it is empty (tests.simulation.checks)",
    "concurrency_slots": "held to the end; at rest it is empty (tests.simulation.checks)",
    "signals_seen": "message ids that were taken, to take none twice",
    "tokens": "secrets, hashed: they never enter the log",
    "migrations": "which migrations were done",
    "webhooks": "what people have set",
    "webhook_deliveries": "message ids that were taken, to take none twice",
    "event_triggers": "what people have set",
    "event_starts": "events that are to be decided, and were, to start nothing twice",
    "schedules": "what people have set, and when it is due next",
    "schedule_ticks": "ticks that were taken, to take none twice",
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
    known = set(REBUILT) | set(OPERATIONAL)
    assert not set(REBUILT) & set(OPERATIONAL)
    assert not tables - known, f"say of each: is it rebuilt, or why not? {tables - known}"
    assert not known - tables, f"there is no such table any more: {known - tables}"
