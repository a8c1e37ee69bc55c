"""What the dead letter hook sends and how it ends, with real commands."""

import json
from pathlib import Path

import pytest

from claude_agent.api.asked import MessageToSend
from claude_agent.clock import SystemClock
from claude_agent.core.resilience import BreakerOpen
from claude_agent.errors import SetupError
from claude_agent.hook_environment import HookEnvironment
from claude_agent.hooks import BREAKER, DeadLetterHook, HookFailed
from claude_agent.queue.actors import DEAD_LETTER_HOOK, Services, shipped_actors
from claude_agent.queue.broker import BrokerOptions, make_broker
from claude_agent.queue.worker import QueueWorker
from claude_agent.storage.database import Tx
from claude_agent.storage.secrets import SecretMissing, SecretStore
from tests.unit.core.stand import Stand
from tests.unit.core.test_dead_letters import bury, die
from tests.waiting import wait_until

LETTER = {"kind": "task", "id": "i", "ref": "R", "title": "a\0b ä", "message": None}


def nothing(_: Tx, __: MessageToSend) -> str:
    return ""


def test_the_command_gets_the_letter_and_its_key(tmp_path: Path) -> None:
    shown = "$CLAUDE_AGENT_DEAD_LETTER_TITLE $CLAUDE_AGENT_HOOK_ID"
    command = f"cd {tmp_path}; cat > in; echo {shown} > env"
    DeadLetterHook(command, nothing).tell(LETTER, "k1")
    assert '"ref": "R"' in (tmp_path / "in").read_text()
    assert (tmp_path / "env").read_text() == "a?b ä k1\n"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo no mail here >&2; exit 4", "ended with 4: no mail here"),
        ("kill -9 $$", "ended with -9"),
        ("", "no command for dead letters"),
    ],
)
def test_a_command_that_fails_says_how(command: str, said: str) -> None:
    with pytest.raises(HookFailed, match=said):
        DeadLetterHook(command, nothing).tell(LETTER, "k1")


def test_a_command_that_hangs_is_ended_with_all_it_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("claude_agent.hooks.PATIENCE_S", 0.2)
    with pytest.raises(HookFailed, match="did not end within"):
        DeadLetterHook("sleep 60 & sleep 60", nothing).tell(LETTER, "k1")


def test_both_kinds_are_sent_in_the_events_transaction_and_never_the_hooks_own(
    tmp_path: Path,
) -> None:
    stand = Stand(tmp_path)
    sent: list[dict[str, object]] = []

    def send(_: Tx, message: MessageToSend) -> str:
        sent.append(message.args[0])
        return ""

    stand.desk.on_first_letter = DeadLetterHook("true", send).first
    die(stand)
    die(stand)
    bury(stand, "m1")
    bury(stand, "m2", actor=DEAD_LETTER_HOOK)
    stand.redrives.tell_first_messages()
    stand.redrives.tell_first_messages()
    assert [(one["kind"], one["agent"]) for one in sent] == [
        ("task", "testing"),
        ("message", "notify"),
    ]
    types = [one.event.type for one in stand.history()]
    assert types.count("dead_letter.first") == 3
    stand.close()


def test_the_command_gets_the_secrets_that_it_names_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_AGENT_SECRET_PAGER", "page-me-4711")
    monkeypatch.setenv("CLAUDE_AGENT_SECRET_OTHER", "other-4711")
    file = tmp_path / "secrets.toml"
    file.write_text('FILED = "filed-4711"\n')
    file.chmod(0o600)
    store = SecretStore(tmp_path, {"CLAUDE_AGENT_SECRET_PAGER": "page-me-4711"})
    named = HookEnvironment(store, ["PAGER", "FILED"])
    DeadLetterHook(f"env > {tmp_path}/named", nothing, named).tell(LETTER, "k1")
    found = (tmp_path / "named").read_text().splitlines()
    assert [one for one in found if "4711" in one and "SECRET" not in one] == [
        one for one in found if "4711" in one
    ]
    assert {"PAGER=page-me-4711", "FILED=filed-4711"} <= set(found)
    assert "CLAUDE_AGENT_HOOK_ID=k1" in found
    DeadLetterHook(f"env > {tmp_path}/plain", nothing).tell(LETTER, "k1")
    assert "4711" not in (tmp_path / "plain").read_text()
    with pytest.raises(HookFailed, match=r"ended with 3: it said \*\*\*$"):
        DeadLetterHook("echo it said $PAGER; exit 3", nothing, named).tell(LETTER, "k1")


