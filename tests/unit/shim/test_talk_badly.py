"""Conversations with peers that behave badly: no run ends by what they send."""

import json
import os

import pytest

from claude_agent.agents.run_folder import Limits
from claude_agent.shim.handover import version_of
from tests.unit.shim.harness import ShimLab, ask, kinds, lines, listening, verdict
from tests.unit.shim.talks import (
    conversation,
    ended,
    memory_kb,
    peer,
    rewrite,
    said,
)
from tests.waiting import wait_until


def test_what_is_not_offered_is_refused_and_the_run_goes_on(lab: ShimLab) -> None:
    text = """
n = turn()
codes = []
for method in ("fs/read_text_file", "terminal/create", "no/such", "session/request_permission "):
    send(id=method, method=method, params={"path": "/etc/passwd"})
    codes.append(take()["error"]["code"])
for bad in (None, 4, [], {"sessionId": 7}):
    send(id="p", method="session/request_permission", params=bad)
    codes.append(take()["result"]["outcome"]["outcome"])
update("agent_message_chunk", content={"type": "text", "text": repr(codes)})
done(n)
take()
"""
    folder = conversation(lab, "x", argv=peer(lab, text))
    told = [-32601] * 4 + ["cancelled"] * 4
    assert ended(lab, folder)["text"] == repr(told)


UPDATE = b'{"method": "session/update", "params": {"sessionId": "s", "update": %b}}'
GARBAGE = (
    b'no json at all\n{\n[1, 2]\nnull\n7\n"text"\n{}\n\xff\xfe\n\x1b[2J',
    b'{"jsonrpc": "2.0", "id": 99, "result": 1}\n{"id": true, "result": 2}\n{"id": 1}',
    b'{"method": 7}\n{"method": "session/update"}\n{"method": "session/update", "params": 3}',
    b'{"id": {"a": [1]}, "method": "x"}\n{"id": [], "method": "session/request_permission"}',
    b'{"id": 3.5, "method": "y", "params": {}}\n{"id": 1e999, "method": "y"}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    UPDATE % b"3",
    UPDATE % b'{"sessionUpdate": []}',
    UPDATE % b'{"sessionUpdate": "tool_call", "toolCallId": 7, "title": {}, "content": 9}',
    UPDATE % b'{"sessionUpdate": "tool_call_update", "toolCallId": "\\ud800", "status": "failed"}',
    UPDATE % b'{"sessionUpdate": "tool_call_update", "toolCallId": "1", "status": {}, "kind": 3}',
    UPDATE % b'{"sessionUpdate": "plan", "entries": [4, {"content": {}}]}',
    UPDATE % b'{"sessionUpdate": "usage_update", "cost": {"currency": "USD", "amount": "1"}}',
    b"x" * 3_000_000,
    b"",
)


def test_garbage_of_every_kind_ends_no_run(lab: ShimLab) -> None:
    (lab.home / "garbage").write_bytes(b"\n".join(GARBAGE))
    text = f"""
n = turn()
data = open({str(lab.home / "garbage")!r}, "rb").read()
while data:
    data = data[os.write(1, data):]
update("agent_message_chunk", content={{"type": "text", "text": "still here"}})
done(n)
while True: take()
"""
    folder = conversation(lab, "x", argv=peer(lab, text))
    assert ended(lab, folder)["text"] == "still here"
    assert verdict(folder).ok
    assert b"\x1b[2J" not in folder.tail(1 << 20)


def test_a_flood_of_updates_is_bounded_and_the_last_word_is_kept(lab: ShimLab) -> None:
    text = """
n = turn()
for k in range(4000):
    update("tool_call", toolCallId=str(k), title="t" * 500, kind="read", status="completed")
done(n)
take()
"""
    limits = Limits(event_bytes=200_000, output_bytes=100_000)
    folder = conversation(lab, "x", argv=peer(lab, text), limits=limits)
    assert ended(lab, folder)["stop"] == "end_turn"
    assert "dropped" in kinds(folder)
    kept = sum(len(json.dumps(x)) for x in lines(folder) if x["kind"] == "protocol")
    assert kept < 700_000
    assert sum(path.stat().st_size for path in folder.path.glob("output.log*")) <= 100_000


