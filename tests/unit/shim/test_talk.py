"""Conversations over ACP: the real shim and the fake agent."""

import json
import signal

import pytest

from claude_agent.agents.control import ShimRefused
from claude_agent.agents.run_folder import StopTimes
from tests.unit.shim.harness import ShimLab, ask, exists, lines, verdict
from tests.unit.shim.talks import (
    PERMIT,
    answers,
    asked,
    conversation,
    ended,
    last,
    peer,
    said,
    script,
)
from tests.waiting import wait_until


def test_a_turn_is_told_in_one_shape_and_shown_readably(lab: ShimLab) -> None:
    prompt = script(
        {"think": "hm"},
        {"say": "first"},
        {"run": {"cmd": "echo out"}},
        {"say": "second \x1b[31mred"},
        {"usage": {"input": 7, "output": 3}},
    )
    folder = conversation(lab, prompt)
    assert ended(lab, folder) == {
        "told": "ended",
        "stop": "end_turn",
        "text": "[FAKE] second \x1b[31mred\n",
    }
    (started,) = said(folder, "started")
    assert started["conversation"].startswith("fake-")
    assert (started["agent"], started["version"]) == ("fake-agent", "1")
    words = [x["line"]["told"] for x in lines(folder) if x["kind"] == "protocol"]
    assert words == [
        *("started", "thought", "text", "tool", "tool_end", "text", "usage", "ended"),
    ]
    assert said(folder, "usage") == [
        {"told": "usage", "cache_read": 0, "cache_write": 0, "input": 7, "more": True, "output": 3}
    ]
    shown = folder.tail(4096).decode()
    assert "-> execute: echo out\n<- done: out\n" in shown
    assert "[FAKE] second  [31mred" in shown
    assert "jsonrpc" not in shown
    found = verdict(folder)
    assert (found.code, found.signal, found.stopped, found.ok) == (0, None, False, True)


def test_a_permission_is_held_until_a_person_allows_it(lab: ShimLab) -> None:
    folder = conversation(lab, PERMIT, cwd=str(lab.home))
    shim = lab.start(folder)
    question = asked(folder)
    assert (question["what"], question["tool"], question["text"]) == (
        *("permission", "execute"),
        "echo ran > ran",
    )
    assert question["input"]["command"] == "echo ran > ran"
    assert not (lab.home / "ran").exists()
    told = ask(folder, "answer", n=1, data={"ask": question["ask"], "decision": "allow"})
    assert told["ok"]
    assert shim.wait(30) == 0
    assert (lab.home / "ran").exists()
    assert answers(folder) == [("allow", "person")]
    assert last(folder)["stop"] == "end_turn"


def test_a_permission_that_is_denied_is_not_used_and_the_turn_goes_on(lab: ShimLab) -> None:
    folder = conversation(lab, PERMIT, cwd=str(lab.home))
    shim = lab.start(folder)
    question = asked(folder)
    ask(folder, "answer", n=1, data={"ask": question["ask"], "decision": "deny", "text": "no"})
    assert shim.wait(30) == 0
    assert not (lab.home / "ran").exists()
    assert last(folder)["text"].endswith("that was it\n")
    assert [each["ok"] for each in said(folder, "tool_end")] == [False]


@pytest.mark.parametrize("default", ["allow", "deny", "rot"])
def test_the_policy_answers_first_and_a_bad_one_allows_nothing(lab: ShimLab, default: str) -> None:
    folder = conversation(lab, PERMIT, cwd=str(lab.home), policy={"default": default})
    assert ended(lab, folder)["stop"] == "end_turn"
    assert (lab.home / "ran").exists() is (default == "allow")


def test_a_call_that_a_person_changed_is_not_made(lab: ShimLab) -> None:
    """The protocol cannot carry other input back: what was not asked must not run either."""
    folder = conversation(lab, PERMIT, cwd=str(lab.home))
    shim = lab.start(folder)
    data = {"ask": asked(folder)["ask"], "decision": "allow", "input": {"command": "true"}}
    ask(folder, "answer", n=1, data=data)
    assert shim.wait(30) == 0
    assert not (lab.home / "ran").exists()


