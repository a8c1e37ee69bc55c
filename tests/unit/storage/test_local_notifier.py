import threading
from time import monotonic

from claude_agent.storage.notifiers.local import LocalNotifier


def test_ring_before_the_wait_is_remembered_once() -> None:
    bell = LocalNotifier()
    bell.ring("ready")
    assert bell.wait({"ready"}, 5.0)
    assert not bell.wait({"ready"}, 0.0)


def test_wait_hears_its_own_topics_alone() -> None:
    bell = LocalNotifier()
    bell.ring("other")
    assert not bell.wait({"ready", "commands"}, 0.0)
    assert bell.wait({"other"}, 0.0)


def test_wait_is_woken_by_a_ring() -> None:
    bell = LocalNotifier()
    ringer = threading.Timer(0.01, bell.ring, args=("ready",))
    ringer.start()
    assert bell.wait(["commands", "ready"], 5.0)
    ringer.join()


def test_close_wakes_everybody_and_later_waits_return_at_once() -> None:
    bell = LocalNotifier()
    closer = threading.Timer(0.01, bell.close)
    closer.start()
    began = monotonic()
    assert not bell.wait({"ready"}, 30.0)
    assert not bell.wait({"ready"}, 30.0)
    assert monotonic() - began < 5.0
    closer.join()


def test_ring_after_the_close_is_still_heard() -> None:
    bell = LocalNotifier()
    bell.close()
    bell.ring("ready")
    assert bell.wait({"ready"}, 0.0)


def test_what_changed_before_a_ring_is_seen_by_whoever_hears_it() -> None:
    bell, changes = LocalNotifier(), list[int]()

    def change() -> None:
        for number in range(5_000):
            changes.append(number)
            bell.ring("ready")  # mostly while it rings already

    changer = threading.Thread(target=change)
    changer.start()
    seen = 0
    while seen < 5_000:
        assert bell.wait({"ready"}, 10.0), f"a ring was lost after {seen} changes"
        seen = len(changes)
    changer.join()
