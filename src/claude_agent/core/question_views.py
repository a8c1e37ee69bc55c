"""What clients are shown of questions."""

import json

from claude_agent.core.views import Wire
from claude_agent.domain import vocabulary
from claude_agent.domain.question import WORDS, Question

_SHOWN = ("command", "cmd", "file_path", "path", "url", "query", "pattern")
_LINE = 200


def question_view(one: Question, *, advisory: bool) -> Wire:
    """Return the wire form; `advisory`: nothing but good manners keeps the agent to the answer."""
    return {
        "id": one.id,
        "ref": one.ref,
        "task_id": one.task_id,
        "run": one.run,
        "execution_id": one.execution_id or None,
        "step_id": one.step_id or None,
        "agent": one.agent,
        "title": one.title,
        "what": one.what,
        "tool": one.tool,
        "input": dict(one.input),
        "text": one.text,
        "options": list(one.options),
        "asks": asks(one),
        "answers": list(WORDS[one.what]),
        "state": one.state.value,
        "shown": vocabulary.QUESTION[one.state.value].to_data(),
        "created_at": one.created_at,
        "decision": one.decision or None,
        "by": one.by or None,
        "via": one.via or None,
        "said": one.said,
        "note": one.note,
        "given": dict(one.given) or None,
        "decided_at": one.decided_at,
        "delivered_at": one.delivered_at,
        "reason": one.reason or None,
        "advisory": advisory,
    }


def asks(one: Question) -> str:
    """Return what is asked in one line."""
    if one.what == "question":
        return " ".join(one.text.split())[:_LINE]
    named = (one.input.get(name) for name in _SHOWN)
    what = next((each for each in named if each), None)
    if what is None:
        what = one.text or (json.dumps(one.input, sort_keys=True) if one.input else "")
    if isinstance(what, list):
        what = " ".join(map(str, what))
    return " ".join(f"{one.tool} {what}".split())[:_LINE]
