import errno
import json

import pytest

from claude_agent.agents.run_folder import Sealed
from claude_agent.agents.terminal import Window
from claude_agent.core.catalogue import Catalogue
from claude_agent.errors import FencedOut, Invalid, NotFound, Unavailable
from tests.unit.agents.crew import Crew
from tests.waiting import wait_until


def message(one: object) -> dict[str, object]:
    return {"task_id": one.id, "fence": one.fence}  # type: ignore[attr-defined]


def test_task_goes_into_a_window_and_its_result_comes_out(crew: Crew) -> None:
    crew.start()
    one = crew.submit("echo hello; echo '{\"x\": 1}' > $CLAUDE_AGENT_OUTPUTS")
    assert crew.bridge.process_queue_task(message(one)) == one.run_id
    started = crew.task(one)
    assert (started.attempt, started.adapter, len(started.digest)) == (1, "shell", 64)
    done = crew.until(one, "succeeded", "dead")
    assert (done.state, done.outputs) == ("succeeded", {"x": 1})
    assert crew.bridge.log_path(done).read_bytes() == b"hello\n"


def test_task_of_another_fence_is_not_touched(crew: Crew) -> None:
    one = crew.submit()
    before = crew.stand.everything()
    with pytest.raises(FencedOut):
        crew.bridge.process_queue_task({"task_id": one.id, "fence": one.fence + 1})
    assert crew.stand.everything() == before
    assert not crew.folder(one).path.exists()


def test_task_that_was_cancelled_before_it_began_does_not_begin(crew: Crew) -> None:
    one = crew.submit("touch $HOME/ran")
    crew.stand.orders.cancel(one.ref, reason="no", actor="me")
    assert crew.bridge.process_queue_task(message(one)) == ""
    assert crew.task(one).state == "cancelled"
    assert crew.folder(one).claim() is None


def test_task_whose_folder_is_gone_fails_for_good_with_the_reason(crew: Crew) -> None:
    place = crew.home / "place"
    place.mkdir()
    one = crew.submit(cwd=str(place), retry={"max_attempts": 5})
    place.rmdir()
    assert crew.bridge.process_queue_task(message(one)) == ""
    found = crew.task(one)
    assert (found.state, found.attempt) == ("dead", 0)
    assert found.error is not None
    assert found.error["kind"] == "not_runnable"
    assert "does not exist" in found.error["message"]


def test_task_whose_agent_is_gone_fails_for_good(crew: Crew) -> None:
    one = crew.submit()
    crew.bridge._catalogue = Catalogue(agents={}, actions={}, route=lambda _: None)  # type: ignore[arg-type,return-value]
    assert crew.bridge.process_queue_task(message(one)) == ""
    found = crew.task(one)
    assert found.error is not None
    assert "no agent testing any more" in found.error["message"]


@pytest.mark.parametrize(("number", "state"), [(errno.ENOSPC, "scheduled"), (errno.EACCES, "dead")])
def test_preparation_is_tried_again_only_where_that_can_help(
    crew: Crew, monkeypatch: pytest.MonkeyPatch, number: int, state: str
) -> None:
    one = crew.submit(retry={"max_attempts": 1})

    def refuse(*_: object) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(crew.planner, "prepare", refuse)
    assert crew.bridge.process_queue_task(message(one)) == ""
    found = crew.task(one)
    assert (found.state, found.attempt) == (state, 0)


