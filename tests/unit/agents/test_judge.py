import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from claude_agent.agents.adapters.fake import FakeAdapter
from claude_agent.agents.adapters.shell import ShellAdapter
from claude_agent.agents.judge import (
    check_outputs,
    judge_checks,
    judge_run,
    last_lines,
    plain_text,
)
from claude_agent.agents.run_folder import RunFolder, Verdict
from tests.unit.domain.making import running

WELL = Verdict(
    run_id="t.1",
    run=1,
    fence=1,
    code=0,
    signal=None,
    error=None,
    failed=None,
    index=0,
    started_at=1,
    ended_at=2,
    usage={},
    output_bytes=0,
    stopped=False,
    results=(),
)
BADLY = replace(WELL, code=3, failed="work")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def left(folder: RunFolder, outputs: object) -> None:
    (folder.path / "outputs.json").write_text(json.dumps(outputs))


def judged(folder: RunFolder, verdict: Verdict, **spec: Any) -> Any:
    return judge_run(running(**spec), ShellAdapter(), folder, verdict, [])


def test_command_that_exits_with_0_succeeded_with_its_outputs(folder: RunFolder) -> None:
    left(folder, {"x": 1})
    found = judged(folder, WELL, outputs={"x": {"type": "integer"}})
    assert (found.failure, found.outputs) == (None, {"x": 1})
    assert found.verdict["code"] == 0
    assert "E1" in found.evidence


def test_command_without_outputs_leaves_none(folder: RunFolder) -> None:
    assert judged(folder, WELL).outputs is None


def test_command_that_fails_says_its_last_line(folder: RunFolder) -> None:
    (folder.path / "output.log").write_bytes(b"one\n\x1b[31mAssertionError: no\x1b[0m\n\n")
    found = judged(folder, BADLY).failure
    assert (found.kind, found.exit_code, found.retryable) == ("exit", 3, True)
    assert found.message == "The command exited with 3. It said: AssertionError: no"


def test_advice_that_follows_an_error_is_not_its_reason(folder: RunFolder) -> None:
    (folder.path / "output.log").write_bytes(b"the port 80 is in use\nhint: Take another.\n")
    assert judged(folder, BADLY).failure.message.endswith(" It said: the port 80 is in use")
    (folder.path / "output.log").write_bytes(b"hint: Take another.\n")
    assert judged(folder, BADLY).failure.message.endswith(" It said: hint: Take another.")


def test_command_that_fails_silently_says_its_code(folder: RunFolder) -> None:
    assert judged(folder, BADLY).failure.message == "The command exited with 3."


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        (replace(WELL, code=None, error="digest_mismatch"), "digest_mismatch"),
        (replace(WELL, code=None, error="spawn: no such file"), "spawn"),
        (replace(WELL, code=None, signal=9), "killed"),
        (replace(WELL, stopped=True), "cancelled"),
    ],
)
def test_every_other_end_is_a_failure(folder: RunFolder, verdict: Verdict, kind: str) -> None:
    assert judged(folder, verdict).failure.kind == kind


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        (None, "It did not deliver the output x."),
        ({"y": 1}, "It did not deliver the output x."),
        ({"x": "1"}, "The output x must be"),
        ([1], "The outputs are not a JSON object."),
    ],
)
def test_success_without_the_outputs_that_are_owed_is_a_failure(
    folder: RunFolder, outputs: object, said: str
) -> None:
    if outputs is not None:
        left(folder, outputs)
    found = judged(folder, WELL, outputs={"x": {"type": "integer"}}).failure
    assert found.kind == "outputs"
    assert found.message.startswith(said)


def test_agent_that_ends_without_a_result_failed(folder: RunFolder) -> None:
    found = judge_run(running(kind="prompt"), FakeAdapter(), folder, WELL, [])
    assert found.failure is not None
    assert found.failure.kind == "no_terminal_event"


