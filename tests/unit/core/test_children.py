"""Sub-workflows: their inputs and outputs, failure, cancel both ways, many, depth, kill."""

from typing import Any

from tests.unit.core.stand import NO, Stand
from tests.unit.core.test_execution_desk import UNDO, step, workflow
from tests.unit.core.test_second_chances import ask

SUB = {
    "name": "sub",
    "inputs": {"url": {"type": "string"}},
    "steps": [step("s", outputs={"code": {"type": "integer"}})],
    "outputs": {"code": "${{ steps.s.outputs.code }}", "url": "${{ inputs.url }}"},
}


def sub(name: str = "c", *depends_on: str, **more: Any) -> dict[str, Any]:
    kept = {"depends_on": list(depends_on)} if depends_on else {}
    return {"id": name, "workflow": "sub", "with": {"url": "${{ inputs.u }}"}, **kept, **more}


def parent(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return workflow(*steps, inputs={"u": {}}, **more)


def begin(stand: Stand, flow: dict[str, Any], given: Any = "http://x", **child: Any) -> str:
    stand.engine.define_workflow({**SUB, **child})
    execution = stand.engine.execute(flow, {"u": given})
    stand.links.orchestrator.drain()
    return execution


def child_of(stand: Stand, execution: str, name: str = "c") -> str:
    return stand.execution(execution).steps[name].child_id


def drain(stand: Stand) -> None:
    stand.links.orchestrator.drain()


def test_child_gets_its_inputs_and_its_outputs_come_back(stand: Stand) -> None:
    flow = parent(sub(), step("after", "c"), outputs={"got": "${{ steps.c.outputs.code }}"})
    one = begin(stand, flow)
    child = child_of(stand, one)
    seen = stand.execution(child)
    assert (seen.params, seen.parent_id, seen.parent_step, seen.depth) == (
        {"url": "http://x"},
        one,
        "c",
        1,
    )
    assert stand.execution(one).steps["c"].state == "running"
    stand.do(child, "s", code=200)
    stand.restart()
    drain(stand)
    assert stand.execution(one).steps["c"].outputs == {"code": 200, "url": "http://x"}
    stand.do(one, "after")
    assert stand.execution(one).state == "succeeded"
    assert stand.execution(one).outputs == {"got": 200}


def test_definition_of_the_child_is_the_one_of_the_start(stand: Stand) -> None:
    flow = parent(step("a"), sub("c", "a"))
    one = begin(stand, flow)
    stand.clock.advance(1)
    stand.engine.define_workflow({**SUB, "steps": [step("other")], "outputs": {}})
    stand.do(one, "a")
    drain(stand)
    assert list(stand.execution(child_of(stand, one)).steps) == ["s"]


def test_failure_of_the_child_fails_its_step_with_the_reason(stand: Stand) -> None:
    one = begin(stand, parent(sub()))
    stand.do(child_of(stand, one), "s", NO)
    drain(stand)
    run = stand.execution(one)
    assert run.state == "failed"
    assert "ended as failed: s: It exited with 1." in run.steps["c"].message


def test_inputs_that_do_not_fit_fail_the_step(stand: Stand) -> None:
    one = begin(stand, parent(sub()), given=5)
    run = stand.execution(one)
    assert (run.state, run.steps["c"].reason) == ("failed", "not_started")
    assert "url" in run.steps["c"].message


def test_cancel_of_the_parent_cancels_the_child_and_waits_for_it(stand: Stand) -> None:
    one = begin(stand, parent(sub()))
    child = child_of(stand, one)
    stand.claims.claim()
    running = stand.start(stand.step_task(child, "s"))
    stand.engine.cancel(one, compensate=None, actor="me", reason="no")
    drain(stand)
    assert stand.execution(child).state == "cancelling"
    assert stand.execution(one).state == "cancelling"
    stand.end(stand.task(running.id))
    drain(stand)
    assert stand.execution(child).state == "cancelled"
    assert stand.execution(one).state == "cancelled"


def test_cancel_of_the_child_fails_its_parent(stand: Stand) -> None:
    one = begin(stand, parent(sub()))
    child = child_of(stand, one)
    stand.engine.cancel(child, compensate=None, actor="me", reason="no")
    drain(stand)
    run = stand.execution(one)
    assert (run.state, run.steps["c"].state) == ("failed", "cancelled")
    assert stand.execution(child).ref in run.message


def test_cancelled_before_its_child_has_begun(stand: Stand) -> None:
    stand.engine.define_workflow(SUB)
    one = stand.engine.execute(parent(sub()), {"u": "x"})
    stand.engine.cancel(one, compensate=None, actor="me", reason="no")
    drain(stand)
    drain(stand)
    assert stand.execution(child_of(stand, one)).state == "cancelled"
    assert stand.execution(one).state == "cancelled"


def test_one_child_for_each_item(stand: Stand) -> None:
    each = sub(foreach="${{ inputs.u }}", **{"with": {"url": "${{ item }}"}})
    one = begin(stand, parent(each), given=["a", "b"])
    for n, name in enumerate(("a", "b")):
        child = child_of(stand, one, f"c[{n}]")
        assert stand.execution(child).params == {"url": name}
        stand.do(child, "s", code=n)
    drain(stand)
    run = stand.execution(one)
    assert run.state == "succeeded"
    assert run.steps["c"].outputs == [{"code": 0, "url": "a"}, {"code": 1, "url": "b"}]


def test_failing_parent_stops_a_child_which_undoes_itself(stand: Stand) -> None:
    flow = parent(step("a"), sub(), on_failure="compensate")
    last = {"id": "t", "type": "wait", "depends_on": ["s"], "wait": {"signal": "never"}}
    undone = {"steps": [step("s", compensate=UNDO), last], "outputs": {}}
    one = begin(stand, flow, **undone)
    child = child_of(stand, one)
    stand.do(child, "s")
    stand.do(one, "a", NO)
    drain(stand)
    assert stand.execution(child).state == "compensating"
    stand.do(child, "undo s")
    drain(stand)
    assert stand.execution(child).state == "compensated"
    assert stand.execution(one).state in ("failed", "compensated")


def test_sub_workflow_that_takes_too_long_is_stopped_and_undone_where_its_parent_goes_back(
    stand: Stand,
) -> None:
    flow = parent(sub(timeout="10m"), on_failure="compensate")
    last = {"id": "t", "type": "wait", "depends_on": ["s"], "wait": {"signal": "never"}}
    undone = {"steps": [step("s", compensate=UNDO), last], "outputs": {}}
    one = begin(stand, flow, **undone)
    child = child_of(stand, one)
    stand.do(child, "s")
    stand.clock.advance(599_999)
    stand.scheduler.tick()
    assert stand.execution(child).state == "waiting"
    stand.clock.advance(1)
    stand.restart()
    stand.scheduler.tick()
    drain(stand)
    assert stand.execution(child).state == "compensating"
    assert stand.execution(one).steps["c"].state == "running", "its end is the step's"
    assert stand.scheduler.tick() == 0, "its timer is gone"
    stand.do(child, "undo s")
    drain(stand)
    run = stand.execution(one)
    assert (run.steps["c"].state, run.steps["c"].reason) == ("failed", "timeout.run")
    assert run.failed_step == "c"


def test_sub_workflow_that_ends_well_while_it_is_stopped_has_ended_well(stand: Stand) -> None:
    one = begin(stand, parent(sub(timeout={"total": "1m"})))
    child = child_of(stand, one)
    stand.clock.advance(60_000)
    stand.claims.claim()
    running = stand.start(stand.step_task(child, "s"))
    stand.end(running, code=1)  # before the news of the timeout has come
    stand.scheduler.tick()
    drain(stand)
    step_ = stand.execution(one).steps["c"]
    assert (step_.state, step_.reason) == ("succeeded", "")


def test_workflow_that_is_nested_too_deep_fails(stand: Stand) -> None:
    ping, pong = ({"id": "d", "workflow": name} for name in ("ping", "pong"))
    stand.engine.define_workflow(workflow(step("a")) | {"name": "ping"})
    stand.engine.define_workflow(workflow(ping) | {"name": "pong"})
    stand.clock.advance(1)
    one = stand.engine.execute(workflow(pong) | {"name": "ping"})
    for _ in range(12):
        drain(stand)
    run = stand.execution(one)
    assert run.state == "failed"
    assert "nested deeper than 8" in run.message


def test_child_that_could_not_be_told_of_is_delivered_after_a_kill(stand: Stand) -> None:
    stand.engine.define_workflow(SUB)
    one = stand.engine.execute(parent(sub()), {"u": "x"})
    assert stand.execution(child_of(stand, one)).state == "queued"
    stand.restart()
    stand.scheduler.tick()
    child = child_of(stand, one)
    assert stand.execution(child).state == "running"
    stand.do(child, "s", code=1)
    stand.restart()
    stand.scheduler.tick()
    assert stand.execution(one).state == "succeeded"


def undoable(**more: Any) -> dict[str, Any]:
    return {"steps": [step("s", compensate=UNDO)], "outputs": {}, **more}


def test_sub_workflows_are_undone_as_a_whole_in_reverse_order(stand: Stand) -> None:
    flow = parent(sub("c"), sub("d", "c"), step("b", "d"), on_failure="compensate")
    one = begin(stand, flow, **undoable())
    for name in ("c", "d"):
        stand.do(child_of(stand, one, name), "s")
        drain(stand)
    stand.do(one, "b", NO)
    drain(stand)
    c, d = (child_of(stand, one, name) for name in ("c", "d"))
    assert (stand.execution(d).state, stand.execution(d).generation) == ("compensating", 2)
    assert stand.execution(c).state == "succeeded", "the last one is undone first"
    stand.do(d, "undo s")
    stand.restart()
    stand.scheduler.tick()
    assert stand.execution(d).state == "compensated"
    assert stand.execution(c).state == "compensating"
    stand.do(c, "undo s")
    drain(stand)
    run = stand.execution(one)
    assert run.state == "compensated"
    assert [run.steps[name].state for name in ("c", "d")] == ["compensated"] * 2
    assert run.not_undone == ("b",)


def test_sub_workflow_that_cannot_be_undone_stops_the_undoing(stand: Stand) -> None:
    one = begin(stand, parent(sub(), step("b", "c"), on_failure="compensate"), **undoable())
    child = child_of(stand, one)
    stand.do(child, "s")
    drain(stand)
    stand.do(one, "b", NO)
    drain(stand)
    stand.do(child, "undo s", NO)
    drain(stand)
    run = stand.execution(one)
    assert run.state == "compensation_failed"
    assert stand.execution(child).ref in run.steps["c"].message


def test_time_limit_of_the_undoing_stops_sub_workflows_too_however_deep(stand: Stand) -> None:
    stand.engine.define_workflow({**SUB, **undoable()})
    middle = workflow({"id": "d", "workflow": "sub", "with": {"url": "x"}})
    stand.engine.define_workflow(middle | {"name": "middle"})
    steps = (step("a", compensate=UNDO), {"id": "m", "workflow": "middle", "depends_on": ["a"]})
    limited = {"timeout": "1m"}
    flow = workflow(*steps, step("b", "m"), compensation=limited, on_failure="compensate")
    one = stand.engine.execute(flow)
    stand.do(one, "a")
    drain(stand)
    middle_id = child_of(stand, one, "m")
    deep = child_of(stand, middle_id, "d")
    stand.do(deep, "s")
    drain(stand)
    drain(stand)
    stand.do(one, "b", NO)
    for _ in range(3):
        drain(stand)
    stand.claims.claim()
    undoing = stand.start(stand.step_task(deep, "undo s"))
    stand.clock.advance(59_999)
    stand.scheduler.tick()
    assert [stand.execution(each).state for each in (one, middle_id, deep)] == ["compensating"] * 3
    stand.clock.advance(1)
    stand.scheduler.tick()
    stand.restart()
    for _ in range(3):
        drain(stand)
    assert stand.task(undoing.id).cancel_requested
    stand.end(stand.task(undoing.id), NO)
    for _ in range(3):
        drain(stand)
    runs = [stand.execution(each) for each in (deep, middle_id, one)]
    assert [run.state for run in runs] == ["compensation_failed"] * 3
    assert runs[2].steps["m"].state == "compensation_failed"
    assert runs[2].steps["a"].state == "succeeded", "after the time nothing else is undone"
    ask(stand, "compensate", one, ())
    for _ in range(3):
        drain(stand)
    stand.do(deep, "undo s")
    for _ in range(3):
        drain(stand)
    stand.do(one, "undo a")
    assert stand.execution(one).state == "compensated"


def test_sub_workflow_without_anything_to_undo_is_no_hindrance(stand: Stand) -> None:
    flow = parent(step("a", compensate=UNDO), sub("c", "a"), step("b", "c"))
    one = begin(stand, flow)
    stand.do(one, "a")
    drain(stand)
    stand.do(child_of(stand, one), "s", code=1)
    drain(stand)
    stand.do(one, "b", NO)
    drain(stand)
    assert stand.execution(one).steps["c"].state == "compensated"
    stand.do(one, "undo a")
    assert stand.execution(one).state == "compensated"


def test_each_of_many_sub_workflows_is_undone(stand: Stand) -> None:
    each = sub(foreach="${{ inputs.u }}", **{"with": {"url": "${{ item }}"}})
    flow = parent(each, step("b", "c"), on_failure="compensate")
    one = begin(stand, flow, given=["a", "b"], **undoable())
    children = [child_of(stand, one, f"c[{n}]") for n in range(2)]
    for child in children:
        stand.do(child, "s")
    drain(stand)
    stand.do(one, "b", NO)
    for left in (2, 1):
        drain(stand)
        [going] = [c for c in children if stand.execution(c).state == "compensating"]
        stand.do(going, "undo s")
        children.remove(going)
        assert len(children) == left - 1
    drain(stand)
    assert stand.execution(one).state == "compensated"


def test_what_waits_says_or_chooses_leaves_nothing_to_undo(stand: Stand) -> None:
    waits = {"id": "w", "type": "wait", "wait": {"until": "2001-01-01T00:00:00Z"}}
    says = {"id": "e", "type": "emit", "emit": {"type": "said"}, "depends_on": ["w"]}
    one = stand.engine.execute(workflow(waits, says, step("b", "e")))
    stand.do(one, "b", NO)
    assert stand.execution(one).not_undone == ("b",)


def test_each_sub_workflow_that_did_a_step_is_undone_the_last_one_first(stand: Stand) -> None:
    flow = parent(sub(), step("b", "c"), on_failure="compensate")
    one = begin(stand, flow, **undoable())
    children = []
    for _ in range(3):
        child = child_of(stand, one)
        assert child not in children
        children.append(child)
        stand.do(child, "s")
        drain(stand)
        if len(children) < 3:
            stand.do(one, "b")
            ask(stand, "rewind", one, "again", on="c")
            drain(stand)
    stand.do(one, "b", NO)
    for child in reversed(children):
        stand.restart()
        drain(stand)
        assert [stand.execution(each).state for each in children].count("compensating") == 1
        assert stand.execution(one).state == "compensating"
        stand.do(child, "undo s")
        drain(stand)
        assert stand.execution(child).state == "compensated"
    run = stand.execution(one)
    assert (run.state, run.steps["c"].state) == ("compensated", "compensated")


def test_sub_workflow_of_before_is_undone_where_the_next_one_failed(stand: Stand) -> None:
    one = begin(stand, parent(sub(), step("b", "c"), on_failure="compensate"), **undoable())
    first = child_of(stand, one)
    stand.do(first, "s")
    drain(stand)
    stand.do(one, "b")
    ask(stand, "rewind", one, "again", on="c")
    drain(stand)
    second = child_of(stand, one)
    stand.do(second, "s", NO)
    for _ in range(3):
        drain(stand)
    assert stand.execution(second).state in ("failed", "compensated")
    assert stand.execution(first).state == "compensating"
    stand.do(first, "undo s")
    drain(stand)
    assert stand.execution(one).state == "compensated"
