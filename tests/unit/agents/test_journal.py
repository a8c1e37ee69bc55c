import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from claude_agent.agents import journal as module
from claude_agent.agents.adapters.fake import FakeAdapter
from claude_agent.agents.journal import Followed
from claude_agent.domain.task import Task
from claude_agent.errors import Conflict, DiskFull, Unavailable
from tests.unit.agents.crew import Crew
from tests.unit.agents.written_shim import Shim
from tests.waiting import wait_until


def own_start_time() -> int:
    stat = Path("/proc/self/stat").read_text()
    return int(stat[stat.rindex(")") + 2 :].split()[19])


@pytest.fixture
def one(crew: Crew) -> Task:
    return crew.stand.start(crew.submit())


@pytest.fixture
def shim(crew: Crew, one: Task) -> Shim:
    """A shim that seems alive: it bears this process's number."""
    return Shim(crew, one).begin(os.getpid(), own_start_time())


@pytest.fixture
def run(crew: Crew, one: Task) -> Iterator[Followed]:
    """The run, followed by a journal whose fleet is this test."""
    followed = crew.followed(one)
    followed.adapter = FakeAdapter()
    crew.journal.start()
    yield followed
    crew.journal.stop()


def said(crew: Crew, one: Task) -> list[str]:
    found = [e.event for e in crew.stand.history() if e.event.type == "task.output"]
    return [event.data["text"] for event in found if event.stream == one.stream]


def calls(crew: Crew) -> dict[str, list[str]]:
    """Take down what the journal hands over."""
    found: dict[str, list[str]] = {"end": [], "gone": [], "idle": []}
    crew.journal.on_end = lambda run: found["end"].append(run.run_id)
    crew.journal.on_gone = lambda run: found["gone"].append(run.run_id)
    crew.journal.on_idle = lambda run: found["idle"].append(run.run_id)
    return found


def test_what_the_agent_says_is_noted_when_it_rings(
    crew: Crew, one: Task, shim: Shim, run: Followed
) -> None:
    crew.journal.follow(run)
    shim.text("hello", "world")
    wait_until(lambda: said(crew, one) == ["hello", "world"], what="two notes")
    assert (run.seen.count, run.seen.events()[-1].text) == (2, "world")
    assert crew.journal.alive()
    assert crew.journal.follows(run.run_id)


def test_line_that_nobody_rang_for_is_read_by_the_next_look(
    crew: Crew, one: Task, shim: Shim, run: Followed
) -> None:
    crew.journal.follow(run)
    shim.say("protocol", ring=False, line={"type": "text", "fake": True, "text": "quiet"})
    wait_until(lambda: said(crew, one) == ["quiet"], what="the note")


def test_ring_for_a_stranger_is_ignored(crew: Crew, shim: Shim, run: Followed) -> None:
    crew.journal.follow(run)
    for text in ("nobody.1", "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")):
        shim.ring(text)
    assert crew.journal.alive()


def test_run_that_ended_is_handed_over_once(crew: Crew, shim: Shim, run: Followed) -> None:
    found = calls(crew)
    crew.journal.follow(run)
    shim.end()
    shim.say("exit", code=0)
    wait_until(lambda: found["end"], what="the end")
    crew.journal.wait_idle(5.0)
    assert found == {"end": [run.run_id], "gone": [], "idle": []}
    assert crew.journal.following() == []


def test_run_that_ended_before_it_was_followed_is_handed_over(
    crew: Crew, shim: Shim, run: Followed
) -> None:
    found = calls(crew)
    shim.say("exit", ring=False, code=0)
    shim.end()
    crew.journal.follow(run)
    wait_until(lambda: found["end"], what="the end")
    crew.journal.wait_idle(5.0)
    assert found == {"end": [run.run_id], "gone": [], "idle": []}


def test_end_is_taken_with_the_verdicts_ring_where_the_line_came_first(
    crew: Crew, shim: Shim, run: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 60.0)  # no look but by a ring
    found = calls(crew)
    crew.journal.follow(run)
    shim.say("exit", code=0)
    wait_until(lambda: run.ended, what="the line")
    assert found["end"] == []
    shim.end()
    shim.ring()
    wait_until(lambda: found["end"], what="the end")


