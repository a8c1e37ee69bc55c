import pytest

from claude_agent.domain.available import OF_DEFINITIONS, OF_STEPS, check_available, missing
from claude_agent.domain.definition import DefinitionError
from tests.unit.domain.compiling import compiled
from tests.unit.domain.test_compile import WHOLE
from tests.unit.domain.test_definition_stored import EVERYTHING


def test_what_runs_today_may_start() -> None:
    check_available(compiled(WHOLE))


def test_every_entry_is_about_something_a_definition_can_say() -> None:
    said = {problem.message.split("'")[1] for problem in missing(EVERYTHING)}
    paused = {"on_failure: pause"}  # beside `compensate` it would say the opposite
    assert said | paused >= {*OF_STEPS, *OF_DEFINITIONS}


def test_start_is_refused_with_everything_at_once() -> None:
    left = [*OF_STEPS, *OF_DEFINITIONS]
    if not left:
        return
    with pytest.raises(DefinitionError) as caught:
        check_available(EVERYTHING)
    assert len(caught.value.found) == len(missing(EVERYTHING)) > 0
    assert "is not available yet" in caught.value.detail
