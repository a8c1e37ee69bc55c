"""Subscriptions: nothing is missed, whatever stops in between."""

import threading
from typing import TYPE_CHECKING

import pytest

from claude_agent.core import subscriptions
from claude_agent.errors import Invalid, Unavailable
from claude_agent.storage.log import Recorded
from tests.unit.core.stand import Stand
from tests.unit.storage.tools import appended, event
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable


def numbers(seen: list[Recorded]) -> list[int]:
    return [one.event.data["n"] for one in seen]


def tell(stand: Stand, *values: int) -> None:
    for n in values:
        stand.bus.broadcast_event("count", {"n": n})


def test_a_named_subscription_goes_on_where_it_stood_after_a_restart(stand: Stand) -> None:
    seen: list[Recorded] = []
    stand.subscriptions.follow(("bus.count",), seen.append, name="mine")
    tell(stand, 1, 2)
    wait_until(lambda: len(seen) == 2, what="two")
    stand.follower.close()
    stand.subscriptions.close()
    tell(stand, 3, 4)
    stand.restart()
    tell(stand, 5)
    stand.subscriptions.follow(("bus.count",), seen.append, name="mine")
    wait_until(lambda: len(seen) >= 5, what="what came meanwhile")
    assert sorted(set(numbers(seen))) == [1, 2, 3, 4, 5]
    assert numbers(seen) == sorted(numbers(seen))


def test_a_named_subscription_is_told_again_until_its_callback_returned(stand: Stand) -> None:
    tries: list[int] = []
    seen: list[int] = []

    def shaky(one: Recorded) -> None:
        tries.append(one.event.data["n"])
        if len(tries) < 3:
            message = "not yet"
            raise OSError(message)
        seen.append(one.event.data["n"])

    stand.subscriptions.follow(("bus.count",), shaky, name="shaky")
    tell(stand, 1, 2)
    wait_until(lambda: seen == [1, 2], what="both, in order")
    assert tries == [1, 1, 1, 2]


def test_one_without_a_name_passes_by_what_its_callback_cannot_take(stand: Stand) -> None:
    seen: list[int] = []

    def picky(one: Recorded) -> None:
        if one.event.data["n"] == 1:
            message = "not this one"
            raise ValueError(message)
        seen.append(one.event.data["n"])

    stand.subscriptions.follow(("bus.count",), picky)
    tell(stand, 1, 2)
    wait_until(lambda: seen == [2], what="the second")


def test_it_begins_after_a_position_that_is_given(stand: Stand) -> None:
    tell(stand, 1, 2, 3)
    seen: list[Recorded] = []
    stand.subscriptions.follow(("bus.count",), seen.append, after=1)
    wait_until(lambda: len(seen) == 2, what="the later two")
    assert numbers(seen) == [2, 3]


def test_ended_is_ended(stand: Stand) -> None:
    seen: list[Recorded] = []
    end = stand.subscriptions.follow(("bus.count",), seen.append)
    tell(stand, 1)
    wait_until(lambda: len(seen) == 1, what="one")
    end()
    tell(stand, 2)
    tell(stand, 3)
    assert numbers(seen) == [1]


def test_a_name_that_cannot_be_shown_is_refused(stand: Stand) -> None:
    with pytest.raises(Invalid, match="printable"):
        stand.subscriptions.follow((), lambda _: None, name="a\nb")


def test_it_gets_more_than_one_chunk(stand: Stand) -> None:
    seen: list[Recorded] = []
    count = subscriptions._CHUNK * 2 + 5
    stand.subscriptions.follow(("bus.test",), seen.append)
    stand.database.write(appended(*(event("bus/a", n + 1) for n in range(count))))
    wait_until(lambda: len(seen) == count, what="the events")
    assert [one.pos for one in seen] == list(range(1, count + 1))


def test_it_goes_on_after_a_database_that_did_not_answer(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "_LOOK_S", 0.01)
    real, errors, seen = stand.database.read, [1, 2, 3], list[Recorded]()
    stand.subscriptions.follow(("bus.count",), seen.append)

    def read(work: object) -> object:
        if errors and threading.current_thread().name.startswith("follows"):
            errors.pop()
            raise Unavailable("not now")  # noqa: EM101
        return real(work)  # type: ignore[arg-type]

    monkeypatch.setattr(stand.database, "read", read)
    monkeypatch.setattr(subscriptions, "_PAUSE_S", 0.01)
    tell(stand, 1)
    wait_until(lambda: seen and not errors, what="the event after the errors")
    assert numbers(seen) == [1]


def test_a_callback_may_end_its_own_subscription(stand: Stand) -> None:
    seen: list[int] = []
    ends: list[Callable[[], None]] = []

    def once(one: Recorded) -> None:
        seen.append(one.event.data["n"])
        ends[0]()

    ends.append(stand.subscriptions.follow(("bus.count",), once))
    tell(stand, 1, 2)
    wait_until(lambda: seen, what="the first")
    tell(stand, 3)
    assert seen == [1]