def test_a_secret_that_is_nowhere_is_named_and_nothing_is_run(tmp_path: Path) -> None:
    absent = HookEnvironment(SecretStore(tmp_path, {}), ["ABSENT"])
    with pytest.raises(SecretMissing, match="ABSENT"):
        DeadLetterHook(f"touch {tmp_path}/ran", nothing, absent).tell(LETTER, "k1")
    (tmp_path / "secrets.toml").write_text('ABSENT = "value"')
    (tmp_path / "secrets.toml").chmod(0o644)
    with pytest.raises(SetupError, match="chmod 600"):
        DeadLetterHook(f"touch {tmp_path}/ran", nothing, absent).tell(LETTER, "k1")
    assert not (tmp_path / "ran").exists()


def test_a_hook_that_fails_again_and_again_is_left_alone_and_tried_by_one_letter(
    tmp_path: Path,
) -> None:
    stand = Stand(tmp_path)
    command = f"echo >> {tmp_path}/asked; test -e {tmp_path}/works"
    hook = DeadLetterHook(command, nothing, resilience=stand.resilience)

    def asked() -> int:
        return (tmp_path / "asked").read_text().count("\n")

    for n in range(5):
        with pytest.raises(HookFailed):
            hook.tell(LETTER, f"k{n}")
    with pytest.raises(BreakerOpen, match="left alone after 5 failures") as caught:
        hook.tell(LETTER, "k9")
    assert (asked(), caught.value.wait_ms) == (5, 30_000)
    assert [one["name"] for one in stand.rows("breakers.away")] == [BREAKER]
    stand.clock.advance(30_000)
    stand.scheduler.tick()
    assert stand.resilience.breakers()[0].state == "half_open"
    with pytest.raises(HookFailed):
        hook.tell(LETTER, "k0")  # the try
    assert stand.resilience.breakers()[0].until == stand.clock.now() + 60_000
    stand.clock.advance(60_000)
    stand.scheduler.tick()
    (tmp_path / "works").touch()
    hook.tell(LETTER, "k1")
    assert (asked(), stand.resilience.breakers()[0].state) == (7, "closed")
    stand.close()


def test_a_letter_that_is_not_told_because_of_the_breaker_waits_and_uses_up_no_try(
    tmp_path: Path,
) -> None:
    stand = Stand(tmp_path)
    (tmp_path / "broker").mkdir()
    hook = DeadLetterHook(f"cat > {tmp_path}/told", nothing, resilience=stand.resilience)
    actors = shipped_actors(Services(tell_hook=hook.tell))
    options = BrokerOptions(owners=tmp_path / "owners")
    broker = make_broker(tmp_path / "broker" / "q.db", registry=actors, options=options)
    for _ in range(5):
        stand.resilience.failed(BREAKER, "it is down")
    worker = QueueWorker(broker)
    worker.start()
    try:
        sent = broker.send_by_name(DEAD_LETTER_HOOK, (LETTER,), {})

        def delayed() -> int | None:
            found = broker.store.find(sent.message_id)
            return found["not_before"] if found and found["state"] == "delayed" else None

        wait_until(delayed, what="the letter to wait")
        found = broker.store.find(sent.message_id)
        assert found is not None
        assert json.loads(found["body"])["options"]["retries"] == 0
        assert found["not_before"] - SystemClock().now() > 20_000
        assert not (tmp_path / "told").exists()
    finally:
        worker.stop()
        broker.close()
        stand.close()