def test_check_outputs_names_the_place_that_does_not_fit() -> None:
    schema = {"x": {"type": "object", "properties": {"n": {"type": "integer"}}}, "any": {}}
    assert check_outputs(schema, {"x": {"n": 1}, "any": None}) == ""
    wrong = check_outputs(schema, {"x": {"n": "1"}, "any": 2})
    assert wrong.startswith("The output x.n must be")


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (BADLY, "The gate work exited with 3. It said: nope"),
        (replace(BADLY, failed=None), "The gate a gate exited with 3."),
        (replace(BADLY, code=None, signal=15), "The gate work was stopped."),
        (replace(WELL, code=None, error="spawn: none"), "spawn: none"),
    ],
)
def test_checks_that_did_not_pass_say_which_and_how(
    folder: RunFolder, verdict: Verdict, said: str
) -> None:
    (folder.path / "output.log").write_bytes(b"nope\n")
    found = judge_checks(verdict, folder)
    assert found is not None
    assert found.kind == "gate"
    assert found.message.startswith(said)


def test_checks_that_passed_are_no_failure(folder: RunFolder) -> None:
    assert judge_checks(WELL, folder) is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a\x1b[1;31mred\x1b[0m b", "ared b"),
        (b"\x1b]0;title\x07done\x1b]8;;http://x\x1b\\link", "donelink"),
        (b"a\r\nb\rc\x00\x07", "a\nbc"),
        (b"\xff\xfe ok", "\ufffd\ufffd ok"),
        ("a\u202eb\u2066c\x9bd".encode(), "abcd"),
        (b"tab\tkept\n", "tab\tkept\n"),
    ],
)
def test_plain_text_is_harmless(raw: bytes, text: str) -> None:
    assert plain_text(raw) == text


def test_last_lines_are_the_last_that_say_something(folder: RunFolder) -> None:
    (folder.path / "output.log").write_bytes(b"".join(b"%d\n\n" % n for n in range(50)))
    assert last_lines(folder) == [str(n) for n in range(38, 50)]


OWED = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def asked(folder: RunFolder, text: str, report: Any = None, **spec: Any) -> Any:
    """Judge a prompt whose agent ended well with a final text."""
    one = replace(running(kind="prompt", text="do it", **spec), report=report)
    line = {"fake": True, "type": "final", "ok": True, "text": text, "outputs": {"summary": text}}
    return judge_run(one, FakeAdapter(), folder, WELL, FakeAdapter().parse(line))


def told(**values: Any) -> Any:
    return {"kind": "complete", "result": None, "message": "", "retryable": True, **values}


def test_what_the_agent_reported_is_the_result_and_evidence(folder: RunFolder) -> None:
    found = asked(folder, "done", told(result={"n": 1}), result_schema=OWED)
    assert (found.failure, found.outputs) == (None, {"summary": "done", "n": 1})
    assert found.evidence == ("E1", "E3", "E4")


def test_a_final_text_is_the_result_where_the_agent_reported_none(folder: RunFolder) -> None:
    found = asked(folder, '```json\n{"n": 2}\n```', result_schema=OWED)
    assert (found.failure, found.outputs["n"]) == (None, 2)
    assert "E4" not in found.evidence


@pytest.mark.parametrize("wanted", [{"result_schema": OWED}, {"outputs": OWED["properties"]}])
def test_an_agent_that_gave_no_result_failed_with_clear_words(
    folder: RunFolder, wanted: Any
) -> None:
    found = asked(folder, "all done!", **wanted).failure
    assert found.kind == "outputs"
    assert "did not call complete_task, and its final text is no JSON object." in found.message
    found = asked(folder, '{"n": "two"}', **wanted).failure
    assert "its final text does not fit: result.n must be a whole number" in found.message


def test_result_file_that_does_not_fit_fails(folder: RunFolder) -> None:
    left(folder, {"n": "x"})
    found = asked(folder, "done", result_schema=OWED).failure
    assert found.kind == "outputs"
    assert "result.n must be a whole number, not 'x'" in found.message


def test_an_agent_that_says_it_failed_failed_though_its_program_ended_well(
    folder: RunFolder,
) -> None:
    report = told(kind="fail", message="no key", retryable=False)
    found = asked(folder, "done", report).failure
    assert (found.kind, found.retryable) == ("agent_error", False)
    assert found.message == "The agent says that it failed: no key"


def test_a_report_makes_no_success_of_a_run_that_failed(folder: RunFolder) -> None:
    one = replace(running(kind="prompt", text="do it"), report=told(result={"n": 1}))
    found = judge_run(one, FakeAdapter(), folder, BADLY, [])
    assert found.failure is not None
    assert found.failure.kind == "no_terminal_event"
    assert found.outputs == {"n": 1}
