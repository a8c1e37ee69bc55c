"""What starts which workflow: one list of schedules, webhooks and events, each with its last."""

from typing import Any

import pytest

from tests.unit.core.stand import Stand
from tests.unit.core.test_event_triggers import say
from tests.unit.core.test_schedules import runs
from tests.unit.core.test_webhooks import SECRET, delivery, send

STEPS = [{"id": "a", "run": "true", "agent": "testing"}]
HOOK = {"path": "deploy", "secret": "DEPLOY_HOOK"}


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_AGENT_SECRET_DEPLOY_HOOK", SECRET)


def define(stand: Stand, name: str, *, inputs: Any = None, **on: Any) -> str:
    more = {"inputs": inputs} if inputs else {}
    definition = {"name": name, "secrets": ["DEPLOY_HOOK"], "on": on, "steps": STEPS, **more}
    return stand.engine.define_workflow(definition)


def listed(stand: Stand, workflow: str = "", kind: str = "") -> list[dict[str, Any]]:
    return stand.links.triggers.list.all(workflow, kind)


def lasts(stand: Stand, kind: str) -> list[tuple[str, str | None] | None]:
    return [
        one["last"] and (one["last"]["state"], one["last"]["execution_id"])
        for one in listed(stand, kind=kind)
    ]


def test_list_names_all_that_starts_a_workflow_and_its_next_time(stand: Stand) -> None:
    event = {"type": "release.ready", "if": "event.data.tag != 'v0'"}
    digest = define(stand, "Ship", schedule=[{"cron": "0 3 * * *"}], webhook=[HOOK], event=[event])
    define(stand, "Other", event=[{"type": "x.y"}])
    other, *ship = listed(stand)
    assert (other["workflow"], other["on"]) == ("other", "event x.y")
    assert [(one["kind"], one["name"], one["on"]) for one in ship] == [
        ("schedule", "ship.1", "0 3 * * * (UTC)"),
        ("webhook", "deploy", "POST /hooks/deploy"),
        ("event", "release.ready", "event release.ready"),
    ]
    assert {one["definition"] for one in ship} == {digest}
    assert [one["if"] for one in ship] == [None, None, "event.data.tag != 'v0'"]
    assert [one["next"] is None for one in ship] == [False, True, True]
    assert [one["last"] for one in ship] == [None, None, None]
    assert [one["kind"] for one in listed(stand, "ship", "event")] == ["event"]
    assert listed(stand, "none") == []


def test_webhook_without_its_secret_says_so(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    define(stand, "Ship", webhook=[HOOK])
    assert listed(stand)[0]["state"] == "active"
    monkeypatch.delenv("CLAUDE_AGENT_SECRET_DEPLOY_HOOK")
    (found,) = listed(stand)
    assert found["state"] == "secret_missing"
    assert found["reason"].startswith("The secret DEPLOY_HOOK is nowhere")
    file = stand.folder / "secrets.toml"
    file.write_text('DEPLOY_HOOK = "of the file"')
    file.chmod(0o600)
    assert listed(stand)[0]["state"] == "active"


def test_last_delivery_is_told_of_the_line_that_took_it(stand: Stand) -> None:
    wanted = [{**HOOK, "if": f"event.body.n == {n}"} for n in (1, 2)]
    define(stand, "Ship", webhook=wanted)
    assert lasts(stand, "webhook") == [None, None]
    send(stand, delivery({"n": 2}))
    (started,) = runs(stand)
    assert lasts(stand, "webhook") == [("skipped", None), ("started", started)]
    stand.clock.advance(1_000)
    send(stand, delivery({"n": 3}))
    assert lasts(stand, "webhook") == [("skipped", None), ("skipped", None)]


def test_last_event_is_told_with_why_it_started_nothing(stand: Stand) -> None:
    inputs = {"tag": {"type": "string", "required": True}}
    define(stand, "Ship", event=[{"type": "release.ready"}], inputs=inputs)
    say(stand, tag="v1")
    assert lasts(stand, "event") == [("waiting", None)]
    stand.scheduler.tick()
    (found,) = listed(stand)
    assert (found["last"]["state"], found["last"]["execution_id"]) == ("refused", None)
    assert "tag" in found["last"]["reason"]
    given = {"type": "release.ready", "inputs": {"tag": "${{ event.data.tag }}"}}
    define(stand, "Ship", event=[given], inputs=inputs)
    stand.clock.advance(1_000)
    say(stand, tag="v1")
    stand.scheduler.tick()
    (started,) = runs(stand)
    (found,) = listed(stand)
    assert (found["last"]["state"], found["last"]["execution_id"]) == ("started", started)
    assert found["last"]["execution_ref"] == stand.execution(started).ref


def test_schedule_tells_its_last_time(stand: Stand) -> None:
    define(stand, "Ship", schedule=[{"cron": "* * * * *"}])
    due = listed(stand)[0]["next"]
    stand.clock.advance(due - stand.clock.now())
    stand.scheduler.tick()
    (found,) = listed(stand)
    assert found["last"]["at"] == due
    assert (found["last"]["state"], [found["last"]["execution_id"]]) == ("started", runs(stand))
    assert found["next"] == due + 60_000
