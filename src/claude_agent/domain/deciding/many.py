"""Steps with many instances: `matrix` and `foreach`, how many at once, and how they end."""

import json
from collections.abc import Iterator, Mapping
from itertools import chain, product
from typing import Any

from claude_agent.domain import execution_events as ev
from claude_agent.domain.deciding.kinds import begin
from claude_agent.domain.deciding.scene import GOING, STOPPING, Scene
from claude_agent.domain.definition import Step
from claude_agent.domain.definition_parts import Foreach, Matrix
from claude_agent.domain.execution import StepRun
from claude_agent.domain.expression import ExpressionError, render
from claude_agent.domain.expression_tree import fail
from claude_agent.domain.states import StepState
from claude_agent.domain.step_run import instance_id
from claude_agent.domain.step_task import contexts

_S = StepState
MOST_ITEMS = 10_000
MOST_BYTES = 1_048_576
"""What expressions can read is in the database; larger is refused."""


def expand(scene: Scene, step: Step, seen: StepRun) -> None:
    """Make one instance for each item and begin the first ones. Raises ExpressionError."""
    if seen.instances is None:
        scene.say(ev.StepExpanded(step=step.id, items=items_of(scene, step)))
    else:  # a new generation begins only some of them anew
        known = scene.run.instances(step.id)
        anew = [n for n, one in enumerate(known) if one.state == _S.PENDING]
        items = [one.item for one in known]
        scene.say(ev.StepExpanded(step=step.id, items=items, only=anew))
    go_on(scene, step.id)


def items_of(scene: Scene, step: Step) -> list[Any]:
    """Return what a step has instances for. Raises ExpressionError."""
    found = contexts(scene.definition, scene.run, step)
    match step.many:
        case Matrix() as matrix:
            items: list[Any] = list(_combinations(matrix, found))
        case Foreach() as each:
            items = _list(render(each.items, found), "foreach")
        case _:
            items = []
    if len(items) > MOST_ITEMS:
        fail(f"{len(items)} items are more than {MOST_ITEMS}")
    if len(json.dumps(items)) > MOST_BYTES:
        fail("the items are over 1 MiB", hint="put them into a file and name its path")
    return items


def _combinations(matrix: Matrix, found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    axes = {name: _list(render(values, found), name) for name, values in matrix.axes.items()}
    without = [render(dict(each), found) for each in matrix.exclude]
    count = 1
    for values in axes.values():
        count *= len(values)
    if count > MOST_ITEMS:
        fail(f"{count} combinations are more than {MOST_ITEMS}")
    for combination in product(*axes.values()) if axes else ():
        one = dict(zip(axes, combination, strict=True))
        if not any(_holds(one, each) for each in without):
            yield one
    for each in matrix.include:
        yield render(dict(each), found)


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        fail(f"{name} is no list", hint="an expression there must give a list")
    return list(value)


def _holds(one: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(key in one and one[key] == value for key, value in wanted.items())


def go_on(scene: Scene, name: str) -> None:
    """Begin the next instances of a step, or end it once all of them have ended."""
    run = scene.run
    parent = run.steps[name]
    if not parent.open or parent.single:
        return
    group = run.tally.groups.get(name)
    # While it stops, only what began after that has instances left: steps that handle the end.
    if group is not None and group.pending and run.state in GOING | STOPPING:
        _begin_next(scene, scene.definition.by_id[name])
        group = run.tally.groups[name]
    if group is None or not (group.pending or group.open):
        _end(scene, name)


def _begin_next(scene: Scene, step: Step) -> None:
    most = step.many.max_parallel if step.many is not None else None
    steps, count = scene.run.steps, scene.run.steps[step.id].instances or 0
    # Those not begun are the last ones, but where a new generation begins some of them anew.
    likely = count - scene.run.tally.groups[step.id].pending
    for n in chain(range(likely, count), range(likely)):
        group = scene.run.tally.groups[step.id]
        if (most and group.open >= most) or not group.pending:
            return
        one = steps[instance_id(step.id, n)]
        if one.state != _S.PENDING:
            continue
        try:
            begin(scene, step, one)
        except ExpressionError as error:
            scene.say(
                ev.StepFailed(step=one.id, reason="expression", message=str(error), started=False)
            )
            instance_failed(scene, step)


def instance_failed(scene: Scene, step: Step) -> None:
    """Stop the other instances of a step after the first that failed, where that is wanted."""
    if step.many is None or not step.many.fail_fast:
        return
    if scene.run.tally.groups[step.id].bad == 1:
        scene.stop_group(step.id)


def _end(scene: Scene, name: str) -> None:
    known = scene.run.instances(name)
    bad = [one for one in known if one.state in (_S.FAILED, _S.CANCELLED)]
    started = any(one.started for one in known)
    if not bad:
        scene.say(ev.StepSucceeded(step=name, outputs=[one.outputs for one in known]))
        return
    failed = [one for one in bad if one.state == _S.FAILED]
    if failed:
        first = min(failed, key=lambda one: one.end_seq)
        message = f"{first.id}: {first.message or first.reason}"
        scene.fail(name, first.reason, message, started=started)
        return
    scene.say(ev.StepCancelled(step=name, started=started))
    scene.failing(name, "cancelled", "An instance of it was cancelled.")
