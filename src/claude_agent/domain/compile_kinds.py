"""Compile the steps without a task: approval, wait, emit, switch."""

import re

from claude_agent.domain.compile_does import Scope
from claude_agent.domain.compile_reader import Cursor
from claude_agent.domain.compile_schemas import schemas
from claude_agent.domain.compile_values import duration
from claude_agent.domain.compile_who import filled
from claude_agent.domain.definition_kinds import Approval, Case, Emit, Wait
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.json_schema import FORMATS

APPROVAL_KEYS = (
    *("mode", "prompt", "approvers", "quorum", "expires", "on_expire", "on_reject", "rewind_to"),
    *("show", "form"),
)
MODES = ("auto", "manual", "reject")
ON_EXPIRE = ("approve", "reject", "escalate")
ON_REJECT = ("fail", "compensate", "rewind", "skip")
ENDS = ("for", "until", "signal", "event")
WAIT_KEYS = (*ENDS, "or_signal", "if")
EMIT_KEYS = ("type", "data")
CASE_KEYS = ("if", "then")
_MOST_APPROVERS = 100
EVENT = re.compile(r"[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)*")
"""What events may be called."""
SIGNAL = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
"""What signals may be called."""
OURS = ("execution.", "step.", "task.")


def read_kind(
    kind: str, cursor: Cursor | None, place: Cursor, scope: Scope, name: str
) -> Data | None:
    """Read what a step of this kind says under the key of its name; return the model's field."""
    if cursor is None:
        if kind == "approval":
            return {"approval": Approval()}
        place.fail(f"a step of type {kind} needs '{kind}'", _HINTS[kind])
        return None
    found = _READERS[kind](cursor, scope, name)
    return None if found is None else {kind: found}


def _approval(cursor: Cursor, scope: Scope, name: str) -> Approval | None:
    fields = cursor.fields(APPROVAL_KEYS)
    if fields is None:
        return None
    scope.uses.template(fields.get("prompt"), "step", name)
    get = fields.get
    on_reject = fields["on_reject"].choice(ON_REJECT) if "on_reject" in fields else None
    back = fields["rewind_to"].text() if "rewind_to" in fields else None
    if on_reject == "rewind" and "rewind_to" not in fields:
        fields["on_reject"].fail("on_reject: rewind needs a step", "write rewind_to: <a step>")
    elif on_reject != "rewind" and "rewind_to" in fields:
        fields["rewind_to"].fail("'rewind_to' needs on_reject: rewind")
    elif back is not None:
        scope.uses.names_step(fields["rewind_to"], back, name, "rewind to it")
    return Approval(
        mode=_mode(get("mode"), scope, name),
        prompt=(fields["prompt"].text() if "prompt" in fields else None) or "",
        approvers=_texts(get("approvers")),
        quorum=(fields["quorum"].integer(1, _MOST_APPROVERS) if "quorum" in fields else None) or 1,
        expires_ms=duration(fields["expires"], least_ms=1) if "expires" in fields else None,
        on_expire=(fields["on_expire"].choice(ON_EXPIRE) if "on_expire" in fields else None)
        or "reject",
        on_reject=on_reject or "fail",
        rewind_to=back,
        show=_shown(get("show"), scope, name),
        form=schemas(get("form")),
    )


def _mode(cursor: Cursor | None, scope: Scope, name: str) -> str:
    if cursor is None:
        return "manual"
    if isinstance(cursor.node.value, str) and "${{" in cursor.node.value:
        return scope.uses.whole(cursor, "step", name) or "manual"
    return cursor.choice(MODES) or "manual"


def _texts(cursor: Cursor | None) -> tuple[str, ...]:
    read = [each.text() for each in filled(cursor)]
    return tuple(text for text in read if text is not None)


def _shown(cursor: Cursor | None, scope: Scope, name: str) -> tuple[str, ...]:
    found = []
    for each in filled(cursor):
        text = each.text()
        if text is not None and text != "diff":
            scope.uses.path(each, name)
        if text is not None:
            found.append(text)
    return tuple(found)


