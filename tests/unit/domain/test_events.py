import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

import pytest

from claude_agent.domain import events, execution_events, task_events
from claude_agent.domain.breaker import BreakerHalfOpened
from claude_agent.domain.events import Context, Event, Payload, decode, kinds, payload, upcaster
from tests.unit.domain.making import AT

CONTEXT = Context(at=AT, actor="operator", trace="t", causation="c")
SAMPLES: dict[object, object] = {
    str: "text",
    int: 7,
    bool: True,
    list: ["a"],
    dict: {"a": [1, None]},
}


def sample(kind: type[Payload]) -> Payload:
    """Return a payload with a value in every field."""
    values: dict[str, Any] = {}
    hints = get_type_hints(kind)
    for item in fields(kind):
        hint = hints[item.name]
        found = [each for each in get_args(hint) if each is not type(None)]
        plain = get_origin(hint) or hint
        if type(None) in get_args(hint):
            plain = get_origin(found[0]) or found[0]
        values[item.name] = SAMPLES.get(plain, {"a": [1, None]})
    return kind(**values)


@pytest.fixture
def kept() -> Iterator[None]:
    """Forget the kinds and upcasters of a test."""
    known, lifts = dict(events._KINDS), dict(events._UPCASTERS)
    yield
    events._KINDS.clear()
    events._KINDS.update(known)
    events._UPCASTERS.clear()
    events._UPCASTERS.update(lifts)


@pytest.mark.parametrize("kind", kinds().values(), ids=kinds())
def test_every_payload_survives_the_log(kind: type[Payload]) -> None:
    said = sample(kind)
    wrapped = CONTEXT.wrap("task/x", 3, said)
    stored = replace(wrapped, data=json.loads(json.dumps(wrapped.data)))
    assert decode(stored) == said
    assert (wrapped.type, wrapped.v, wrapped.at) == (kind.TYPE, kind.V, AT)
    assert (wrapped.actor, wrapped.trace, wrapped.causation) == ("operator", "t", "c")


def test_every_payload_of_the_modules_is_registered_and_says_what_it_means() -> None:
    for module, prefixes in (
        (task_events, ("task.",)),
        (execution_events, ("execution.", "step.", "compensation.")),
    ):
        found = [
            each
            for each in vars(module).values()
            if isinstance(each, type) and issubclass(each, Payload) and each is not Payload
        ]
        assert found
        for each in found:
            assert kinds()[each.TYPE] is each
            assert each.TYPE.startswith(prefixes)
            assert each.__doc__


def test_payload_refuses_a_type_that_is_taken_or_missing(kept: None) -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Twin(Payload):
        TYPE: ClassVar[str] = "task.due"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Nameless(Payload):
        pass

    for kind in (Twin, Nameless):
        with pytest.raises(ValueError, match="no type of its own"):
            payload(kind)


def test_decode_lifts_old_data_version_by_version_and_drops_unknown_fields(kept: None) -> None:
    @payload
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Third(Payload):
        TYPE: ClassVar[str] = "test.third"
        V: ClassVar[int] = 3
        whole: str

    @upcaster("test.third", 1)
    def _(data: dict[str, Any]) -> dict[str, Any]:
        return {"first": data["a"], "last": data["b"]}

    @upcaster("test.third", 2)
    def _(data: dict[str, Any]) -> dict[str, Any]:
        return {"whole": f"{data['first']} {data['last']}", "gone": 1}

    old = Event(
        stream="s", seq=1, type="test.third", v=1, at=1, actor="", data={"a": "x", "b": "y"}
    )
    assert decode(old) == Third(whole="x y")
    assert decode(replace(old, v=3, data={"whole": "z", "newer": 1})) == Third(whole="z")


def test_decode_lifts_through_a_version_without_an_upcaster(kept: None) -> None:
    @payload
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Second(Payload):
        TYPE: ClassVar[str] = "test.second"
        V: ClassVar[int] = 2
        a: int
        b: int = 5

    old = Event(stream="s", seq=1, type="test.second", v=1, at=1, actor="", data={"a": 1})
    assert decode(old) == Second(a=1, b=5)


def test_decode_knows_no_foreign_type() -> None:
    assert decode(Event(stream="s", seq=1, type="bus.mine", v=1, at=1, actor="", data={})) is None


def test_as_plain_returns_plain_data() -> None:
    assert events.as_plain(BreakerHalfOpened()) == {}
    assert events.as_plain(3) == 3


@pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.TYPE)
def test_slots_of_every_payload_are_its_fields(kind: type[Payload]) -> None:
    assert kind.__slots__ == tuple(one.name for one in fields(kind))
