"""What people do with executions that stopped: pause, resume, retry, rewind, decide, fork, undo."""

from collections.abc import Callable
from dataclasses import dataclass

from claude_agent.core.execution_desk import ExecutionDesk
from claude_agent.core.intake import check_text
from claude_agent.core.starts import Wanted
from claude_agent.core.task_desk import TaskDesk
from claude_agent.core.workflow_engine import WorkflowEngine
from claude_agent.domain.deciding import reopening
from claude_agent.domain.deciding.news import News, Pause, Reopen, Resume, ResumeUndo
from claude_agent.domain.deciding.scene import GOING
from claude_agent.domain.definition import Definition
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.execution import Execution
from claude_agent.domain.json_schema import check_value
from claude_agent.domain.parameters import check_params
from claude_agent.domain.states import ExecutionState
from claude_agent.errors import Conflict, Invalid, NotFound
from claude_agent.storage.database import Tx

Asking = Callable[[Definition, Execution], News]
"""What is asked of an execution; may refuse with Conflict, NotFound, Invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """Which execution, from which step, and who asks."""

    ref: str
    actor: str
    step: str = ""


class SecondChances:
    """Each method is one transaction of its caller and returns the execution's id.

    All raise NotFound for an execution or step that is not there, and Conflict where the state
    does not allow it; then nothing was changed.
    """

    def __init__(self, executions: ExecutionDesk, desk: TaskDesk, engine: WorkflowEngine) -> None:
        self._executions = executions
        self._desk = desk
        self._engine = engine

    def pause(self, tx: Tx, chance: Chance) -> str:
        """Let nothing new start; what runs goes on."""

        def asked(_: Definition, run: Execution) -> News:
            if run.state not in GOING:
                raise _refused(run, "pause", "Only one that is running or waiting can pause.")
            return Pause(reason=f"paused by {chance.actor}")

        return self._ask(tx, chance, asked)

    def resume(self, tx: Tx, chance: Chance) -> str:
        """Let a paused execution go on."""

        def asked(_: Definition, run: Execution) -> News:
            if run.state != ExecutionState.PAUSED:
                raise _refused(run, "resume", "Only a paused one can be resumed.")
            return Resume()

        return self._ask(tx, chance, asked)

    def retry(
        self, tx: Tx, chance: Chance, *, params: Data | None = None, failed_only: bool = False
    ) -> str:
        """Run again whatever is not in force, and a chosen step with all that depends on it.

        `params` replace those of before, name by name. `failed_only`: of the chosen step with
        many, only the instances that are not in force. Raises DefinitionError (parameters).
        """

        def asked(definition: Definition, run: Execution) -> News:
            given = None
            if params:
                check_text(params, "/params")
                given = check_params(definition, {**run.params, **params})
            said = reopening.retried(
                definition, run, chance.step, params=given, failed_only=failed_only
            )
            return Reopen(said=said)

        return self._ask(tx, chance, asked)

    def rewind(self, tx: Tx, chance: Chance, feedback: str) -> str:
        """Go back to a step, which is told the feedback."""
        check_text(feedback, "/feedback")

        def asked(definition: Definition, run: Execution) -> News:
            return Reopen(said=reopening.rewound(definition, run, chance.step, feedback))

        return self._ask(tx, chance, asked, named=True)

    def skip(self, tx: Tx, chance: Chance) -> str:
        """Go on without a step: what depends on it runs."""

        def asked(definition: Definition, run: Execution) -> News:
            return Reopen(said=reopening.decided(definition, run, chance.step, None))

        return self._ask(tx, chance, asked, named=True)

    def set_output(self, tx: Tx, chance: Chance, outputs: Data) -> str:
        """Go on as if a step had delivered these outputs. Raises Invalid where they do not fit."""
        check_text(outputs, "/outputs")

        def asked(definition: Definition, run: Execution) -> News:
            _check_outputs(definition, chance.step, outputs)
            return Reopen(said=reopening.decided(definition, run, chance.step, outputs))

        return self._ask(tx, chance, asked, named=True)

    def compensate(self, tx: Tx, chance: Chance, skip: tuple[str, ...] = ()) -> str:
        """Undo what is in force; resume an undoing that failed, without the steps of `skip`."""

        def asked(definition: Definition, run: Execution) -> News:
            if run.state == ExecutionState.COMPENSATION_FAILED:
                _check_skip(run, skip)
                return ResumeUndo(skip=skip)
            if skip:
                raise _refused(run, "skip an undo of", "Only a failed undoing has undos to skip.")
            return Reopen(said=reopening.undone(definition, run))

        return self._ask(tx, chance, asked)

    def fork(self, tx: Tx, chance: Chance, *, params: Data | None = None) -> str:
        """Start a new execution that takes over what is in force; return the new one's id."""
        execution_id = self._executions.find_id(tx, chance.ref)
        run = self._executions.load(tx, execution_id)
        definition = self._executions.definition(tx, run.definition)
        if chance.step:
            reopening.known_step(definition, run, chance.step)
        inherited = reopening.inheritance(definition, run, chance.step)
        wanted = Wanted(
            digest=run.definition,
            params={**run.params, **(params or {})},
            cwd=run.cwd,
            pins=run.pins,
            fork=(run.id, inherited),
        )
        return self._engine.start_wanted(tx, wanted, self._desk.context(chance.actor))

    def _ask(self, tx: Tx, chance: Chance, asked: Asking, *, named: bool = False) -> str:
        """Let an execution decide what is asked; `named`: of a step, which has to be given."""
        execution_id = self._executions.find_id(tx, chance.ref)
        run = self._executions.load(tx, execution_id)
        definition = self._executions.definition(tx, run.definition)
        if chance.step or named:
            reopening.known_step(definition, run, chance.step)
        news = asked(definition, run)
        self._executions.advance(tx, execution_id, [news], self._desk.context(chance.actor))
        return execution_id


def _refused(run: Execution, what: str, hint: str) -> Conflict:
    message = f"Nothing to {what}: execution {run.ref} is {run.state.value}."
    return Conflict(message, hint=hint)


def _check_outputs(definition: Definition, step: str, outputs: Data) -> None:
    for name, schema in definition.by_id[step].outputs.items():
        if name not in outputs:
            message = f"The step {step} declares the output {name}, which is not given."
            raise Invalid(message, hint=f"Add {name}.", pointer=f"/outputs/{name}")
        for at, said in check_value(schema, outputs[name]):
            message = f"The output {name}{at} {said}."
            raise Invalid(message, pointer=f"/outputs/{name}")


def _check_skip(run: Execution, skip: tuple[str, ...]) -> None:
    planned = {name for group in run.plan or () for name in group}
    for name in skip:
        if name not in planned:
            message = f"{name[:80]} is not on the list of what is undone."
            raise NotFound(message, hint=f"On the list: {', '.join(sorted(planned)[:12])}.")