def test_an_agent_that_asks_without_reading_answers_is_held_up_and_can_be_stopped(
    lab: ShimLab,
) -> None:
    text = """
n = turn()
k = 0
while True:
    k += 1
    send(id="i" * 2000 + str(k), method="no/such", params={})
    if k == 300: open(os.environ["MARK"], "w").close()
"""
    mark = lab.home / "flooded"
    spec_env = {"PATH": os.environ["PATH"], "MARK": str(mark)}
    folder = conversation(lab, "x", argv=peer(lab, text))
    spec = json.loads((folder.path / "spec.json").read_text())
    spec["env"] |= spec_env
    rewrite(folder, spec)
    shim = lab.start(folder)
    wait_until(mark.exists, what="a flood")
    wait_until(lambda: listening(folder), what="the shim")
    shim_kb = memory_kb(shim.pid)
    assert shim_kb < 60_000
    ask(folder, "stop", n=1, data={"stage": "kill"})
    assert shim.wait(30) == 0
    assert verdict(folder).signal == 9


def test_an_agent_that_asks_for_ever_is_told_no(lab: ShimLab) -> None:
    text = """
n = turn()
def permit(k):
    options = [{"optionId": "y", "name": "y", "kind": "allow_once"}]
    call = {"toolCallId": str(k), "title": "t", "kind": "execute"}
    params = {"sessionId": "s", "options": options, "toolCall": call}
    send(id=k, method="session/request_permission", params=params)
    return k
held = [permit(k) for k in range(64)]
for k in range(64, 100):
    permit(k)
    found = take()
    assert found["id"] == k and found["result"]["outcome"]["outcome"] == "cancelled", found
done(n)
while True: take()
"""
    folder = conversation(lab, "x", argv=peer(lab, text))
    assert ended(lab, folder)["stop"] == "end_turn"
    assert verdict(folder).ok


def test_allowing_is_never_more_than_this_call(lab: ShimLab) -> None:
    """An agent that offers nothing but `always` gets no."""
    text = """
n = turn()
options = [{"optionId": "y", "name": "y", "kind": "allow_always"}, 7, {"kind": "allow_once"}]
call = {"toolCallId": "1", "title": "t", "kind": "execute"}
params = {"sessionId": "s", "options": options, "toolCall": call}
send(id="p", method="session/request_permission", params=params)
said = json.dumps(take()["result"])
update("agent_message_chunk", content={"type": "text", "text": said})
done(n)
take()
"""
    folder = conversation(lab, "x", argv=peer(lab, text), policy={"default": "allow"})
    assert json.loads(ended(lab, folder)["text"]) == {"outcome": {"outcome": "cancelled"}}


def test_an_agent_that_does_not_go_is_ended_and_that_is_written_down(lab: ShimLab) -> None:
    text = "n = turn()\ndone(n)\nimport select\nselect.select([], [], [], 300)"
    folder = conversation(lab, "x", argv=peer(lab, text))
    assert ended(lab, folder)["stop"] == "end_turn"
    assert len(said(folder, "closed")) == 1
    found = verdict(folder)
    assert (found.signal, found.stopped) == (15, False)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_version_of_the_protocol_is_refused(lab: ShimLab, version: object) -> None:
    text = f"send(id=take()['id'], result={{'protocolVersion': {version!r}}})\ntake()"
    folder = conversation(lab, "x", argv=peer(lab, text))
    found = ended(lab, folder)
    assert (found["told"], found["where"]) == ("failed", "initialize")


def test_secrets_are_in_nothing_that_is_kept(lab: ShimLab) -> None:
    value = "s3cret-value-0123456789"
    text = f"""
n = turn()
update("tool_call", toolCallId="1", title="echo {value}", kind="execute", status="completed")
update("agent_message_chunk", content={{"type": "text", "text": "it is {value}"}})
done(n)
take()
"""
    path = lab.home / "secrets"
    key = b"k" * 32
    version = version_of(key, "NAME", value)
    given = {"key": key.hex(), "values": {"V": value}, "needles": [value]}
    path.write_text(json.dumps(given))
    folder = conversation(
        lab, "x", argv=peer(lab, text), secrets={"V": ("NAME", version)}, handover=str(path)
    )
    assert ended(lab, folder)["text"] == "it is ***"
    for file in folder.path.iterdir():
        if file.is_file():
            assert value.encode() not in file.read_bytes(), file.name


def test_a_conversation_without_its_file_is_not_begun(lab: ShimLab) -> None:
    folder = conversation(lab, "x")
    spec = json.loads((folder.path / "spec.json").read_text())
    (folder.path / "talk.json").write_text("{")
    spec["files"] = ["stdin"]
    rewrite(folder, spec)
    assert lab.start(folder).wait(30) == 0
    assert (verdict(folder).error or "").startswith("spec: the conversation")


def test_what_is_said_is_part_of_what_was_approved(lab: ShimLab) -> None:
    folder = conversation(lab, "x")
    (folder.path / "talk.json").write_text('{"mode": "yolo"}')
    assert lab.start(folder).wait(30) == 0
    assert verdict(folder).error == "digest_mismatch"
