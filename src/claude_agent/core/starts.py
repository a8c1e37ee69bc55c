"""Beginnings of executions: a definition, parameters and a place become rows and a first event."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from claude_agent.core.concurrency import Places, key_of
from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.intake import check_text
from claude_agent.core.task_desk import TaskDesk
from claude_agent.domain import execution_events as ev
from claude_agent.domain.available import check_available
from claude_agent.domain.definition import Definition
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.events import Context
from claude_agent.domain.execution import Execution, submitted
from claude_agent.domain.parameters import check_params
from claude_agent.errors import Invalid
from claude_agent.storage import execution_rows
from claude_agent.storage.database import Tx
from claude_agent.storage.secrets import SecretStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The step that an execution is a part of."""

    execution_id: str
    step: str
    depth: int
    """How many executions are above it."""
    workspace: str
    """Where the parent's steps clone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An execution to be."""

    digest: str
    """Of its definition."""
    params: Mapping[str, object] = field(default_factory=dict)
    cwd: str = ""
    names: tuple[str, str] | None = None
    """(id, ref) where they are given already."""
    parent: Parent | None = None
    pins: Mapping[str, str] | None = None
    """The definitions of its sub-workflows; None: the newest ones."""
    fork: tuple[str, Mapping[str, Data]] | None = None
    """The execution that it comes from, and what it takes over of that one's steps."""
    started_by: Mapping[str, object] = field(default_factory=dict)
    """The schedule, webhook or event that wants it; empty: a person or a step."""


Arm = Callable[[Tx, Definition, str, str], None]
"""(transaction, definition, its hash, who): arms what a stored definition says starts it."""


class Starts:
    """Accepts executions and lets them begin."""

    def __init__(
        self, desk: TaskDesk, executions: ExecutionDesk, places: Places, workspaces: Path
    ) -> None:
        self._desk = desk
        self._executions = executions
        self._places = places
        self._workspaces = workspaces
        self.secrets = SecretStore(workspaces.parent, os.environ)  # they lie in the home
        """The values of this server: of steps, and of who signs webhooks."""
        self.armed: list[Arm] = []
        """What is told of each definition that is stored to stay, in its transaction."""

    def accept(self, tx: Tx, wanted: Wanted, context: Context) -> Execution:
        """Write a new execution, queued. Raises `Invalid`, `NotFound`, `SetupError`."""
        # A parent's folder may be another host's, or one that is made when a task needs it.
        if wanted.cwd and wanted.parent is None and not is_folder(Path(wanted.cwd)):
            message = (
                f"The working directory {wanted.cwd[:200]} is not an existing absolute folder."
            )
            raise Invalid(message, hint="Give --cwd an absolute path.", pointer="/cwd")
        definition = self._executions.definition(tx, wanted.digest)
        check_available(definition)
        self.secrets.check({n for step in definition.steps for n in step.secrets.values()})
        checked = check_params(definition, dict(wanted.params))
        check_text(checked, "/params")
        execution_id, ref = wanted.names or self._desk.new_id(tx, "executions.id_of_ref")
        parent = wanted.parent
        pins = wanted.pins
        said = ev.ExecutionSubmitted(
            ref=ref,
            workflow=definition.slug,
            name=definition.name,
            definition=wanted.digest,
            params=checked,
            cwd=wanted.cwd,
            workspace=parent.workspace if parent else str(self._workspaces / execution_id),
            steps=[step.id for step in definition.steps],
            parent_id=parent.execution_id if parent else "",
            parent_step=parent.step if parent else "",
            depth=parent.depth if parent else 0,
            pins=self._executions.pins(tx, definition) if pins is None else pins,
            forked_from=wanted.fork[0] if wanted.fork else "",
            inherited=wanted.fork[1] if wanted.fork else {},
            started_by=wanted.started_by,
        )
        said = self._keyed(definition, execution_id, said, context)
        run = submitted(execution_id, said, context.at)
        limit = definition.timeout_ms
        execution_rows.insert(tx, run, deadline_at=None if limit is None else context.at + limit)
        tx.append([context.wrap(run.stream, 1, said)])
        self._executions.keep_new(run)
        return run

    @staticmethod
    def _keyed(
        definition: Definition, execution_id: str, said: ev.ExecutionSubmitted, context: Context
    ) -> ev.ExecutionSubmitted:
        if definition.concurrency is None:
            return said
        key = key_of(definition, submitted(execution_id, said, context.at))
        data = said.to_data() | {
            "concurrency_key": key,
            "concurrency_limit": definition.concurrency.limit,
        }
        return ev.ExecutionSubmitted(**data)

    def begin(self, tx: Tx, run: Execution, context: Context) -> None:
        """Let an accepted execution begin, as far as its concurrency key allows it."""
        definition = self._executions.definition(tx, run.definition)
        self._places.enter(tx, run, definition.concurrency, context)


def is_folder(path: Path) -> bool:
    """Say whether it is an existing folder, named absolutely."""
    return path.is_absolute() and path.is_dir()