def test_folder_that_was_half_made_is_sealed(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    one = crew.submit()
    crew.folder(one).path.mkdir(parents=True)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no")

    monkeypatch.setattr(crew.planner, "prepare", refuse)
    crew.bridge.process_queue_task(message(one))
    assert isinstance(crew.folder(one).claim(), Sealed)


def test_adapter_is_the_agents_for_a_prompt_and_the_shell_otherwise(crew: Crew) -> None:
    stand = crew.stand
    prompt = stand.task(stand.bus.publish_task("chat", {"prompt": "hi"}))
    assert crew.bridge.adapter_for(prompt).name == "fake"
    assert crew.bridge.adapter_for(crew.submit()).name == "shell"


def test_prompt_is_answered_by_the_agent(crew: Crew) -> None:
    crew.start()
    crew.stand.bus.publish_task("chat", {"prompt": "say hi"})
    (one,) = crew.stand.claims.claim()
    crew.bridge.process_queue_task(message(one))
    done = crew.until(one, "succeeded", "dead")
    assert (done.state, done.adapter) == ("succeeded", "fake")
    assert "E3" in done.evidence
    assert "task.output" in crew.stand.types(one.stream)


# Windows ------------------------------------------------------------------------------------


@pytest.mark.parametrize("session", ["", "testing", "tmux-testing", "x" * 200])
def test_window_opens_only_in_a_session_of_an_agent(crew: Crew, session: str) -> None:
    with pytest.raises(Invalid, match="not the session of an agent") as caught:
        crew.bridge.execute_in_tmux(session, "true")
    assert len(caught.value.detail) < 150


def test_command_of_a_window_is_split_as_a_shell_would_and_run_without_one(crew: Crew) -> None:
    mark = crew.home / "a b"
    crew.bridge.execute_in_tmux("claude-testing", f"touch '{mark}' $HOME/x;y")
    wait_until(mark.exists, what="the file")
    assert crew.bridge.terminal is crew.terminal


def test_run_goes_on_without_a_window_where_the_terminal_is_lost(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew.start()
    one = crew.submit()

    def refuse(window: Window) -> str:
        raise Unavailable("tmux is gone")  # noqa: EM101

    monkeypatch.setattr(crew.terminal, "open", refuse)
    crew.bridge.process_queue_task(message(one))
    assert crew.until(one, "succeeded", "dead").state == "succeeded"


def test_run_that_cannot_be_started_at_all_is_given_back(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew.start()
    one = crew.submit()

    def refuse(window: Window) -> str:
        raise Unavailable("nothing works")  # noqa: EM101

    for terminal in (crew.terminal, crew.quiet):
        monkeypatch.setattr(terminal, "open", refuse)
    crew.bridge.process_queue_task(message(one))
    given = crew.until(one, "ready")
    assert (given.attempt, given.deliveries) == (0, 1)
    assert isinstance(crew.folder(one).claim(), Sealed)


def test_notice_to_a_terminal_that_is_lost_is_no_error(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew.bridge.notice("testing", "hello")
    assert crew.terminal.capture("testing", 5) == "hello"

    def refuse(name: str, text: str) -> None:
        raise Unavailable("gone")  # noqa: EM101

    monkeypatch.setattr(crew.terminal, "notice", refuse)
    crew.bridge.notice("testing", "hello")


# Results ------------------------------------------------------------------------------------


def ended(crew: Crew) -> object:
    """Return a task whose run ended while nobody followed it."""
    one = crew.submit("echo '{\"x\": 1}' > $CLAUDE_AGENT_OUTPUTS")
    crew.bridge.process_queue_task(message(one))
    wait_until(lambda: crew.folder(one).verdict() is not None, timeout=20.0, what="its verdict")
    return crew.task(one)


def test_result_is_captured_from_the_text_of_the_verdict_alone(crew: Crew) -> None:
    one = ended(crew)
    text = (crew.folder(one).path / "exit.json").read_text()  # type: ignore[arg-type]
    done = crew.bridge.capture_and_publish_result(text)
    assert (done.state, done.outputs) == ("succeeded", {"x": 1})


def test_result_of_an_earlier_run_is_not_that_of_the_task(crew: Crew) -> None:
    one = ended(crew)
    text = json.dumps({"run_id": f"{one.id}.7"})  # type: ignore[attr-defined]
    with pytest.raises(NotFound, match="not the current run"):
        crew.bridge.capture_and_publish_result(text)


def test_result_without_a_verdict_is_told(crew: Crew) -> None:
    one = crew.submit()
    with pytest.raises(NotFound, match="no verdict"):
        crew.bridge.capture_and_publish_result(json.dumps({"run_id": one.run_id}))
    with pytest.raises(NotFound, match="no verdict"):
        crew.bridge.run_ended(crew.followed(one))


def test_result_of_nobody_is_told(crew: Crew) -> None:
    with pytest.raises(NotFound):
        crew.bridge.capture_and_publish_result("{}")
