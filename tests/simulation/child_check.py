"""I10 for sub-workflows: a step is undone only once each one that did it has gone back."""

from claude_agent.domain.compensation import plan
from claude_agent.storage.log import Recorded
from tests.simulation.world import Server

Streams = dict[str, list[Recorded]]


def check_children(one: Server, streams: Streams, events: list[Recorded]) -> None:
    """Look at each step of one execution that sub-workflows did, by its log."""
    latest: dict[str, str] = {}
    standing: dict[str, list[str]] = {}
    for each in events:
        kind, data = each.event.type, each.event.data
        step = data.get("step", "")
        if kind == "step.child_started":
            latest[step] = data["execution_id"]
        elif kind == "step.queued":  # a later definition has no part in one execution
            latest.pop(step, None)
        elif step in latest and (
            (kind == "step.succeeded" and not data.get("reason")) or data.get("ended_well")
        ):
            if latest[step] not in standing.setdefault(step, []):
                standing[step].append(latest[step])
        elif kind == "step.compensated":
            for child in standing.pop(step, []):
                assert _gone_back(one, streams, child), f"I10: {step} is undone, {child} is not"


def _gone_back(one: Server, streams: Streams, child: str) -> bool:
    ends = [
        each.event.data["state"]
        for each in streams[f"execution/{child}"]
        if each.event.type == "execution.ended"
    ]
    if "compensated" in ends:
        return True
    run = one.execution(child)
    definition = one.database.read(lambda r: one.executions.definition(r, run.definition))
    return not plan(definition, run)[0]  # nothing of it was there to undo