@pytest.mark.parametrize("how", ["stop", "interrupt", "ctrl-c"])
def test_a_stop_cancels_the_turn_and_closes_its_question(lab: ShimLab, how: str) -> None:
    folder = conversation(lab, PERMIT, cwd=str(lab.home))
    shim = lab.start(folder)
    asked(folder)
    if how == "ctrl-c":
        shim.send_signal(signal.SIGINT)
    else:
        ask(folder, how, n=1)
    assert shim.wait(30) == 0
    assert last(folder)["stop"] == "cancelled"
    assert answers(folder) == [("deny", "gone")]
    assert not (lab.home / "ran").exists()
    found = verdict(folder)
    assert (found.code, found.signal, found.stopped) == (0, None, how == "stop")


def test_a_stop_climbs_on_where_the_turn_does_not_end(lab: ShimLab) -> None:
    quick = StopTimes(soft_ms=60, int_ms=60, term_ms=60)
    text = """
import select, signal
signal.signal(2, 1)
signal.signal(15, 1)
turn()
update('agent_message_chunk', content={'type': 'text', 'text': 'busy'})
select.select([], [], [], 300)
"""
    stubborn = peer(lab, text)
    folder = conversation(lab, "x", argv=stubborn)
    spec = json.loads((folder.path / "spec.json").read_text())
    spec["stop"] = {"soft_ms": quick.soft_ms, "int_ms": 60, "term_ms": 60}
    (folder.path / "spec.json").write_text(json.dumps(spec))
    shim = lab.start(folder)
    wait_until(lambda: b"busy" in folder.tail(4096), what="its turn")
    ask(folder, "stop", n=1)
    assert shim.wait(30) == 0
    stages = [line["stage"] for line in lines(folder) if line["kind"] == "stopping"]
    assert stages == ["soft", "int", "term", "kill"]
    assert (verdict(folder).signal, verdict(folder).stopped) == (9, True)


def test_what_is_sent_is_the_next_turn_of_the_same_conversation(lab: ShimLab) -> None:
    folder = conversation(lab, PERMIT, cwd=str(lab.home))
    shim = lab.start(folder)
    question = asked(folder)
    text = script({"say": "and this as well"})
    assert ask(folder, "send", n=1, data={"text": text}) == {"ok": True, "detail": "queued"}
    assert ask(folder, "send", n=1, data={"text": text}) == {"ok": True, "again": True}
    with pytest.raises(ShimRefused, match="malformed"):
        ask(folder, "send", n=2, data={"text": " "})
    ask(folder, "answer", n=3, data={"ask": question["ask"], "decision": "allow"})
    assert shim.wait(30) == 0
    assert last(folder)["text"] == "[FAKE] and this as well\n"
    assert len(said(folder, "started")) == 1


def test_a_conversation_is_loaded_and_its_past_is_not_told_again(lab: ShimLab) -> None:
    given = {"conversation": "fake-before"}
    folder = conversation(lab, script({"say": "now"}), given=given)
    assert ended(lab, folder)["text"] == "[FAKE] now\n"
    assert [each["text"] for each in said(folder, "text")] == ["[FAKE] now\n"]
    assert said(folder, "started")[0]["conversation"] == "fake-before"


def test_a_conversation_that_is_gone_begins_anew_and_that_is_said(lab: ShimLab) -> None:
    given = {"conversation": "fake-gone"}
    folder = conversation(lab, script({"say": "again"}), given=given)
    assert ended(lab, folder)["text"] == "[FAKE] again\n"
    (note,) = said(folder, "note")
    assert "FAKE: there is no such session" in note["text"]
    assert said(folder, "started")[0]["conversation"] not in ("", "fake-gone")


def test_an_error_of_the_turn_is_its_end(lab: ShimLab) -> None:
    folder = conversation(lab, script({"fail": "the model said no"}))
    found = ended(lab, folder)
    assert (found["told"], found["where"]) == ("failed", "session/prompt")
    assert "the model said no" in found["message"]


def test_an_agent_that_dies_in_its_turn_leaves_no_last_word(lab: ShimLab) -> None:
    folder = conversation(lab, script({"say": "bye"}, {"exit": 3}))
    assert lab.start(folder).wait(30) == 0
    assert said(folder, "ended") + said(folder, "failed") == []
    assert said(folder, "text") == [{"told": "text", "text": "[FAKE] bye\n"}]
    assert verdict(folder).code == 3


def test_the_gated_tool_does_not_run_when_the_shim_is_killed(lab: ShimLab) -> None:
    folder = conversation(lab, PERMIT, cwd=str(lab.home))
    shim = lab.start(folder)
    asked(folder)
    agent = next(line["pid"] for line in lines(folder) if line["kind"] == "started")
    shim.kill()
    wait_until(lambda: not exists(agent), what="the end of the agent")
    assert not (lab.home / "ran").exists()
