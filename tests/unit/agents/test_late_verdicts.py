"""A run that ends after it was decided without it: its verdict is kept and changes nothing."""

import shlex

import pytest

from claude_agent.agents import late_verdicts
from claude_agent.domain.events import Event
from claude_agent.storage import attempt_rows, rebuild
from tests.unit.agents.crew import Crew
from tests.waiting import wait_until


def test_verdict_that_comes_after_a_person_decided_is_kept_and_changes_nothing(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_verdicts, "LOOKS_BACK_MS", 1 << 50)  # the stand's clock is behind
    crew.start()
    stand, go = crew.stand, crew.home / "go"
    wait = f"while [ ! -e {shlex.quote(str(go))} ]; do sleep 0.05; done"
    one = crew.begun(f"""{wait}; echo '{{"a": 1}}' > $CLAUDE_AGENT_OUTPUTS""")
    stand.reaped(one)  # so it is recorded where a host is declared lost that lives on
    decided = stand.orders.answer(one.id, "failed", "its host burnt down", "me")
    assert decided.state == "dead"
    go.touch()

    def reports() -> list[Event]:
        found = (each.event for each in stand.history())
        return [event for event in found if event.type == "task.reported_late"]

    wait_until(reports, timeout=60.0, what="the late report")
    (said,) = reports()
    assert (said.data["run"], said.data["kind"], said.data["outputs"]) == (1, "", {"a": 1})
    now = crew.task(one)
    assert (now.state, now.error, now.outputs) == ("dead", decided.error, None)
    (attempt,) = stand.database.read(lambda r: attempt_rows.of_task(r, one.id))
    assert (attempt.outcome, attempt.evidence, attempt.judged) == ("lost", ("E1",), False)
    assert (attempt.late, attempt.late_at) == ("succeeded", said.at)
    history = list(stand.history())
    assert stand.database.read(lambda r: rebuild.differing(r, history)) == []
