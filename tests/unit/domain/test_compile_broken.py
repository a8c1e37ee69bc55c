from typing import Any
from zoneinfo import available_timezones

import pytest

from claude_agent.core.definition_source import parse
from claude_agent.domain.compile import compile_definition
from claude_agent.domain.definition import DefinitionError, Problem
from tests.unit.domain.broken import BROKEN
from tests.unit.domain.compiling import ACTIONS, AGENTS

ABLE = {**dict.fromkeys(AGENTS, ()), "testing": ("python", "web"), "backend-api": ("python",)}


def said(problem: Problem) -> str:
    hint = f" -> {problem.hint}" if problem.hint else ""
    return f"{problem.line}:{problem.column}: {problem.message}{hint}"


@pytest.mark.parametrize("one", BROKEN, ids=lambda one: one["says"][0][:60])
def test_every_rule_broken_once_is_answered_exactly(one: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError) as caught:
        compile_definition(
            parse(one["text"]),
            agents=ABLE,
            actions=ACTIONS,
            workflows={"smoke_tests"},
            is_zone=available_timezones().__contains__,
        )
    assert [said(problem) for problem in caught.value.found] == one["says"]
