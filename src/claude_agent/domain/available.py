"""What a definition may say and this version does not do yet: the one list of it.

Such a definition compiles, is stored and shown; starting it is refused. Whoever makes the engine
do one of these removes its line here.
"""

from collections.abc import Callable, Iterator, Mapping

from claude_agent.domain.definition import Definition, Step
from claude_agent.domain.problem import DefinitionError, Problem

OF_STEPS: Mapping[str, Callable[[Step], object]] = {
    "workspace: worktree": lambda step: step.workspace == "worktree",
    "workspace.repo, base, setup, copy": lambda step: step.place,
}
"""What a step may say: the words, and a test that is true where a step says it."""

OF_DEFINITIONS: Mapping[str, Callable[[Definition], object]] = {
    "budget": lambda definition: definition.budget,
}
"""What the top level may say."""


def missing(definition: Definition) -> tuple[Problem, ...]:
    """Return everything in a definition that this version cannot do, in its order."""
    return tuple(_missing(definition))


def check_available(definition: Definition) -> None:
    """Raise DefinitionError, with all of it, where this version cannot run a definition."""
    found = missing(definition)
    if found:
        raise DefinitionError(found)


def _missing(definition: Definition) -> Iterator[Problem]:
    for words, says in OF_DEFINITIONS.items():
        if says(definition):
            yield _problem(words, words.partition(":")[0])
    for number, step in enumerate(definition.steps):
        for words, says_step in OF_STEPS.items():
            if says_step(step):
                yield _problem(words, f"steps[{number}]", f" (step {step.id})")


def _problem(words: str, path: str, where: str = "") -> Problem:
    return Problem(
        message=f"'{words}' is not available yet{where}: it can be stored, not started",
        path=path,
        hint="remove it to start this workflow now",
    )
