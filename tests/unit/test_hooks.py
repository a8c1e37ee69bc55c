"""What the dead letter hook sends and how it ends, with real commands."""

from pathlib import Path

import pytest

from claude_agent.api.asked import MessageToSend
from claude_agent.hooks import DeadLetterHook, HookFailed
from claude_agent.queue.actors import DEAD_LETTER_HOOK
from claude_agent.storage.database import Tx
from tests.unit.core.stand import Stand
from tests.unit.core.test_dead_letters import bury, die

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
