import dataclasses
import inspect

import pytest

from claude_agent.actions import performing
from claude_agent.actions.registry import ACTIONS

TYPES = {"string", "integer", "number", "boolean", "array", "object"}


@pytest.mark.parametrize("name", ACTIONS)
def test_registry_names_a_body_that_takes_a_context(name: str) -> None:
    assert list(inspect.signature(performing.body(name)).parameters) == ["context"]


@pytest.mark.parametrize("info", ACTIONS.values(), ids=lambda info: info.name)
def test_registry_describes_each_action_and_parameter(info: object) -> None:
    described = dataclasses.asdict(info)  # type: ignore[call-overload]
    assert described["description"].endswith(".")
    for required, kind, doc, _ in described["parameters"].values():
        assert isinstance(required, bool)
        assert kind in TYPES
        assert doc.endswith(".")
    assert set(described["outputs"].values()) <= TYPES


def test_registry_holds_the_actions_that_workflows_name() -> None:
    wanted = {"clone_repo", "run_tests", "build_frontend", "setup_database", "deploy_local"}
    wanted |= {"http_check", "noop", "migrate", "migrate_down", "rollback_local", "build_docker"}
    assert wanted | {"deploy_k8s", "rollback_k8s"} == set(ACTIONS)


def test_registry_runs_only_repeatable_actions_in_the_worker() -> None:
    inside = {info.name for info in ACTIONS.values() if info.in_worker}
    assert inside == {"noop", "http_check"}
    assert all(ACTIONS[name].idempotent for name in inside)
