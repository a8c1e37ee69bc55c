"""Tasks, definitions and executions for tests, with every value that does not matter filled in."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from claude_agent.domain import execution, task
from claude_agent.domain import execution_events as xev
from claude_agent.domain import task_events as ev
from claude_agent.domain.definition import Compensate, Definition, Step
from claude_agent.domain.events import Payload
from claude_agent.domain.execution_decide import Begin, Decision, Fact, Means, News, decide
from claude_agent.domain.task import Task
from claude_agent.domain.task_commands import Claim, Command, Start
from claude_agent.domain.task_commands import decide as decide_task
from claude_agent.domain.task_spec import TaskSpec

if TYPE_CHECKING:
    from claude_agent.domain.execution import Execution

AT = 1_700_000_000_000
ID = "018bcfe5-6800-7000-8000-000000000001"
EXECUTION = "018bcfe5-6800-7000-8000-00000000000e"


def spec(**changes: Any) -> TaskSpec:
    """Return a specification of a shell task."""
    plain = TaskSpec(title="t", kind="run", text="true", agent="testing", queue="testing")
    return replace(plain, **changes)


def submitted(*, not_before: int = 0, at: int = AT, approval: str = "", **changes: Any) -> Task:
    """Return a task just submitted; held where it waits for an approval."""
    said = ev.TaskSubmitted(
        ref="AB12", spec=spec(**changes).to_data(), not_before=not_before, approval=approval
    )
    return task.submitted(ID, said, at)


def fold(one: Task, *said: Payload, at: int = AT) -> Task:
    """Fold events into a task."""
    for payload in said:
        one = task.evolve(one, payload, at)
    return one


def after(one: Task, *commands: Command, at: int = AT) -> Task:
    """Return the task after some commands."""
    for command in commands:
        one = fold(one, *decide_task(one, command), at=at)
    return one


CLAIM = Claim(worker="w1", slot=3, host="here")
START = Start(adapter="shell", digest="d")


def running(**changes: Any) -> Task:
    """Return a task whose first attempt has started."""
    return after(submitted(**changes), CLAIM, START)


def step(name: str, *depends_on: str, **changes: Any) -> Step:
    """Return a step that runs an action with an effect."""
    plain = Step(
        id=name, kind="action", action="setup_database", agent="testing", depends_on=depends_on
    )
    return replace(plain, **changes)


def undo(**changes: Any) -> Compensate:
    """Return how a step is undone."""
    return replace(Compensate(kind="run", run="undo"), **changes)


def definition(*steps: Step, **changes: Any) -> Definition:
    """Return a definition of these steps."""
    return Definition(name="D", slug="d", steps=steps, **changes)


class Play:
    """Plays an execution: hands news to `decide` and keeps what followed."""

    def __init__(self, made: Definition, params: dict[str, Any] | None = None) -> None:
        self.definition = made
        said = xev.ExecutionSubmitted(
            ref="EXEC",
            workflow=made.slug,
            name=made.name,
            definition="hash",
            params=params or {},
            cwd="/start",
            workspace="/ws",
            steps=[each.id for each in made.steps],
        )
        self.first = said
        self.run: Execution = execution.submitted(EXECUTION, said, AT)
        self.events: list[Payload] = []
        self.specs: dict[str, TaskSpec] = {}
        self.cancels: list[str] = []
        self.at = AT
        self._ids = numbered()

    def tell(self, *news: News) -> Decision:
        """Hand over news at the next millisecond."""
        self.at += 1
        means = Means(at=self.at, new_id=self._ids, route=lambda _: ("master", "the fallback"))
        found = decide(self.definition, self.run, news, means)
        self.run = found.run
        self.events += found.events
        self.cancels += found.cancels
        for submit in found.submits:
            assert submit.task_id not in self.specs
            self.specs[submit.task_id] = submit.spec
        return found

    def begin(self) -> "Play":
        """Begin it."""
        self.tell(Begin())
        return self

    def news(self, name: str, kind: str, **more: Any) -> Decision:
        """Hand over news of a step's task."""
        task_id = self.run.steps[name].task_id
        return self.tell(Fact(step=name, undo=False, kind=kind, task_id=task_id, **more))

    def do(self, name: str, kind: str = "succeeded", **more: Any) -> Decision:
        """Start a step and end it."""
        self.news(name, "started", attempt=1)
        return self.news(name, kind, **more)

    def undone(self, name: str, kind: str = "succeeded", **more: Any) -> Decision:
        """Hand over news of the task that undoes a step."""
        task_id = self.run.steps[name].undo_task_id
        return self.tell(Fact(step=name, undo=True, kind=kind, task_id=task_id, **more))

    def states(self) -> dict[str, str]:
        """Return the state of every step."""
        return {name: one.state.value for name, one in self.run.steps.items()}

    def said(self, kind: type[Payload]) -> list[Any]:
        """Return every event of a kind."""
        return [one for one in self.events if isinstance(one, kind)]

    @property
    def state(self) -> str:
        """Return the execution's state."""
        return self.run.state.value

    def submitted(self) -> list[str]:
        """Return the titles of all tasks in the order of their submits."""
        return [one.title for one in self.specs.values()]


def numbered() -> Callable[[], tuple[str, str]]:
    """Return a source of ids that counts."""
    numbers = count(1)

    def new() -> tuple[str, str]:
        n = next(numbers)
        return f"task-{n}", f"T{n:03}"

    return new


def play(*steps: Step, params: dict[str, Any] | None = None, **changes: Any) -> Play:
    """Return an execution that has begun."""
    return Play(definition(*steps, **changes), params).begin()


def types(events: Iterable[Payload]) -> list[str]:
    """Return the types of events."""
    return [one.TYPE for one in events]


def chain(*names: str) -> Sequence[Step]:
    """Return steps one after the other."""
    return [step(name, *names[n - 1 : n] if n else ()) for n, name in enumerate(names)]