def _wait(cursor: Cursor, scope: Scope, name: str) -> Wait | None:
    fields = cursor.fields(WAIT_KEYS)
    if fields is None:
        return None
    given = [key for key in ENDS if key in fields]
    if len(given) != 1:
        said = f"waits for both {' and '.join(given)}" if given else "waits for nothing"
        cursor.fail(f"{cursor.path} {said}", f"give it exactly one of {', '.join(ENDS)}")
        return None
    if "or_signal" in fields and given == ["signal"]:
        fields["or_signal"].fail("'or_signal' makes no sense beside 'signal'")
    if "if" in fields and given[0] in ("for", "until") and "or_signal" not in fields:
        fields["if"].fail("'if' here looks at an event or a signal, and this waits for a time")
    return Wait(
        for_=_for(fields["for"], scope, name) if "for" in fields else None,
        until=_until(fields["until"], scope, name) if "until" in fields else None,
        signal=_named(fields.get("signal"), SIGNAL, "a signal"),
        event=_named(fields.get("event"), EVENT, "an event"),
        or_signal=_named(fields.get("or_signal"), SIGNAL, "a signal"),
        if_=scope.uses.condition(fields["if"], "wait", name) if "if" in fields else None,
    )


def _for(cursor: Cursor, scope: Scope, name: str) -> int | str | None:
    if isinstance(cursor.node.value, str) and "${{" in cursor.node.value:
        return scope.uses.whole(cursor, "step", name)
    return duration(cursor)


def _until(cursor: Cursor, scope: Scope, name: str) -> str | None:
    text = cursor.text()
    if text is None:
        return None
    if "${{" in text:
        scope.uses.template(cursor, "step", name)
    elif not FORMATS["date-time"].fullmatch(text):
        hint = "write it like 2026-01-31T18:00:00+01:00"
        cursor.fail(f"'{cursor.path}' is no time with a zone: {cursor.shown()}", hint)
    return text


def _named(cursor: Cursor | None, pattern: re.Pattern[str], what: str) -> str | None:
    text = cursor.text() if cursor is not None else None
    if cursor is not None and text is not None and not pattern.fullmatch(text):
        hint = "lower-case words with dots, like deploy.finished" if pattern is EVENT else ""
        cursor.fail(f"'{text:.70}' cannot be the name of {what}", hint)
        return None
    return text


def event_name(cursor: Cursor) -> str | None:
    """Read the type of an event."""
    return _named(cursor, EVENT, "an event")


def _emit(cursor: Cursor, scope: Scope, name: str) -> Emit | None:
    fields = cursor.fields(EMIT_KEYS)
    if fields is None:
        return None
    if "type" not in fields:
        cursor.fail(f"{cursor.path} has no 'type'", "name the event: type: deploy.finished")
        return None
    said = event_name(fields["type"])
    if said is not None and said.startswith(OURS):
        fields["type"].fail(f"events named {said.partition('.')[0]}.* are said by the system alone")
    scope.uses.template(fields.get("data"), "step", name)
    data = fields["data"].mapping() if "data" in fields else None
    return Emit(
        type=said or "", data={key: each.node.plain() for key, each in (data or {}).items()}
    )


def _switch(cursor: Cursor, scope: Scope, name: str) -> tuple[Case, ...] | None:
    cases = filled(cursor)
    found = [_case(each, scope, name, last=each is cases[-1]) for each in cases]
    return tuple(case for case in found if case is not None) or None


def _case(cursor: Cursor, scope: Scope, name: str, *, last: bool) -> Case | None:
    fields = cursor.fields(CASE_KEYS)
    if fields is None:
        return None
    if "then" not in fields:
        cursor.fail(f"{cursor.path} has no 'then'", "name the steps that go on: then: [deploy]")
        return None
    if "if" not in fields and not last:
        cursor.fail(f"{cursor.path} has no 'if'", "only the last case may do without")
    then = fields["then"]
    listed = [then] if then.node.kind == "scalar" else filled(then)
    names = []
    for each in listed:
        text = each.text()
        if text is not None:
            scope.uses.chooses(each, text, name)
            names.append(text)
    return Case(
        then=tuple(dict.fromkeys(names)),
        if_=scope.uses.condition(fields["if"], "step", name) if "if" in fields else None,
    )


_READERS = {"approval": _approval, "wait": _wait, "emit": _emit, "switch": _switch}
_HINTS = {
    "wait": "write wait: {for: 10m}",
    "emit": "write emit: {type: deploy.finished}",
    "switch": "write switch: [{if: …, then: [a]}, {then: [b]}]",
}
