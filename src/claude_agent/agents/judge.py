"""What the end of a run, of its gates or of a probe means; evidence E1 to E5."""

import re
from collections.abc import Mapping, Sequence

from claude_agent.agents.adapter import Adapter, AgentEvent, Ending
from claude_agent.agents.run_folder import RunFolder, Verdict
from claude_agent.core.run_control import Ended
from claude_agent.domain.json_schema import check_value
from claude_agent.domain.retry import Failure
from claude_agent.domain.task import Task
from claude_agent.errors import ClaudeAgentError

TAIL_BYTES = 4096
TAIL_LINES = 12
HINT = "hint: "
"""How a line of advice begins: those that actions print after an error."""
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain_text(raw: bytes) -> str:
    """Return terminal output as harmless text: escapes removed, bad bytes replaced."""
    text = _ESCAPES.sub(b"", raw.replace(b"\r\n", b"\n")).decode("utf-8", "replace")
    return _CONTROL.sub("", text)


def judge_run(
    task: Task, adapter: Adapter, folder: RunFolder, verdict: Verdict, seen: Sequence[AgentEvent]
) -> Ended:
    """Return how a run ended: the adapter's conclusion, then the outputs it owes."""
    outputs, problem = _outputs(folder)
    ending = Ending(
        code=verdict.code,
        signal=verdict.signal,
        error=verdict.error,
        stopped=verdict.stopped,
        outputs=outputs,
    )
    outcome = adapter.finish(seen, ending)
    delivered = dict(outcome.outputs)
    failure = None
    if not outcome.ok:
        message = outcome.message
        if outcome.kind in ("exit", "no_terminal_event"):
            message += _said(folder)
        failure = Failure(
            kind=outcome.kind,
            message=message,
            exit_code=verdict.code,
            retryable=outcome.retryable,
        )
    elif problem is not None:
        failure = Failure(kind="outputs", message=problem)
    else:
        missing = check_outputs(task.spec.outputs, delivered)
        if missing:
            failure = Failure(kind="outputs", message=missing)
    return Ended(
        verdict=verdict.to_data(),
        failure=failure,
        outputs=delivered or None,
        evidence=tuple(outcome.evidence),
    )


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
