"""When a worker process counts as lost, and when nothing is known."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.core.liveness import GAP_S, LOOKS, OVER_S, Lock, Observer, Seen, Verdict


def worker(
    beat: int = 7, *, host: str = "b", boot: str = "boot", lock: Lock = Lock.UNKNOWN
) -> Seen:
    return Seen(id="w", host=host, boot_id=boot, beat=beat, lock=lock)


def watch(looks: Sequence[tuple[float, int]], host: str = "b") -> list[Verdict]:
    observer = Observer(host="a", boot_id="boot")
    return [observer.look(at, [worker(beat, host=host)])["w"] for at, beat in looks]


def test_a_worker_is_lost_after_four_looks_over_fifteen_seconds_at_the_same_beat() -> None:
    seen = watch([(0, 7), (5, 7), (10, 7), (14.9, 7), (15, 7)])
    assert seen == [Verdict.ALIVE] * 4 + [Verdict.SILENT]
    assert seen[-1].lost
    assert not seen[0].lost


def test_fifteen_seconds_are_not_enough_with_fewer_than_four_looks() -> None:
    assert LOOKS == 4
    observer = Observer(host="a", boot_id="boot")
    # Three looks cannot span 15 s without a gap, so the rule holds by itself; both are checked.
    assert [observer.look(at, [worker()])["w"].lost for at in (0, 5, 10)] == [False] * 3
    assert observer.look(15, [worker()])["w"].lost


def test_many_quick_looks_prove_nothing_before_fifteen_seconds() -> None:
    assert not any(v.lost for v in watch([(n / 10, 7) for n in range(150)]))


def test_a_beat_starts_the_count_again() -> None:
    times = [(0, 1), (5, 1), (10, 1), (14, 2), (18, 2), (22, 2), (26, 2)]
    assert not any(v.lost for v in watch(times))
    assert watch([*times, (29, 2)])[-1] == Verdict.SILENT


def test_a_gap_between_looks_starts_the_count_again() -> None:
    times = [(0.0, 7), (4, 7), (8, 7), (12, 7), (17.1, 7)]
    assert GAP_S < 17.1 - 12
    assert not watch(times)[-1].lost
    assert not watch([*times, (22, 7), (27, 7), (32, 7)])[-1].lost
    assert watch([*times, (22, 7), (27, 7), (32, 7), (32.2, 7)])[-1].lost


def test_a_clock_that_goes_back_starts_the_count_again() -> None:
    assert not watch([(0, 7), (5, 7), (10, 7), (9, 7), (14, 7), (15, 7)])[-1].lost


def test_an_error_of_the_database_starts_the_count_again() -> None:
    observer = Observer(host="a", boot_id="boot")
    for at in (0, 4, 8, 12):
        observer.look(at, [worker()])
    observer.blind()
    assert not observer.look(16, [worker()])["w"].lost


def test_a_free_lock_counts_at_once_on_the_same_host_only() -> None:
    observer = Observer(host="a", boot_id="boot")
    assert observer.look(0, [worker(host="a", lock=Lock.FREE)])["w"] == Verdict.UNLOCKED
    assert observer.look(1, [worker(host="b", lock=Lock.FREE)])["w"] == Verdict.ALIVE


@pytest.mark.parametrize("lock", [Lock.HELD, Lock.UNKNOWN])
def test_a_lock_that_is_held_or_missing_leaves_it_to_the_beats(lock: Lock) -> None:
    observer = Observer(host="a", boot_id="boot")
    seen = [observer.look(at, [worker(host="a", lock=lock)])["w"] for at in (0, 5, 10, 15)]
    assert seen == [Verdict.ALIVE] * 3 + [Verdict.SILENT]  # a frozen process holds its lock


def test_another_boot_id_counts_at_once_on_the_same_host_only() -> None:
    observer = Observer(host="a", boot_id="boot")
    assert observer.look(0, [worker(host="a", boot="old", lock=Lock.HELD)])["w"] == Verdict.REBOOTED
    assert observer.look(1, [worker(host="b", boot="other")])["w"] == Verdict.ALIVE


def test_a_worker_that_was_away_is_counted_from_new() -> None:
    observer = Observer(host="a", boot_id="boot")
    for at in (0, 4, 8, 12):
        observer.look(at, [worker()])
    observer.look(14, [])
    assert not observer.look(16, [worker()])["w"].lost


@given(
    st.lists(st.tuples(st.floats(0.1, 8.0), st.booleans(), st.booleans()), min_size=1, max_size=60)
)
def test_no_history_loses_a_worker_without_the_whole_proof(
    steps: list[tuple[float, bool, bool]],
) -> None:
    """Whenever it is called lost, the last looks are four or more, unbroken, over 15 s."""
    observer = Observer(host="a", boot_id="boot")
    at, beat, run = 0.0, 0, [0.0]
    observer.look(at, [worker(beat)])
    for wait, beats, fails in steps:
        at += wait
        if fails:
            observer.blind()
            run = []
        beat += beats
        if beats or wait > GAP_S:
            run = []
        run.append(at)
        lost = observer.look(at, [worker(beat)])["w"].lost
        assert lost == (len(run) >= LOOKS and run[-1] - run[0] >= OVER_S)
