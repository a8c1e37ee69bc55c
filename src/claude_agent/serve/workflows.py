"""Workflows and executions, as the gateway asks for them."""

from collections.abc import Callable
from typing import Any

from typing_extensions import override

from claude_agent.api.services import (
    Answered,
    ExecutionFilter,
    ExecutionServices,
    IdempotencyKey,
    SecondChance,
    WorkflowServices,
    WorkflowStart,
)
from claude_agent.core import attempt_views, views
from claude_agent.core.execution_views import execution_view
from claude_agent.core.format_schema import format_schema
from claude_agent.core.second_chances import Chance, SecondChances
from claude_agent.domain.available import missing
from claude_agent.domain.states import ExecutionState
from claude_agent.errors import Invalid
from claude_agent.serve.base import Base, known_state, next_cursor, page_start
from claude_agent.storage import execution_rows, log
from claude_agent.storage.database import Reader, Row, Tx

Wire = dict[str, Any]


class Workflows(Base, WorkflowServices):
    """Definitions, and starting them."""

    @override
    def validate_workflow(self, source: str, file: str) -> Wire:
        definition = self._parts.engine.compile(source, file=file)
        return {
            "valid": True,
            "workflow": definition.slug,
            "name": definition.name,
            "steps": len(definition.steps),
            "hash": definition.digest,
            "not_yet": [problem.message for problem in missing(definition)],
        }

    @override
    def workflow_schema(self) -> Wire:
        return format_schema()

    @override
    def define_workflow(self, source: str, file: str, *, actor: str) -> Wire:
        definition = self._parts.engine.compile(source, file=file)
        engine = self._parts.engine
        self._database.write(lambda tx: engine.apply(tx, definition, source, "user", actor=actor))
        return {
            "workflow": definition.slug,
            "hash": definition.digest,
            "name": definition.name,
        }

    def put_shipped(self, source: str, file: str) -> None:
        """Store a definition that ships with the product, unless it is stored already."""
        definition = self._parts.engine.compile(source, file=file)

        def work(tx: Tx) -> None:
            if tx.row("executions.definition", hash=definition.digest) is None:
                self._parts.engine.apply(tx, definition, source, "shipped", actor="server")

        self._database.write(work)

    @override
    def workflows(self) -> Wire:
        rows = self._database.read(lambda r: r.rows("executions.newest_definitions"))
        return {"items": [views.workflow_view(row) for row in rows]}

    @override
    def workflow(self, name: str) -> Wire:
        row = self._database.read(lambda r: self._parts.engine.newest(r, name))
        return views.workflow_view(row)

    @override
    def execute_workflow(
        self, start: WorkflowStart, *, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        engine = self._parts.engine
        compiled = None
        if start.source is not None:
            compiled = engine.compile(start.source, file=start.file or "workflow.yaml")
        elif start.name == "-":
            message = "There is no workflow to run: neither a name nor a source was given."
            raise Invalid(message, hint="Give --file FILE or a name.", pointer="/source")

        def work(tx: Tx) -> Callable[[Reader], Wire]:
            if compiled is not None:
                digest = engine.put(tx, compiled, start.source or "", "user")
            else:
                digest = engine.newest(tx, start.name)["hash"]
            execution_id = engine.start(tx, digest, start.params, cwd=start.cwd or "", actor=actor)
            return lambda reader: _view(self, reader, execution_id)

        return self._once(key, work)


class Executions(Base, ExecutionServices):
    """Runs of workflows."""

    @override
    def executions(self, wanted: ExecutionFilter) -> Wire:
        limit = wanted.page.limit
        known_state(wanted.state, ExecutionState)

        def work(reader: Reader) -> Wire:
            rows = reader.rows(
                "executions.list",
                state=wanted.state or "",
                workflow=wanted.workflow or "",
                **page_start(wanted.page),
            )
            page = rows[:limit]
            ids = [row["id"] for row in page]
            steps = reader.rows("executions.steps", ids=ids) if ids else []
            counts = reader.rows("executions.counts", workflow=wanted.workflow or "")
            return {
                "items": [self._shown(reader, row, steps) for row in page],
                "next": next_cursor(rows, limit),
                "counts": {row["state"]: row["count"] for row in counts},
            }

        return self._database.read(work)

    def _shown(self, reader: Reader, row: Row, steps: list[Row]) -> Wire:
        mine = [step for step in steps if step["execution_id"] == row["id"]]
        definition = self._parts.executions.definition(reader, row["definition"])
        run = execution_rows.execution_of(row, mine)
        return execution_view(run, definition, whole=False)

    @override
    def execution(self, ref: str) -> Wire:
        return self._database.read(lambda r: _view(self, r, self._parts.executions.find_id(r, ref)))

    @override
    def summary(self, ref: str) -> Wire:
        def work(reader: Reader) -> Wire:
            execution_id = self._parts.executions.find_id(reader, ref)
            run = self._parts.executions.load(reader, execution_id)
            definition = self._parts.executions.definition(reader, run.definition)
            return execution_view(run, definition) | {
                "graph": {"edges": views.edges(definition)},
                "cursor": log.head(reader).cursor,
                "spent": attempt_views.spent_by(reader, execution_id),
            }

        return self._database.read(work)

    @override
    def execution_events(self, ref: str, after: str | None, limit: int) -> Wire:
        def work(reader: Reader) -> Wire:
            execution_id = self._parts.executions.find_id(reader, ref)
            position = int(after.rpartition(":")[2]) if after else 0
            rows = reader.rows(
                "executions.events", execution=execution_id, after=position, limit=limit
            )
            found = [log.recorded(row) for row in rows]
            tasks = {
                one.event.stream.removeprefix("task/"): execution_id
                for one in found
                if one.event.stream.startswith("task/")
            }
            head = log.head(reader)
            last = found[-1].pos if len(found) == limit else head.pos
            return {
                "items": [views.frame(one, tasks) for one in found],
                "cursor": f"{head.epoch}:{last}",
            }

        return self._database.read(work)

    @override
    def second_chance(
        self, asked: SecondChance, *, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        parts = self._parts
        chances = SecondChances(parts.executions, parts.desk, parts.engine)

        def work(tx: Tx) -> Callable[[Reader], Wire]:
            execution_id = _do(chances, tx, asked, actor)
            return lambda reader: _view(self, reader, execution_id)

        return self._once(key, work, status=201 if asked.what == "fork" else 202)

    @override
    def cancel_execution(self, ref: str, *, compensate: bool | None, actor: str) -> Wire:
        execution_id = self._parts.engine.cancel(
            ref, compensate=compensate, actor=actor, reason=f"cancelled by {actor}"
        )
        return self.execution(execution_id)


def _do(chances: SecondChances, tx: Tx, asked: SecondChance, actor: str) -> str:
    chance = Chance(ref=asked.ref, actor=actor, step=asked.step)
    match asked.what:
        case "pause":
            return chances.pause(tx, chance)
        case "resume":
            return chances.resume(tx, chance)
        case "retry":
            return chances.retry(tx, chance, params=asked.params, failed_only=asked.failed_only)
        case "rewind":
            return chances.rewind(tx, chance, asked.feedback)
        case "skip":
            return chances.skip(tx, chance)
        case "set-output":
            return chances.set_output(tx, chance, asked.outputs or {})
        case "fork":
            return chances.fork(tx, chance, params=asked.params)
        case _:
            return chances.compensate(tx, chance, asked.skip)


def _view(base: Base, reader: Reader, execution_id: str) -> Wire:
    parts = base._parts  # noqa: SLF001 - a function of this module's own classes
    run = parts.executions.load(reader, execution_id)
    definition = parts.executions.definition(reader, run.definition)
    return execution_view(run, definition)
