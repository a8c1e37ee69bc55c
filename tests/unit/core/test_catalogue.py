import pytest

from claude_agent.core.catalogue import unknown
from claude_agent.errors import UnknownName
from tests.unit.core.stand import catalogue

CATALOGUE = catalogue()


def test_catalogue_returns_what_it_knows() -> None:
    assert CATALOGUE.agent("testing").slots == 2
    assert CATALOGUE.action("noop").idempotent


@pytest.mark.parametrize("name", ["", "Testing", "no-such"])
def test_catalogue_knows_names_exactly(name: str) -> None:
    with pytest.raises(UnknownName) as caught:
        CATALOGUE.agent(name)
    assert (caught.value.code, caught.value.pointer) == ("unknown_name", "/agent")
    with pytest.raises(UnknownName) as caught:
        CATALOGUE.action(name)
    assert caught.value.pointer == "/action"


def test_unknown_names_the_nearest_or_all() -> None:
    near = unknown("agent", "tesing", ["testing", "master"])
    assert (near.detail, near.hint) == ("There is no agent named tesing.", "Did you mean testing?")
    far = unknown("agent", "x", ["b", "a"], pointer="/who")
    assert (far.hint, far.pointer) == ("Known: a, b.", "/who")


def test_unknown_cuts_a_long_name() -> None:
    assert len(unknown("agent", "x" * 10_000, ["a"]).detail) < 200
