"""`claude-agent question`, against a stand-in server."""

from tests import question_samples as samples
from tests.unit.cli.conftest import Cli
from tests.wire_server import WireServer


def test_list_shows_what_waits_and_status_says_so(server: WireServer, cli: Cli) -> None:
    assert cli("question", "list").out == "No questions.\n"
    old = samples.question(ref="QU02", id="2", task_id="t2", state="answered")
    server.world.questions += [samples.question(), old]
    assert cli("question", "list", "-o", "name").out.split() == ["QU01"]
    assert cli("question", "list", "--all", "-o", "name").out.split() == ["QU01", "QU02"]
    assert cli("question", "list", "--agent", "nobody").out == "No questions.\n"
    assert "Bash git push origin main" in cli("question", "list", "--state", "open").out
    assert "1 question waits for an answer: claude-agent question list" in cli("status").out


def test_show_prints_all_that_is_asked_and_how_to_answer(server: WireServer, cli: Cli) -> None:
    evil = {"command": "echo \x1b[2Jx\nrm -rf build", "list": [1]}
    server.world.questions.append(samples.question(input=evil, options=["a"]))
    out = cli("question", "show", "QU01").out
    assert "\x1b" not in out
    assert "    rm -rf build" in out
    assert "claude-agent question allow QU01" in out
    assert 'claude-agent question deny QU01 "why not"' in out
    assert cli("question", "show", "NONE").code == 5


def test_allow_deny_and_answer(server: WireServer, cli: Cli) -> None:
    asked = samples.question(ref="QU02", id="2", task_id="t2", what="question", text="Port?")
    third = samples.question(ref="QU03", id="3", task_id="t3")
    server.world.questions += [samples.question(), asked, third]
    assert 'question answer QU02 "..."' in cli("question", "show", "QU02").out
    allowed = cli("question", "allow", "QU01", "--note", "fine")
    assert allowed.err == "QU01: allow. backend-api is told.\n"
    assert server.world.questions[0]["note"] == "fine"
    assert cli("question", "answer", "QU02", "8080", "-o", "json").code == 0
    assert server.world.questions[1]["said"] == "8080"
    assert cli("question", "deny", "QU03", "not today").code == 0
    assert server.world.questions[2]["said"] == "not today"
    late = cli("question", "deny", "QU01")
    assert (late.code, "answered already" in late.err) == (6, True)


def test_words_that_people_try_lead_here(cli: Cli) -> None:
    assert "Did you mean question allow?" in cli("allow", "X").err
