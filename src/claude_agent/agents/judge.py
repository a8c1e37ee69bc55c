"""What the end of a run, of its gates or of a probe means; evidence E1 to E5."""

import re
from collections.abc import Mapping, Sequence

from claude_agent.agents.adapter import Adapter, AgentEvent, Ending, Outcome
from claude_agent.agents.limit_words import reset_of
from claude_agent.agents.run_folder import RunFolder, Verdict
from claude_agent.core.run_control import Ended
from claude_agent.domain.account import LIMITED
from claude_agent.domain.definition_parts import Data, JsonObject
from claude_agent.domain.json_schema import check_value
from claude_agent.domain.retry import Failure
from claude_agent.domain.task import Task
from claude_agent.domain.task_result import misfits, object_in, schema_of
from claude_agent.errors import ClaudeAgentError

TAIL_BYTES = 4096
TAIL_LINES = 12
HINT = "hint: "
"""How a line of advice begins: those that actions print after an error."""
_OWN_FAILURES = frozenset({"exit", "agent_error", "no_terminal_event"})
"""Ends of which the agent's own words tell more than we know."""
_NO_RESULT = "The agent gave no result: it did not call complete_task, and"
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain_text(raw: bytes) -> str:
    """Return terminal output as harmless text: escapes removed, bad bytes replaced."""
    text = _ESCAPES.sub(b"", raw.replace(b"\r\n", b"\n")).decode("utf-8", "replace")
    return _CONTROL.sub("", text)


def judge_run(
    task: Task, adapter: Adapter, folder: RunFolder, verdict: Verdict, seen: Sequence[AgentEvent]
) -> Ended:
    """Return how a run ended: the adapter's conclusion, then the result it owes.

    What the agent itself reported stands over its final text; `task` is as it stands now.
    """
    outputs, problem = _outputs(folder)
    ending = Ending(
        code=verdict.code,
        signal=verdict.signal,
        error=verdict.error,
        stopped=verdict.stopped,
        outputs=outputs,
    )
    outcome = adapter.finish(seen, ending)
    report = task.report or {}
    delivered = {**outcome.outputs, **(report.get("result") or {})}
    evidence = dict.fromkeys(outcome.evidence)
    if report.get("result") is not None:
        evidence["E4"] = None
    if _gave_up(report, outcome):
        failure: Failure | None = Failure(
            kind="agent_error",
            message=f"The agent says that it failed: {report['message']}",
            exit_code=verdict.code,
            retryable=bool(report["retryable"]),
        )
    elif not outcome.ok:
        failure = _failure(outcome, verdict, folder, seen)
    else:
        own = outputs is not None or report.get("result") is not None
        delivered, wrong = _owed(task, delivered, "" if own else outcome.message)
        wrong = problem or wrong
        failure = Failure(kind="outputs", message=wrong) if wrong else None
    return Ended(
        verdict=verdict.to_data(),
        failure=failure,
        outputs=delivered or None,
        evidence=_worth(tuple(evidence), failure),
    )


def _gave_up(report: Data, outcome: Outcome) -> bool:
    return report.get("kind") == "fail" and (outcome.ok or outcome.kind in _OWN_FAILURES)


def _failure(
    outcome: Outcome, verdict: Verdict, folder: RunFolder, seen: Sequence[AgentEvent]
) -> Failure:
    message = outcome.message
    if outcome.kind in ("exit", "no_terminal_event"):
        message += _said(folder)
    return Failure(
        kind=outcome.kind,
        message=message,
        exit_code=verdict.code,
        retryable=outcome.retryable,
        reset=reset_of(seen, message, verdict.ended_at) if outcome.kind == LIMITED else None,
    )


def _owed(task: Task, delivered: JsonObject, text: str) -> tuple[JsonObject, str]:
    """Return what a task delivers, and what is wrong with it.

    `text`: the final text of an agent that handed nothing over otherwise.
    """
    spec = task.spec
    wrong = check_outputs(spec.outputs, delivered) or _misfit(task, delivered)
    if spec.kind != "prompt" or not text or not (wrong or spec.result_schema):
        return delivered, wrong
    found = object_in(text)
    if found is None:
        return delivered, f"{wrong} {_NO_RESULT} its final text is no JSON object.".lstrip()
    wrong = "; ".join(misfits(spec, found))
    return {
        **delivered,
        **found,
    }, f"{_NO_RESULT} its final text does not fit: {wrong}." if wrong else ""


def _misfit(task: Task, delivered: Data) -> str:
    # A summary is added by us: what the schema does not name does not stand against it.
    named = schema_of(task.spec).get("properties", {})
    own = {name: x for name, x in delivered.items() if name in named or name != "summary"}
    wrong = misfits(task.spec, own)
    return f"The result does not fit its schema: {'; '.join(wrong)}." if wrong else ""


def _worth(evidence: Sequence[str], failure: Failure | None) -> tuple[str, ...]:
    """Return what it rests on: a result that does not fit what was asked for is no evidence."""
    misfit = failure is not None and failure.kind == "outputs"
    return tuple(level for level in evidence if not (misfit and level == "E4"))


def judge_checks(verdict: Verdict, folder: RunFolder) -> Failure | None:
    """Return why gates or a probe did not pass, or None."""
    if verdict.error is None and verdict.code == 0:
        return None
    name = verdict.failed or "a gate"
    how = f"exited with {verdict.code}" if verdict.code is not None else "was stopped"
    message = verdict.error or f"The gate {name} {how}.{_said(folder)}"
    return Failure(kind="gate", message=message, exit_code=verdict.code)


def _said(folder: RunFolder) -> str:
    """Return the last thing that was said as a sentence; advice that follows it is no reason."""
    lines = last_lines(folder)
    kept = [line for line in lines if not line.startswith((HINT, "{"))] or lines
    return f" It said: {kept[-1][:300]}" if kept else ""


def _outputs(folder: RunFolder) -> tuple[Mapping[str, object] | None, str | None]:
    try:
        return folder.outputs(), None
    except ClaudeAgentError as error:
        return None, error.detail


def check_outputs(
    schemas: Mapping[str, Mapping[str, object]], delivered: Mapping[str, object]
) -> str:
    """Return what is wrong with the outputs a task owes, or nothing."""
    for name, schema in schemas.items():
        if name not in delivered:
            return f"It did not deliver the output {name}."
        # Not by a library: `$ref` names files elsewhere, `pattern` may backtrack for ever.
        for place, wrong in check_value(schema, delivered[name]):
            return f"The output {name}{place} {wrong}."
    return ""


def last_lines(folder: RunFolder) -> list[str]:
    """Return the last lines that are not empty, as harmless text."""
    text = plain_text(folder.tail(TAIL_BYTES))
    return [line.strip() for line in text.splitlines() if line.strip()][-TAIL_LINES:]
