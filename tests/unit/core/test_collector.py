"""Garbage that holds itself is looked for seldom, but it is."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from claude_agent.core.collector import collect_seldom


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


class Circle:
    def __init__(self) -> None:
        self.me = self


def test_what_holds_itself_goes_after_a_while() -> None:
    collect_seldom()
    first = weakref.ref(Circle())
    assert gc.get_threshold()[0] > 700
    kept = []
    for _ in range(100_000):
        kept.append(Circle())
        if first() is None:
            break
    assert first() is None
