import json
from pathlib import Path

import pytest

from claude_agent.actions.context import OUTPUTS_LIMIT, with_values, write_outputs
from claude_agent.actions.errors import ActionFailed, BadParameter
from claude_agent.actions.performing import perform_in_worker
from claude_agent.actions.registry import ACTIONS


def test_with_values_decodes_by_the_registry_type() -> None:
    values = with_values(
        ACTIONS["http_check"],
        {
            "CLAUDE_AGENT_WITH_URL": "http://localhost/",
            "CLAUDE_AGENT_WITH_CONTAINS": "12",
            "CLAUDE_AGENT_WITH_STATUS": "204",
            "CLAUDE_AGENT_WITH_JSON": '{"a": 1}',
        },
    )
    assert values == {
        "url": "http://localhost/",
        "contains": "12",
        "status": 204,
        "json": {"a": 1},
    }


def test_with_values_takes_the_input_of_the_execution_when_with_is_silent() -> None:
    assert with_values(ACTIONS["clone_repo"], {"CLAUDE_AGENT_INPUT_REPO_URL": "/r"}) == {
        "url": "/r"
    }


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "url"),
        ({"CLAUDE_AGENT_WITH_URL": ""}, "url"),
        ({"CLAUDE_AGENT_WITH_URL": "x", "CLAUDE_AGENT_WITH_STATUS": "many"}, "status"),
        ({"CLAUDE_AGENT_WITH_URL": "x", "CLAUDE_AGENT_WITH_STATUS": "true"}, "status"),
        ({"CLAUDE_AGENT_WITH_URL": "x", "CLAUDE_AGENT_WITH_PATHS": '"/"'}, "paths"),
    ],
)
def test_with_values_names_the_value_it_cannot_use(environment: dict[str, str], name: str) -> None:
    with pytest.raises(BadParameter, match=rf"^with\.{name}: "):
        with_values(ACTIONS["http_check"], environment)


def test_write_outputs_leaves_nothing_when_too_large(tmp_path: Path) -> None:
    target = tmp_path / "outputs.json"
    with pytest.raises(ActionFailed, match="64 kB"):
        write_outputs(target, {"text": "x" * OUTPUTS_LIMIT})
    assert list(tmp_path.iterdir()) == []


def test_write_outputs_replaces_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "outputs.json"
    target.write_text("{torn")
    write_outputs(target, {"sha": "è"})
    assert json.loads(target.read_text()) == {"sha": "è"}
    assert list(tmp_path.iterdir()) == [target]


def test_perform_in_worker_returns_outputs_and_refuses_commands() -> None:
    said: list[str] = []
    assert perform_in_worker("noop", {"message": "hi"}, say=said.append) == {"message": "hi"}
    assert said == ["hi"]
    with pytest.raises(ActionFailed, match="does not run in the worker"):
        perform_in_worker("run_tests", {})
