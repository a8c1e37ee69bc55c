"""Questions of the agent at work, held by a real shim on its own socket."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from claude_agent.agents.control import ShimRefused
from claude_agent.agents.run_folder import RunFolder
from tests.unit.shim.harness import ShimLab, ask, end, lines, verdict
from tests.waiting import wait_until

CALL = {
    "hook_event_name": "PreToolUse",
    "tool_name": "Bash",
    "tool_input": {"command": "touch ran", "description": "make a file"},
    "cwd": "/srv/app",
}
RULES = [
    {"name": "no-rm", "decide": "deny", "command": "rm -r /"},
    {"name": "may-list", "decide": "allow", "command": "ls"},
]


def policy(default: str = "ask", **more: Any) -> dict[str, bytes]:
    content = {"v": 1, "default": default, "rules": RULES, **more}
    return {"policy.json": json.dumps(content).encode()}


def hooked(
    lab: ShimLab, call: Any, files: dict[str, bytes] | None = None, *, only: str = ""
) -> RunFolder:
    """Start a run whose command asks by the hook and writes down what it got."""
    text = call if isinstance(call, str) else json.dumps(call)
    spec = lab.spec(
        sh='echo up; "$PY" -I -S "$SHIM" hook "$RUN" $ONLY < "$RUN/call" > "$RUN/out"'
        ' 2> "$RUN/err";'
        ' echo $? > "$RUN/.code"; mv "$RUN/.code" "$RUN/code"; until [ -e "$RUN/go" ]; do'
        " sleep 0.02; done",
    )
    place = lab.home / "runs" / spec.run_id.replace(".", "/")
    env = {"PY": sys.executable, "SHIM": str(place / "shim.pyz"), "RUN": str(place), "ONLY": only}
    spec = replace(spec, env={**spec.env, **env})
    folder = lab.folder(spec, {**(policy() if files is None else files), "call": text.encode()})
    lab.start(folder)
    return folder


def journal(folder: RunFolder, kind: str) -> list[dict[str, Any]]:
    return [line for line in lines(folder) if line["kind"] == kind]


def asked(folder: RunFolder) -> dict[str, Any]:
    wait_until(lambda: journal(folder, "asked"), what="a question")
    return journal(folder, "asked")[0]


def ended(folder: RunFolder) -> tuple[int, Any, str]:
    """Wait for the hook; return its code, what it printed, and its complaint."""
    wait_until((folder.path / "code").exists, what="the hook's end")
    out = (folder.path / "out").read_text()
    code = int((folder.path / "code").read_text())
    return code, json.loads(out) if out else None, (folder.path / "err").read_text()


def answer(folder: RunFolder, n: int = 1, **data: Any) -> dict[str, Any]:
    return ask(folder, "answer", n=n, data=data)


def said(out: Any) -> tuple[str, str]:
    told = out["hookSpecificOutput"]
    return told["permissionDecision"], told["permissionDecisionReason"]


def test_call_is_held_until_a_person_allows_it(lab: ShimLab) -> None:
    folder = hooked(lab, CALL)
    line = asked(folder)
    assert line["ask"] == "1"
    assert (line["what"], line["tool"], line["text"]) == ("permission", "Bash", "make a file")
    assert line["input"] == CALL["tool_input"]
    assert not (folder.path / "code").exists()
    assert ask(folder, "status")["asks"] == ["1"]
    assert answer(folder, ask="1", decision="allow", text="go on", by="eve")["detail"] == "answered"
    code, out, _err = ended(folder)
    assert (code, said(out)) == (0, ("allow", "go on"))
    (told,) = journal(folder, "answered")
    assert (told["ask"], told["decision"], told["by"], told["via"]) == (
        "1",
        "allow",
        "eve",
        "person",
    )
    assert journal(folder, "ack")[0]["n"] > told["n"]


def test_person_may_change_what_is_done(lab: ShimLab) -> None:
    folder = hooked(lab, CALL)
    asked(folder)
    answer(folder, ask="1", decision="allow", input={"command": "true"})
    _code, out, _err = ended(folder)
    assert out["hookSpecificOutput"]["updatedInput"] == {"command": "true"}


def test_denied_call_is_told_why(lab: ShimLab) -> None:
    folder = hooked(lab, CALL)
    asked(folder)
    answer(folder, ask="1", decision="deny", text="not today")
    code, out, _err = ended(folder)
    assert (code, said(out)) == (0, ("deny", "not today"))


def test_permission_request_is_answered_in_its_own_form(lab: ShimLab) -> None:
    folder = hooked(lab, {**CALL, "hook_event_name": "PermissionRequest"})
    asked(folder)
    answer(folder, ask="1", decision="deny", text="no")
    out = ended(folder)[1]
    assert out["hookSpecificOutput"]["decision"] == {"behavior": "deny", "message": "no"}


def test_policy_decides_at_once(lab: ShimLab) -> None:
    forbidden = {**CALL, "tool_input": {"command": "rm -rf /"}}
    folder = hooked(lab, forbidden, policy("allow"))
    code, out, _err = ended(folder)
    assert (code, said(out)[0]) == (0, "deny")
    assert journal(folder, "answered")[0]["via"] == "policy"
    listed = hooked(lab, {**CALL, "tool_input": {"command": "ls"}})
    assert said(ended(listed)[1])[0] == "allow"
    open_ = hooked(lab, CALL, policy("allow"))
    assert ended(open_)[:2] == (0, None)  # the program's own rules go on
    assert not journal(open_, "asked")


def test_plain_question_is_answered_by_text(lab: ShimLab) -> None:
    question = {"what": "question", "text": "Which port?", "options": ["80", "8080"]}
    folder = hooked(lab, question)
    line = asked(folder)
    assert (line["what"], line["options"]) == ("question", ["80", "8080"])
    with pytest.raises(ShimRefused) as refused:
        answer(folder, ask="1", decision="allow")
    assert refused.value.answer["error"] == "unknown_decision"
    answer(folder, n=2, ask="1", decision="answer", text="8080")
    assert ended(folder)[:2] == (0, {"decision": "answer", "text": "8080"})


@pytest.mark.parametrize(
    ("call", "files"),
    [
        ("no json", None),
        ("[]", None),
        ('{"hook_event_name":"PreToolUse"}', None),
        ({**CALL, "tool_input": "text"}, None),
        ({**CALL, "hook_event_name": "Stop"}, policy("allow")),
        ({"what": "permission", "tool": "Bash"}, {"policy.json": b"{"}),
        ({"what": "permission", "tool": "Bash"}, policy("sometimes")),
        ({"what": "permission", "tool": "Bash"}, policy("allow", rules=[{}])),
        (json.dumps({**CALL, "tool_input": {"command": "x" * 1_000_000}}), policy("allow")),
    ],
)
def test_what_cannot_be_understood_is_denied(
    lab: ShimLab, call: Any, files: dict[str, bytes] | None
) -> None:
    code, _out, err = ended(hooked(lab, call, files))
    assert code == 2
    assert err


def test_broken_policy_denies_a_call_of_claude(lab: ShimLab) -> None:
    out = ended(hooked(lab, CALL, {"policy.json": b"nonsense"}))[1]
    assert said(out) == ("deny", "The policy cannot be evaluated: ValueError.")


def test_without_a_policy_everything_is_asked(lab: ShimLab) -> None:
    folder = hooked(lab, CALL, {})
    asked(folder)
    answer(folder, ask="1", decision="allow")
    assert ended(folder)[0] == 0


def test_question_that_nobody_answers_runs_out(lab: ShimLab) -> None:
    folder = hooked(lab, CALL, policy(wait_ms=50))
    code, out, _err = ended(folder)
    assert (code, said(out)) == (0, ("deny", "Nobody answered in time."))
    assert journal(folder, "answered")[0]["via"] == "policy"
    with pytest.raises(ShimRefused) as refused:
        answer(folder, ask="1", decision="allow")
    assert refused.value.answer["error"] == "no_such_ask"


def test_answer_is_performed_once(lab: ShimLab) -> None:
    folder = hooked(lab, CALL)
    asked(folder)
    answer(folder, ask="1", decision="deny")
    assert answer(folder, ask="1", decision="allow") == {"ok": True, "again": True}
    with pytest.raises(ShimRefused):
        answer(folder, n=2, ask="1", decision="allow")
    assert said(ended(folder)[1])[0] == "deny"
    assert [line["decision"] for line in journal(folder, "answered")] == ["deny"]


@pytest.mark.parametrize("data", [None, {}, {"ask": 1}, {"ask": "7", "decision": "allow"}])
def test_answers_to_nothing_are_refused(lab: ShimLab, data: Any) -> None:
    folder = hooked(lab, CALL)
    asked(folder)
    with pytest.raises(ShimRefused):
        ask(folder, "answer", n=1, data=data)
    assert ask(folder, "status")["asks"] == ["1"]


def test_killed_shim_lets_no_call_through(lab: ShimLab) -> None:
    folder = hooked(lab, CALL)
    asked(folder)
    end(ask(folder, "status")["pid"])
    # Where the kernel does not take the command along, the hook itself sees the socket close.
    if (folder.path / "code").exists():
        assert ended(folder)[0] == 2


def test_hook_without_a_shim_denies(tmp_path: Path, shim_image: Path) -> None:
    (tmp_path / "spec.json").write_text('{"run": 1}')
    for folder in (tmp_path, tmp_path / "none"):
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(shim_image), "hook", str(folder)],
            input=json.dumps(CALL).encode(),
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 2
        assert b"nobody could be asked" in done.stderr
        assert not done.stdout


@pytest.mark.parametrize("reply", [b"", b"garbage\n", b'{"ok":true}\n', b'{"ok":false}\n', b"x"])
def test_hook_denies_what_is_no_decision(tmp_path: Path, shim_image: Path, reply: bytes) -> None:
    (tmp_path / "spec.json").write_text('{"run": 1}')
    old = Path.cwd()
    listener = socket.socket(socket.AF_UNIX)
    os.chdir(tmp_path)
    try:
        listener.bind("ctl.sock")
    finally:
        os.chdir(old)
    listener.listen()
    listener.settimeout(60)
    with (
        listener,
        subprocess.Popen(
            [sys.executable, "-I", "-S", str(shim_image), "hook", str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as hook,
    ):
        assert hook.stdin is not None
        hook.stdin.write(json.dumps(CALL).encode())
        hook.stdin.close()
        client, _address = listener.accept()
        with client:
            client.recv(1 << 16)
            client.sendall(reply)
        assert hook.wait(60) == 2


def test_run_that_ends_closes_what_is_open(lab: ShimLab) -> None:
    folder = hooked(lab, CALL)
    asked(folder)
    ask(folder, "stop", n=1, data={"stage": "kill"})
    wait_until(lambda: folder.verdict() is not None, what="the verdict")
    (told,) = journal(folder, "answered")
    assert (told["decision"], told["via"]) == ("deny", "gone")


def test_hook_that_is_killed_takes_its_question_back(lab: ShimLab) -> None:
    folder = hooked(lab, CALL)
    asked(folder)
    me = [
        int(each.name)
        for each in Path("/proc").iterdir()
        if each.name.isdigit() and _command(each)[-2:] == ["hook", str(folder.path)]
    ]
    for pid in me:
        end(pid)
    wait_until(lambda: journal(folder, "answered"), what="the question closed")
    assert journal(folder, "answered")[0]["via"] == "gone"
    assert ask(folder, "status")["asks"] == []


def fake(lab: ShimLab, *steps: dict[str, Any]) -> RunFolder:
    """Start the fake agent with a script, where everything is allowed that no rule forbids."""
    program = (sys.executable, "-I", "-m", "claude_agent.agents.fake_agent")
    prompt = "[[fake]]\n" + "\n".join(json.dumps(step) for step in steps)
    spec = lab.spec(*program, stdin="stdin", protocol="jsonl")
    place = lab.home / "runs" / spec.run_id.replace(".", "/")
    env = {**spec.env, "CLAUDE_AGENT_OUTPUTS": str(place / "outputs.json")}
    folder = lab.folder(replace(spec, env=env), {**policy("allow"), "stdin": prompt.encode()})
    lab.start(folder)
    return folder


def test_fake_agent_asks_and_goes_on_with_the_answer(lab: ShimLab) -> None:
    folder = fake(lab, {"ask": {"text": "Which port?", "options": ["80"]}}, {"say": "thanks"})
    line = asked(folder)
    assert (line["what"], line["text"], line["options"]) == ("question", "Which port?", ["80"])
    answer(folder, ask="1", decision="answer", text="80")
    wait_until(lambda: folder.verdict() is not None, what="the verdict")
    assert verdict(folder).ok
    assert folder.outputs() == {"answer": "80"}


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_fake_agent_requests_an_approval(lab: ShimLab, decision: str) -> None:
    folder = fake(lab, {"request_approval": {"text": "May I?", "input": {"what": "all"}}})
    line = asked(folder)
    assert (line["what"], line["tool"], line["input"]) == (
        *("permission", "request_approval"),
        {"what": "all"},
    )
    answer(folder, ask="1", decision=decision, text="because")
    wait_until(lambda: folder.verdict() is not None, what="the verdict")
    assert verdict(folder).ok is (decision == "allow")
    assert (b"it was denied: because" in folder.tail(4000)) is (decision == "deny")


def _command(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_text().rstrip("\0").split("\0")
    except OSError:
        return []


SELF = """
import json, os, socket
s = socket.socket(socket.AF_UNIX)
s.connect("ctl.sock")
s.sendall(json.dumps({"kind": "answer", "run": 1, "fence": 3, "n": 9,
                      "data": {"ask": "1", "decision": "allow"}}).encode() + b"\\n")
print(s.recv(1000).decode(), flush=True)
"""


def test_agent_cannot_answer_itself(lab: ShimLab) -> None:
    spec = lab.spec(sys.executable, "-c", SELF)
    place = lab.home / "runs" / spec.run_id.replace(".", "/")
    folder = lab.run(replace(spec, cwd=str(place)))
    assert json.loads(folder.tail(1000)) == {"error": "own_run", "ok": False}
    assert not journal(folder, "ack")


def test_hook_of_a_screen_leaves_questions_to_it_and_denies_all_the_same(lab: ShimLab) -> None:
    for command, wanted in (("touch ran", None), ("rm -rf /", "deny")):
        folder = hooked(lab, {**CALL, "tool_input": {"command": command}}, only="deny")
        code, out, _err = ended(folder)
        assert (code, out and said(out)[0]) == (0, wanted)
