"""What must hold of every history, read from the log alone."""

from claude_agent.storage.log import Recorded
from tests.simulation.model import ENDED, ModelTask


def check_log(history: list[Recorded], model: dict[str, ModelTask]) -> None:
    """I1, I4, I6, I12, read from the log alone."""
    by_task: dict[str, list[Recorded]] = {}
    for one in history:
        if one.event.stream.startswith("task/"):
            by_task.setdefault(one.event.stream.removeprefix("task/"), []).append(one)
    assert set(model) <= set(by_task), "an acknowledged task is unknown"
    for task_id, events in by_task.items():
        check_task(task_id, events)


ENDS = {f"task.{state}" for state in ENDED}
FREED = {"task.released", "task.retry_scheduled", "task.parked"}


def check_task(task_id: str, events: list[Recorded]) -> None:
    """One task: each number rises by one, and each generation is as it must be."""
    types = [one.event.type for one in events]
    assert [one.event.seq for one in events] == list(range(1, len(events) + 1))
    data = [one.event.data for one in events]
    allowed = data[0]["spec"]["retry"]["max_attempts"]
    for generation in generations(types):
        check_generation(generation, allowed)
    runs = [d["run"] for t, d in zip(types, data, strict=True) if t == "task.starting"]
    fences = [d["fence"] for d in data if "fence" in d]
    assert runs == list(range(1, len(runs) + 1))
    assert fences == list(range(1, len(fences) + 1))


def generations(types: list[str]) -> list[list[str]]:
    """Split the types of a task's events at each re-drive; a discard is no part of them."""
    found: list[list[str]] = [[]]
    for each in types:
        if each == "task.redriven":
            found.append([])
        elif each != "task.discarded":
            found[-1].append(each)
    if "task.discarded" in types:
        assert types[-1] == "task.discarded"
        assert found[-1][-1] == "task.dead"
    assert all(each[-1] == "task.dead" for each in found[:-1]), types
    return found


def check_generation(types: list[str], allowed: int) -> None:
    """One generation: one end, each start with its reason, no more attempts than allowed."""
    assert sum(each in ENDS for each in types) == 1, types
    assert types[-1] in ENDS, types
    if "task.cancel_requested" in types:
        assert types[-1] == "task.cancelled", f"a cancel was overruled: {types}"
    may_start = True
    for each in types:
        if each == "task.started":
            assert may_start, f"started twice: {types}"
            may_start = False
        may_start = may_start or each in FREED
    starts = types.count("task.started")
    back = sum(types.count(f"task.{each}") for each in ("released", "reaped", "parked"))
    assert starts <= allowed + back, types
