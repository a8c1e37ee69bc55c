"""What a workflow would do if it were started now; nothing is stored."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from claude_agent.clock import Clock
from claude_agent.core.catalogue import Catalogue
from claude_agent.core.concurrency import key_of
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.means import AgentsNow, cached
from claude_agent.core.starts import is_folder
from claude_agent.domain import execution_events as ev
from claude_agent.domain.available import missing
from claude_agent.domain.definition import Definition
from claude_agent.domain.definition_parts import JsonObject
from claude_agent.domain.execution import Execution, submitted
from claude_agent.domain.explaining.foresight import means_of_nobody
from claude_agent.domain.explaining.plan import Planned, planned
from claude_agent.domain.explaining.reasons import Reason, listed
from claude_agent.domain.parameters import check_params
from claude_agent.errors import Invalid
from claude_agent.storage.database import Reader

_NOBODY = "an execution that does not exist"
_ON_CONFLICT: Mapping[str, str] = {
    "queue": "it would wait in line",
    "cancel_running": "the oldest would be cancelled",
    "cancel_new": "it would be cancelled at once",
    "skip": "it would be refused",
}


class Foreteller:
    """Plans executions within the caller's reading."""

    def __init__(self, executions: ExecutionDesk, catalogue: Catalogue, clock: Clock) -> None:
        self._executions = executions
        self._catalogue = catalogue
        self._clock = clock

    def plan(
        self, reader: Reader, definition: Definition, params: Mapping[str, object], cwd: str
    ) -> JsonObject:
        """Return the plan of a definition with these parameters.

        Raises `Invalid` (parameters, folder), `NotFound` (a sub-workflow that is not defined).
        """
        if cwd and not is_folder(Path(cwd)):
            message = f"The working directory {cwd[:200]} is not an existing absolute folder."
            raise Invalid(message, hint="Give --cwd an absolute path.", pointer="/cwd")
        checked = check_params(definition, dict(params))
        pins = self._executions.pins(reader, definition)
        at = self._clock.now()
        said = ev.ExecutionSubmitted(
            ref="DRYRUN",
            workflow=definition.slug,
            name=definition.name,
            definition=definition.digest,
            params=checked,
            cwd=cwd,
            workspace="",
            steps=[step.id for step in definition.steps],
            pins=pins,
        )
        run = submitted(_NOBODY, said, at)

        def holder(name: str) -> str:
            row = reader.row("locks.one", name=name)
            return "" if row is None else str(row["ref"])

        means = replace(
            means_of_nobody(at, lambda key: cached(reader, key)),
            route=self._route,
            agents=AgentsNow(reader, self._catalogue),
        )
        found = planned(definition, run, means, holder)
        waits = [*found.waits, *_key(reader, definition, run)]
        return _shown(definition, checked, found, waits)

    def _route(self, description: str) -> tuple[str, str]:
        route = self._catalogue.route(description)
        return route.agent, route.reason


def _key(reader: Reader, definition: Definition, run: Execution) -> list[Reason]:
    wanted = definition.concurrency
    if wanted is None:
        return []
    key = key_of(definition, run)
    held = [row["ref"] for row in reader.rows("inbox.slots", key=key)]
    line = [row["ref"] for row in reader.rows("inbox.queued", key=key)]
    if len(held) < wanted.limit and not line:
        text = f"It takes the concurrency key {key} ({len(held)} of {wanted.limit} taken)."
        return [Reason(code="concurrency", text=text, about=(key,))]
    text = f"The concurrency key {key} is held by execution {listed(held)}"
    text += f", {len(line)} wait in line" if line else ""
    text += f": {_ON_CONFLICT[wanted.on_conflict]}."
    return [Reason(code="concurrency", text=text, about=(key, *held))]


def _shown(
    definition: Definition, params: Mapping[str, object], found: Planned, waits: list[Reason]
) -> JsonObject:
    levels: dict[int, list[str]] = {}
    for one in found.steps:
        levels.setdefault(one.level, []).append(one.step.id)
    return {
        "workflow": definition.slug,
        "name": definition.name,
        "hash": definition.digest,
        "params": dict(params),
        "levels": list(levels.values()),
        "steps": [one.to_data() for one in found.steps],
        "waits": [one.to_data() for one in waits],
        "on_failure": definition.on_failure,
        "undoes": [list(group) for group in found.undoes],
        "not_undone": list(found.not_undone),
        "missing": [problem.message for problem in missing(definition)],
    }