def test_last_words_are_noted_before_the_end(
    crew: Crew, one: Task, shim: Shim, run: Followed
) -> None:
    found = calls(crew)
    shim.say("protocol", ring=False, line={"type": "text", "fake": True, "text": "bye"})
    shim.end()
    crew.journal.follow(run)
    wait_until(lambda: found["end"], what="the end")
    assert said(crew, one) == ["bye"]


# Errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [DiskFull("no room"), RuntimeError("a mistake")])
def test_end_that_cannot_be_recorded_is_tried_again(
    crew: Crew, shim: Shim, run: Followed, error: Exception
) -> None:
    errors, ended = [error, error], list[str]()

    def on_end(run: Followed) -> None:
        if errors:
            raise errors.pop()
        ended.append(run.run_id)

    crew.journal.on_end = on_end
    crew.journal.follow(run)
    shim.end()
    wait_until(lambda: ended == [run.run_id], what="the end")
    assert not crew.journal.follows(run.run_id)


def test_end_that_somebody_else_recorded_is_left_to_them(
    crew: Crew, shim: Shim, run: Followed
) -> None:
    tried: list[str] = []

    def on_end(run: Followed) -> None:
        tried.append(run.run_id)
        raise Conflict("it is cancelled")  # noqa: EM101

    crew.journal.on_end = on_end
    crew.journal.follow(run)
    shim.end()
    wait_until(lambda: tried, what="the end")
    crew.journal.wait_idle(5.0)
    assert (tried, crew.journal.following()) == ([run.run_id], [])


