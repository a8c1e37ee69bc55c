"""What people said of queues, between the log and the rows."""

from collections.abc import Iterable

from claude_agent.storage.database import Reader
from claude_agent.storage.log import Recorded


def fold_queues(history: Iterable[Recorded]) -> dict[str, dict[str, object]]:
    """Fold {queue: {"paused", "person_max"}} out of the log, for those that people steered."""
    found: dict[str, dict[str, object]] = {}
    for one in history:
        kind, _, name = one.event.stream.partition("/")
        if kind != "queue":
            continue
        said = found.setdefault(name, {"paused": 0, "person_max": None})
        data = one.event.data
        match one.event.type:
            case "queue.paused":
                said["paused"] = 1
            case "queue.resumed":
                said["paused"] = 0
            case "queue.limited":
                said["person_max"] = None if data["configured"] else data["limit"]
            case _:  # a purge changes no row of the queue
                pass
    return found


def differing(reader: Reader, history: Iterable[Recorded]) -> list[str]:
    """Return the queues whose rows are not what the log says of them."""
    folded = fold_queues(history)
    rows = {row["name"]: row for row in reader.rows("queues.steered")}
    plain = {"paused": 0, "person_max": None}
    return [
        name
        for name in sorted({*folded, *rows})
        if name not in rows or {key: rows[name][key] for key in plain} != folded.get(name, plain)
    ]
