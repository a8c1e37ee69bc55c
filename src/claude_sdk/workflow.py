"""Write a workflow in Python: the same data as a file, with names instead of text.

    flow = Workflow("Ship it", on_failure="compensate", inputs={"env": {"type": "string"}})
    test = flow.step("test", agent="testing", action="run_tests")
    build = flow.step("build", run="make image", depends_on=[test], outputs={"image": {}})
    flow.step("deploy", action="deploy_local", depends_on=[build],
              with_={"image": build.output("image")}, compensate={"action": "rollback_local"})
    system.workflows.execute(source=flow)

Keywords that are words of Python end in `_` (`if_`, `with_`); everything else is named as in the
format. Nothing is checked here beyond what would be lost: the server names every problem at once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Unpack

    Values = Mapping[str, object]
    Agent = str | Sequence[str] | Values
    After = Sequence[str]


class WorkflowKeys(TypedDict, total=False):
    """What a definition says besides its name and its steps."""

    description: str
    version: str | int
    labels: Mapping[str, str]
    on: Values
    inputs: Values
    secrets: Sequence[str]
    env: Values
    concurrency: Values
    priority: str
    timeout: str | float
    budget: Values
    defaults: Values
    on_failure: str
    on_cancel: str
    siblings: str
    compensation: Values
    outputs: Values


class WhenKeys(TypedDict, total=False):
    """What every kind of step can say."""

    depends_on: After
    when: str
    if_: str | bool


class StepKeys(WhenKeys, total=False):
    """What a step can say whose work is a task or a workflow."""

    action: str
    run: str
    prompt: str
    workflow: str
    with_: Values
    agent: Agent
    queue: str
    priority: str
    retry: Values
    timeout: str | float | Values
    env: Values
    outputs: Values
    gates: Sequence[str | Mapping[str, str]]
    verify: str
    idempotent: bool
    on_uncertain: str
    compensate: Values
    workspace: str | Values
    matrix: Values
    foreach: str | Sequence[object] | Values
    fallback: Sequence[Values]
    lock: str
    cache: Values
    secrets: Sequence[str]


class ApprovalKeys(WhenKeys, total=False):
    """What an approval can say."""

    mode: str
    prompt: str
    approvers: Sequence[str]
    quorum: int
    expires: str | float
    on_expire: str
    on_reject: str
    rewind_to: str
    show: Sequence[str]
    form: Values


class WaitKeys(WhenKeys, total=False):
    """What a wait can say; exactly one of the first four."""

    for_: str | float
    until: str
    signal: str
    event: str
    or_signal: str
    timeout: str | float | Values


class Step(str):
    """The id of a step: others depend on it, and read what it delivered."""

    __slots__ = ()

    def output(self, name: str) -> str:
        """Return the expression for one of its outputs."""
        return f"${{{{ {self._path()}.outputs.{name} }}}}"

    @property
    def status(self) -> str:
        """The expression for how it ended."""
        return f"${{{{ {self._path()}.status }}}}"

    def _path(self) -> str:
        return f"steps.{self}" if self.isidentifier() else f"steps['{self}']"


class Workflow:
    """A definition in the making; `system.workflows` takes it wherever it takes a text."""

    def __init__(self, name: str, **keys: Unpack[WorkflowKeys]) -> None:
        self._data = {"name": name, **_plain(keys)}
        self._steps: dict[str, dict[str, object]] = {}

    def step(self, name: str, **keys: Unpack[StepKeys]) -> Step:
        """Add a step that does exactly one of `action`, `run`, `prompt` and `workflow`.

        Raises ValueError where there is a step of this name.
        """
        return self._add(name, _plain(keys))

    def approval(self, name: str, **keys: Unpack[ApprovalKeys]) -> Step:
        """Add a step that somebody must agree to. Raises ValueError as `step`."""
        return self._typed(name, "approval", keys)

    def wait(self, name: str, **keys: Unpack[WaitKeys]) -> Step:
        """Add a step that waits for a time, a signal or an event; `if_` then looks at the event.

        Raises ValueError as `step`.
        """
        return self._typed(name, "wait", keys)

    def emit(
        self, name: str, type_: str, data: Values | None = None, **keys: Unpack[WhenKeys]
    ) -> Step:
        """Add a step that says an event. Raises ValueError as `step`."""
        said = {"type": type_} | ({"data": dict(data)} if data is not None else {})
        return self._add(name, {"type": "emit", "emit": said, **_plain(keys)})

    def switch(self, name: str, *cases: tuple[str | None, After], **keys: Unpack[WhenKeys]) -> Step:
        """Add a switch: each case is (condition, steps); the last may have None.

        The steps are named before they are added, as they depend on the switch. Raises
        ValueError as `step`.
        """
        listed = [
            ({} if condition is None else {"if": condition}) | {"then": list(then)}
            for condition, then in cases
        ]
        return self._add(name, {"type": "switch", "switch": listed, **_plain(keys)})

    def to_data(self) -> dict[str, object]:
        """Return the definition as plain data, as a file would hold it."""
        return {**self._data, "steps": [dict(step) for step in self._steps.values()]}

    def source(self) -> str:
        """Return the definition as JSON text. Raises ValueError for what JSON cannot hold."""
        return json.dumps(self.to_data(), ensure_ascii=False, allow_nan=False)

    def _typed(self, name: str, kind: str, keys: object) -> Step:
        given = _plain(keys)
        # A wait's `if` looks at the event; the others' decides whether the step is reached.
        outer = (
            ("depends_on", "when", "timeout") if kind == "wait" else ("depends_on", "when", "if")
        )
        around = {key: given.pop(key) for key in outer if key in given}
        return self._add(name, {"type": kind, kind: given, **around})

    def _add(self, name: str, keys: Mapping[str, object]) -> Step:
        if name in self._steps:
            message = f"There is a step {name} already."
            raise ValueError(message)
        self._steps[name] = {"id": name, **keys}
        return Step(name)


def _plain(keys: object) -> dict[str, object]:
    """Return keywords as the format names them."""
    given = keys if isinstance(keys, dict) else {}
    return {key.removesuffix("_"): value for key, value in given.items()}
