"""The workflow engine's face: define, execute, cancel, follow."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

from claude_agent.core import cron
from claude_agent.core.definition_source import parse
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.foundation import Foundation
from claude_agent.core.log_follower import LogFollower
from claude_agent.core.starts import Starts, Wanted
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain.compile import compile_definition
from claude_agent.domain.definition import Definition
from claude_agent.domain.events import Context
from claude_agent.domain.execution_decide import CancelAsked
from claude_agent.domain.node import node_from_data
from claude_agent.domain.states import EXECUTION_TERMINAL
from claude_agent.errors import Conflict, NotFound
from claude_agent.storage import log
from claude_agent.storage.database import Reader, Row, Tx


class WorkflowEngine:
    """Runs definitions as executions; every method may be called from any thread."""

    def __init__(
        self,
        foundation: Foundation,
        *,
        desk: TaskDesk,
        executions: ExecutionDesk,
        follower: LogFollower,
        starts: Starts,
    ) -> None:
        self._database = foundation.database
        self._desk = desk
        self._executions = executions
        self._catalogue = foundation.catalogue
        self._clock = foundation.clock
        self._follower = follower
        self._starts = starts

    def compile(self, source: str | Mapping[str, Any], *, file: str = "") -> Definition:
        """Return the compiled definition of YAML or JSON text, or of plain data.

        Raises `DefinitionError` with every problem at once, `TooLarge`.
        """
        if isinstance(source, str):
            tree = parse(source, file=file)
        else:
            tree = node_from_data(dict(source), file=file)
        return compile_definition(
            tree,
            agents={name: one.capabilities for name, one in self._catalogue.agents.items()},
            actions=self._catalogue.actions,
            workflows=self._database.read(_slugs),
            is_zone=_is_zone,
            cron_problem=lambda text, zone: cron.problem(text, zone, self._clock.now()),
        )

    def define_workflow(
        self, definition: str | Mapping[str, Any], *, file: str = "", origin: str = "user"
    ) -> str:
        """Store a definition and return its hash, its version for ever. Raises as `compile`.

        From then on it starts by itself where it says so (`on`).
        """
        compiled = self.compile(definition, file=file)
        source = definition if isinstance(definition, str) else json.dumps(definition)
        return self._database.write(lambda tx: self.apply(tx, compiled, source, origin))

    def apply(
        self, tx: Tx, definition: Definition, source: str, origin: str, *, actor: str = "operator"
    ) -> str:
        """Store a compiled definition to stay, with what starts it; return its hash."""
        digest = self.put(tx, definition, source, origin)
        for arm in self._starts.armed:
            arm(tx, definition, digest, actor)
        return digest

    def put(self, tx: Tx, definition: Definition, source: str, origin: str) -> str:
        """Store a compiled definition, to run it once or to stay; return its hash."""
        digest = definition.digest
        tx.execute(
            "executions.put_definition",
            hash=digest,
            slug=definition.slug,
            name=definition.name,
            data=json.dumps(definition.to_data()),
            source=source,
            origin=origin,
            at=self._clock.now(),
        )
        return digest

    def execute(
        self,
        workflow_id: str | Mapping[str, Any],
        params: Mapping[str, Any] | None = None,
        *,
        cwd: str = "",
        actor: str = "operator",
    ) -> str:
        """Start an execution of a defined workflow (hash or slug) or of plain data.

        Returns its id. Raises NotFound, Invalid (parameters), DefinitionError.
        """
        name = workflow_id if isinstance(workflow_id, str) else None
        compiled = None if isinstance(workflow_id, str) else self.compile(workflow_id)

        def work(tx: Tx) -> str:  # in one transaction: what is refused leaves no definition
            if compiled is None:
                digest = self.newest(tx, name or "")["hash"]
            else:
                digest = self.put(tx, compiled, json.dumps(workflow_id), "user")
            return self.start(tx, digest, params or {}, cwd=cwd, actor=actor)

        return self._database.write(work)

    def newest(self, reader: Reader, name: str) -> Row:
        """Return the definition's row behind a hash or a slug. Raises NotFound."""
        return self._executions.newest(reader, name)

    def start(self, tx: Tx, digest: str, params: Mapping[str, Any], *, cwd: str, actor: str) -> str:
        """Start an execution in the caller's transaction; return its id.

        Raises `Invalid`, `NotFound`, and `KeyTaken` where its concurrency key says so.
        """
        wanted = Wanted(digest=digest, params=params, cwd=cwd)
        return self.start_wanted(tx, wanted, self._desk.context(actor))

    def start_wanted(self, tx: Tx, wanted: Wanted, context: Context) -> str:
        """Start an execution, perhaps a fork, in the caller's transaction. Raises as `start`."""
        run = self._starts.accept(tx, wanted, context)
        self._starts.begin(tx, run, context)
        return run.id

    def cancel(self, ref: str, *, compensate: bool | None, actor: str, reason: str) -> str:
        """Ask an execution to stop; return its id. Raises NotFound, Conflict when it ended."""

        def work(tx: Tx) -> str:
            execution_id = self._executions.find_id(tx, ref)
            run = self._executions.load(tx, execution_id)
            if run.terminal:
                message = f"Execution {run.ref} is {run.state.value} already."
                raise Conflict(
                    message, hint=f"See how it went: claude-agent execution show {run.ref}"
                )
            asked = CancelAsked(reason=reason, compensate=compensate)
            self._executions.advance(tx, execution_id, [asked], self._desk.context(actor))
            return execution_id

        return self._database.write(work)

    def monitor_progress(self, execution_id: str) -> Iterator[dict[str, Any]]:
        """Yield every event of an execution as a frame, from its first to its terminal one."""
        position = 0
        while True:
            head = self._follower.head()
            page, state = self._progress(execution_id, position)
            for frame in page:
                position = frame["seq"]
                yield frame
            if not page:
                if state in EXECUTION_TERMINAL:
                    return
                self._follower.wait_beyond(head, timeout=5.0)

    def _progress(self, execution_id: str, position: int) -> tuple[list[dict[str, Any]], str]:
        return self._database.read(lambda r: _frames(r, execution_id, position))


def _slugs(reader: Reader) -> frozenset[str]:
    return frozenset(row["slug"] for row in reader.rows("executions.definition_slugs"))


def _is_zone(name: str) -> bool:
    return name in available_timezones()


def _frames(reader: Reader, execution_id: str, position: int) -> tuple[list[dict[str, Any]], str]:
    row = reader.row("executions.by_id", id=execution_id)
    if row is None:
        message = f"There is no execution {execution_id}."
        raise NotFound(message)
    rows = reader.rows(
        "log.of_stream", stream=f"execution/{execution_id}", after=position, limit=500
    )
    frames = [
        {
            "pos": one["pos"],
            "seq": one["seq"],
            "type": one["type"],
            "at": one["at"],
            "data": log.recorded(one).event.data,
        }
        for one in rows
    ]
    return frames, row["state"]