def test_note_that_cannot_be_stored_is_stored_later(
    crew: Crew, one: Task, shim: Shim, run: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, errors = crew.stand.records.move, [Unavailable("not now")]

    def move(*args: object, **more: object) -> None:
        if errors:
            raise errors.pop()
        real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(crew.stand.records, "move", move)
    crew.journal.follow(run)
    shim.text("hello")
    wait_until(lambda: not errors, what="the error")
    wait_until(lambda: said(crew, one) == ["hello"], what="the note")


def test_run_of_another_owner_is_forgotten_and_not_touched(
    crew: Crew, one: Task, shim: Shim, run: Followed
) -> None:
    found = calls(crew)
    crew.journal.follow(run)
    crew.stand.control.adopt(one, alive=True)
    shim.text("hello")
    crew.journal.wait_idle(5.0)
    assert crew.journal.following() == []
    assert said(crew, one) == []
    assert found == {"end": [], "gone": [], "idle": []}


@pytest.mark.parametrize(
    "line",
    [
        '{"n": 1, "kind": "protocol"}',
        '{"n": 1, "kind": "protocol", "line": [1]}',
        '{"n": 1, "kind": "ack", "cmd": "one"}',
        "no json",
        '{"n": 1, "kind": "protocol", "line": {"type": ["text"], "text": 5}}',
        '{"n": 1, "kind": "protocol", "line": {"type": "text", "fake": true, "text": "\\ud800"}}',
    ],
)
def test_line_that_makes_no_sense_holds_up_nothing(
    crew: Crew, one: Task, shim: Shim, run: Followed, line: str
) -> None:
    with (shim.folder.path / "events-000001.jsonl").open("a") as file:
        file.write(f"{line}\n")
    shim.n = 1
    crew.journal.follow(run)
    shim.text("hello")
    wait_until(lambda: said(crew, one)[-1:] == ["hello"], what="the note after it")
    again = crew.followed(one)
    again.adapter = FakeAdapter()
    crew.journal.follow(again)
    assert again.position == run.position


# Positions ----------------------------------------------------------------------------------


def test_journal_goes_on_where_it_stood_and_knows_what_was_said(
    crew: Crew, one: Task, shim: Shim, run: Followed
) -> None:
    crew.journal.follow(run)
    shim.text("one", "two")
    wait_until(lambda: len(said(crew, one)) == 2, what="two notes")
    crew.journal.forget(run.run_id)
    again = crew.followed(crew.stand.control.adopt(one, alive=True))
    again.adapter = FakeAdapter()
    crew.journal.follow(again)
    assert (again.seen.count, again.seen.events()[-1].text) == (2, "two")
    shim.text("three")
    wait_until(lambda: said(crew, one) == ["one", "two", "three"], what="the third note")


def test_journal_whose_file_is_shorter_than_it_stood_goes_on(
    crew: Crew, one: Task, shim: Shim, run: Followed
) -> None:
    crew.journal.follow(run)
    shim.text("one")
    wait_until(lambda: said(crew, one) == ["one"], what="the note")
    crew.journal.forget(run.run_id)
    (shim.folder.path / "events-000001.jsonl").unlink()
    again = crew.followed(one)
    crew.journal.follow(again)
    assert again.position.byte > 0


def test_notes_are_few_and_short(
    crew: Crew, one: Task, shim: Shim, run: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_NOTES", 3)
    crew.journal.follow(run)
    shim.text("x" * 2_000, "b", "", "c", "d", "e")
    shim.say("protocol", line={"type": "usage", "fake": True, "tokens": 5})
    notes = ["x" * module.NOTE_LENGTH, "b", "c"]
    wait_until(lambda: said(crew, one) == notes, what="the notes")
    wait_until(lambda: run.seen.count == 7, what="the lines")
    wait_until(lambda: run.stored == run.position, what="the last line's place")
    assert said(crew, one) == notes


def test_acknowledged_command_is_open_no_more(
    crew: Crew, one: Task, shim: Shim, run: Followed
) -> None:
    crew.stand.control.stop_run(one, "timeout.idle")
    crew.journal.follow(run)
    assert [n for n, _, _ in crew.journal.open_commands(run)] == [1]
    shim.say("ack", cmd=1, ok=True)
    wait_until(lambda: crew.journal.open_commands(run) == [], what="the acknowledgement")


# Signs of life ------------------------------------------------------------------------------


def test_run_that_does_not_begin_in_time_is_gone(
    crew: Crew, run: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = calls(crew)
    run.folder.path.mkdir(parents=True)
    crew.journal.follow(run)
    run.since = 0
    wait_until(lambda: found["gone"], what="the run to be gone")
    assert crew.journal.following() == []


def test_run_that_may_still_begin_is_waited_for(crew: Crew, run: Followed) -> None:
    found = calls(crew)
    crew.journal.follow(run)
    crew.journal._look_safely(run, thorough=True)
    assert found["gone"] == []


def test_run_whose_shim_is_dead_is_gone(crew: Crew, one: Task, shim: Shim, run: Followed) -> None:
    found = calls(crew)
    shim.begin(2**22 - 1, 1)
    crew.journal.follow(run)
    wait_until(lambda: found["gone"], what="the run to be gone")
    assert found["end"] == []


def test_run_with_an_idle_timeout_is_looked_at_for_silence(
    crew: Crew, shim: Shim, run: Followed
) -> None:
    found = calls(crew)
    crew.journal._look_safely(run, thorough=True)
    assert found["idle"] == []
    spec = run.task.spec
    limits = type(spec.limits)(idle_ms=5)
    run.task = replace(run.task, spec=replace(spec, limits=limits))
    crew.journal._look_safely(run, thorough=True)
    assert found["idle"] == [run.run_id]


def test_gates_are_followed_without_positions_in_the_database(
    crew: Crew, one: Task, shim: Shim, run: Followed
) -> None:
    found = calls(crew)
    run.purpose = "gates"
    run.run_id = f"{one.run_id}.gates-1"
    shim.run_id = run.run_id
    crew.journal.follow(run)
    shim.say("ack", cmd=1, ok=True)
    shim.end()
    shim.say("exit", code=0)
    wait_until(lambda: found["end"] == [run.run_id], what="the end")
    row = crew.stand.records.position(one.run_id)
    assert row is not None
    assert row["byte"] == 0


def test_journal_without_a_fleet_says_so_and_goes_on(
    crew: Crew, shim: Shim, run: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "claude_agent.agents.journal")
    crew.journal.on_end = module._ignore
    shim.end()
    crew.journal.follow(run)
    crew.journal.wait_idle(5.0)
    assert "nobody handles" in caplog.text


def test_bell_is_ours_alone_and_goes_with_the_journal(crew: Crew, run: Followed) -> None:
    assert crew.places.bell.stat().st_mode & 0o777 == 0o600
    crew.journal.stop()
    assert not crew.places.bell.exists()
    crew.journal.follow(run)  # nobody hears the ring, and that is no error


def test_wait_idle_ends_in_time(crew: Crew, shim: Shim, run: Followed) -> None:
    calls(crew)
    crew.journal.follow(run)
    crew.journal.wait_idle(0.1)
    assert crew.journal.follows(run.run_id)
