"""A process as a member of its host: name, lock, seat."""

from pathlib import Path

import pytest

from claude_agent.core.liveness import Lock
from claude_agent.errors import Invalid
from claude_agent.hosting import Role, Seat, WorkerLocks, identity

WORKER = Role(name="worker", slots=2, serves=("testing",))


def test_host_id_is_the_homes_own_and_stays(tmp_path: Path) -> None:
    first = identity(tmp_path, "", worker="w1", role=WORKER)
    again = identity(tmp_path, "", worker="w2", role=WORKER)
    assert (first.host, first.mark) == (again.host, again.mark)
    other = tmp_path / "other"
    other.mkdir()
    assert identity(other, "", worker="w3", role=WORKER).host != first.host
    named = identity(tmp_path, "build-2", worker="w4", role=WORKER)
    assert (named.host, named.mark) == ("build-2", first.mark)


def test_home_that_came_from_another_machine_is_another_host(tmp_path: Path) -> None:
    first = identity(tmp_path, "", worker="w1", role=WORKER)
    told = tmp_path / "host.json"
    told.write_text(told.read_text().replace('"machine": "', '"machine": "other-'))
    assert identity(tmp_path, "", worker="w2", role=WORKER).mark != first.mark


@pytest.mark.parametrize("name", ["a b", "-x", "x" * 65, "a/b"])
def test_host_id_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid):
        identity(tmp_path, name, worker="w1", role=WORKER)


def test_lock_is_held_until_its_process_lets_go(tmp_path: Path) -> None:
    mine, observer = WorkerLocks(tmp_path), WorkerLocks(tmp_path)
    assert observer.probe("w1") == Lock.UNKNOWN  # no file proves nothing
    mine.take("w1")
    mine.take("w1")  # once more, after it was taken for lost
    assert observer.probe("w1") == Lock.HELD
    observer.forget("w1")
    assert observer.probe("w1") == Lock.HELD  # a frozen one keeps its file
    mine.release()
    assert observer.probe("w1") == Lock.FREE
    observer.forget("w1")
    assert observer.probe("w1") == Lock.UNKNOWN


def test_seats_are_given_from_the_lowest_number_and_used_again(tmp_path: Path) -> None:
    server = Seat(tmp_path, Role())
    assert (server.bell, server.tmux) == ("journal.sock", "tmux.sock")
    one, two = Seat(tmp_path, WORKER), Seat(tmp_path, WORKER)
    assert [one.tmux, two.tmux] == ["tmux-1.sock", "tmux-2.sock"]
    one.leave()
    three = Seat(tmp_path, WORKER)
    assert (three.bell, three.tmux) == ("w1.sock", "tmux-1.sock")
    for seat in (two, three):
        seat.leave()
