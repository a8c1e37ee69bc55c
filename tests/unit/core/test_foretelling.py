"""Dry runs and versions over a real database: nothing is stored."""

from typing import Any

import pytest

from claude_agent.core.foretelling import Foreteller
from claude_agent.core.versions import Versions
from claude_agent.errors import Invalid, NotFound
from tests.unit.core.stand import Stand
from tests.unit.core.test_concurrency import keyed
from tests.unit.core.test_execution_desk import UNDO, step, workflow


def plan(stand: Stand, made: dict[str, Any], **params: Any) -> Any:
    compiled = stand.engine.compile(made)
    foreteller = Foreteller(stand.executions, stand.catalogue, stand.clock)
    before = stand.everything()
    found = stand.database.read(lambda r: foreteller.plan(r, compiled, params, ""))
    assert stand.everything() == before
    return found


def by_id(found: Any) -> dict[str, Any]:
    return {one["id"]: one for one in found["steps"]}


def test_plan_says_levels_who_conditions_instances_and_the_undoing(stand: Stand) -> None:
    made = workflow(
        step("a", compensate=UNDO),
        step("b", "a", compensate=UNDO, **{"if": "${{ inputs.env == 'prod' }}"}),
        step("c", "b"),
        step("d", "a", **{"if": "${{ steps.a.outputs.n == 1 }}"}),
        step("many", "a", matrix={"x": [1, 2], "y": [3, 4, 5], "max_parallel": 2}, compensate=UNDO),
        step("later", "a", foreach="${{ steps.a.outputs.list }}"),
        {"id": "test_it", "run": "pytest", "depends_on": ["a"]},
        step("always", "b", when="always"),
        step("alarm", "b", when="failure"),
        inputs={"env": {"type": "string"}},
    )
    found = plan(stand, made, env="dev")
    assert found["levels"] == [
        ["a"],
        ["b", "d", "many", "later", "test_it"],
        ["c", "always", "alarm"],
    ]
    steps = by_id(found)
    assert (steps["b"]["condition"], steps["b"]["skipped"]) == ("fails", "condition_false")
    assert steps["c"]["skipped"] == "upstream_skipped"
    assert (steps["d"]["condition"], steps["d"]["skipped"]) == ("later", None)
    assert (steps["many"]["instances"], steps["later"]["instances"]) == (6, None)
    assert steps["many"]["waits"][0]["code"] == "max_parallel"
    assert (steps["test_it"]["agent"], steps["test_it"]["routed_by"]) == ("testing", "by its words")
    assert steps["always"]["skipped"] is None
    assert steps["alarm"]["skipped"] == "condition_false"
    assert found["undoes"] == [[f"many[{n}]"] for n in (5, 4, 3, 2, 1, 0)] + [["a"]]
    assert by_id(plan(stand, made, env="prod"))["b"]["condition"] == "holds"


def test_plan_names_who_holds_the_lock_and_the_key(stand: Stand) -> None:
    holder = stand.running(lock="db-prod")
    made = keyed()
    made["steps"][0]["lock"] = "db-${{ inputs.env }}"
    free = plan(stand, made, env="dev")
    assert free["waits"][0]["text"] == "It takes the concurrency key deploy-dev (0 of 1 taken)."
    assert "which is free" in by_id(free)["a"]["waits"][0]["text"]
    first = stand.engine.execute(keyed(), {"env": "prod"})
    taken = plan(stand, made, env="prod")
    assert taken["waits"][0]["about"] == ["deploy-prod", stand.execution(first).ref]
    assert "it would wait in line" in taken["waits"][0]["text"]
    assert by_id(taken)["a"]["waits"][0]["about"] == ["db-prod", holder.ref]


def test_plan_names_approvals_unless_their_mode_is_auto(stand: Stand) -> None:
    mode = "${{ inputs.env == 'prod' ? 'manual' : 'auto' }}"
    ask = {"id": "ok", "type": "approval", "approval": {"mode": mode, "approvers": ["operator"]}}
    made = workflow(ask, step("a", "ok"), inputs={"env": {"type": "string"}})
    asked = by_id(plan(stand, made, env="prod"))["ok"]["waits"]
    assert [one["text"] for one in asked] == ["Operator must approve."]
    assert by_id(plan(stand, made, env="dev"))["ok"]["waits"] == []


def test_wrong_parameters_are_refused_as_at_a_start(stand: Stand) -> None:
    with pytest.raises(Invalid):
        plan(stand, keyed(), env=3, more="x")


# Versions -------------------------------------------------------------------------------------


def test_versions_and_their_difference(stand: Stand) -> None:
    first = stand.engine.define_workflow(workflow(step("a"), version=1))
    stand.clock.advance(10)
    second = stand.engine.define_workflow(workflow(step("a"), step("b", "a"), version=2))
    versions = Versions(stand.executions)
    listed = stand.database.read(lambda r: versions.list(r, "w"))
    assert [one["hash"] for one in listed["items"]] == [second, first]
    assert [one["version"] for one in listed["items"]] == ["2", "1"]
    found = stand.database.read(lambda r: versions.diff(r, "w", "", ""))
    assert (found["before"], found["after"]) == (first, second)
    assert [one["path"] for one in found["changes"]] == ["version", "steps.b"]
    assert '"id": "b"' in found["text"]
    back = stand.database.read(lambda r: versions.diff(r, "w", "2", first[:8]))
    assert [one["kind"] for one in back["changes"]] == ["changed", "removed"]


def test_version_that_is_not_there_or_not_clear_is_refused(stand: Stand) -> None:
    versions = Versions(stand.executions)
    with pytest.raises(NotFound):
        stand.database.read(lambda r: versions.list(r, "none"))
    stand.engine.define_workflow(workflow(step("a")))
    with pytest.raises(NotFound, match="one version"):
        stand.database.read(lambda r: versions.diff(r, "w", "", ""))
    with pytest.raises(NotFound, match="no version xyz"):
        stand.database.read(lambda r: versions.diff(r, "w", "xyz", ""))
    for n in range(17):  # at least two of them begin with the same digit
        stand.engine.define_workflow(workflow(step(f"a{n}")))
    hashes = [one["hash"] for one in stand.database.read(lambda r: versions.list(r, "w"))["items"]]
    digits = [one[0] for one in hashes]
    twice = next(digit for digit in digits if digits.count(digit) > 1)
    with pytest.raises(Invalid, match=f"begin with {twice}"):
        stand.database.read(lambda r: versions.diff(r, "w", twice, ""))
