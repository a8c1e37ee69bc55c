"""Compile when executions start, how many at once, what they may use and know."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from claude_agent.domain.compile_does import Scope
from claude_agent.domain.compile_kinds import event_name
from claude_agent.domain.compile_reader import Cursor, nearest
from claude_agent.domain.compile_values import SECRET, duration
from claude_agent.domain.compile_who import filled
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.definition_start import (
    ON_CONFLICT,
    ON_EXCEED,
    OVERLAPS,
    Budget,
    Concurrency,
    EventTrigger,
    Schedule,
    Triggers,
    Webhook,
)

TRIGGERS = ("schedule", "webhook", "event")
SCHEDULE_KEYS = ("cron", "tz", "catchup", "overlap", "inputs")
WEBHOOK_KEYS = ("path", "auth", "secret", "if", "inputs")
EVENT_KEYS = ("type", "if", "inputs")
CONCURRENCY_KEYS = ("key", "limit", "on_conflict")
BUDGET_KEYS = ("usd", "tokens", "minutes", "on_exceed")
CRON_NAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
AUTHS = ("hmac-sha256",)
_CRON_FIELD = re.compile(r"[0-9A-Za-z*/,#-]+")
_CRON_FIELDS = (5, 6)
PATH = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
"""What the path of a webhook may be."""
_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What triggers are checked against."""

    scope: Scope
    """The definition's."""
    secrets: Collection[str]
    """The declared secrets."""
    is_zone: Callable[[str], bool] | None
    """Whether there is a time zone of this name; None: not known here."""
    cron_problem: Callable[[str, str], str] | None = None
    """What is wrong with a cron expression in a time zone, or nothing; None: not known here."""


def read_secrets(cursor: Cursor | None) -> tuple[str, ...]:
    """Read the names of the secrets."""
    found: dict[str, None] = {}
    for each in filled(cursor):
        name = each.text()
        if name is None:
            continue
        if not SECRET.fullmatch(name):
            hint = "capital letters, digits and '_'; the value is set outside of the file"
            each.fail(f"'{name:.20}' cannot be the name of a secret", hint)
        elif name in found:
            each.fail(f"the secret '{name}' stands twice")
        found[name] = None
    return tuple(found)


def read_triggers(cursor: Cursor | None, around: Surroundings) -> Triggers:
    """Read what starts executions besides people."""
    fields = (cursor.fields(TRIGGERS) if cursor is not None else None) or {}
    return Triggers(
        schedule=_each(fields.get("schedule"), _schedule, around),
        webhook=_each(fields.get("webhook"), _webhook, around),
        event=_each(fields.get("event"), _event, around),
    )


def _each(
    cursor: Cursor | None, read: Callable[[Cursor, Surroundings], Any], around: Surroundings
) -> tuple[Any, ...]:
    found = [read(each, around) for each in filled(cursor)]
    return tuple(each for each in found if each is not None)


def _schedule(cursor: Cursor, around: Surroundings) -> Schedule | None:
    fields = cursor.fields(SCHEDULE_KEYS)
    if fields is None:
        return None
    if "cron" not in fields:
        cursor.fail(f"{cursor.path} has no 'cron'", 'write cron: "0 6 * * MON-FRI"')
        return None
    zone = fields["tz"].text() if "tz" in fields else None
    if zone is not None and around.is_zone is not None and not around.is_zone(zone):
        fields["tz"].fail(f"there is no time zone '{zone:.60}'", "write it like Europe/Rome")
        zone = None
    return Schedule(
        cron=_cron(fields["cron"], zone or "UTC", around),
        tz=zone or "UTC",
        catchup_ms=(duration(fields["catchup"]) if "catchup" in fields else None) or 0,
        overlap=(fields["overlap"].choice(OVERLAPS) if "overlap" in fields else None) or "skip",
        inputs=_inputs(fields.get("inputs"), around),
    )


def _cron(cursor: Cursor, zone: str, around: Surroundings) -> str:
    """Read the times; the short names are written out."""
    text = cursor.text() or ""
    parts = CRON_NAMES.get(text.strip().lower(), text).split()
    cron = " ".join(parts)
    if not text:
        return ""
    hint = 'minute, hour, day, month, weekday: "0 6 * * MON-FRI"'
    if len(parts) not in _CRON_FIELDS or not all(_CRON_FIELD.fullmatch(each) for each in parts):
        cursor.fail(f"'{text:.60}' is no cron expression", hint)
    elif around.cron_problem is not None and (wrong := around.cron_problem(cron, zone)):
        cursor.fail(f"'{text:.60}' {wrong}", hint)
    return cron


def _webhook(cursor: Cursor, around: Surroundings) -> Webhook | None:
    fields = cursor.fields(WEBHOOK_KEYS)
    if fields is None:
        return None
    missing = [key for key in ("path", "secret") if key not in fields]
    for key in missing:
        cursor.fail(f"{cursor.path} has no '{key}'", _WEBHOOK_HINTS[key])
    if missing:
        return None
    path = fields["path"].text() or ""
    if path and not PATH.fullmatch(path):
        hint = "lower-case letters, digits, '_' and '-'"
        fields["path"].fail(f"'{path:.60}' cannot be the path of a webhook", hint)
    secret = fields["secret"].text()
    if secret is not None:
        declared(fields["secret"], secret, around.secrets)
    return Webhook(
        path=path,
        auth=(fields["auth"].choice(AUTHS) if "auth" in fields else None) or AUTHS[0],
        secret=secret or "",
        if_=_condition(fields.get("if"), around),
        inputs=_inputs(fields.get("inputs"), around),
    )


def _event(cursor: Cursor, around: Surroundings) -> EventTrigger | None:
    fields = cursor.fields(EVENT_KEYS)
    if fields is None:
        return None
    if "type" not in fields:
        cursor.fail(f"{cursor.path} has no 'type'", "name the event: type: agent.release_ready")
        return None
    return EventTrigger(
        type=event_name(fields["type"]) or "",
        if_=_condition(fields.get("if"), around),
        inputs=_inputs(fields.get("inputs"), around),
    )


def _condition(cursor: Cursor | None, around: Surroundings) -> str | None:
    return around.scope.uses.condition(cursor, "trigger", "") if cursor is not None else None


def _inputs(cursor: Cursor | None, around: Surroundings) -> Data:
    around.scope.uses.template(cursor, "trigger")
    fields = (cursor.mapping() if cursor is not None else None) or {}
    known = around.scope.inputs
    for name, each in fields.items():
        if known is not None and name not in known:
            near = nearest(name, known)
            hint = f"did you mean '{near}'?" if near else f"there are {', '.join(known) or 'none'}"
            each.fail(f"the workflow has no input '{name:.60}'", hint)
    return {key: each.node.plain() for key, each in fields.items()}


def declared(place: Cursor, name: str, secrets: Collection[str]) -> bool:
    """Note a problem where a secret is not declared at the top."""
    if name in secrets:
        return True
    near = nearest(name, secrets)
    hint = f"did you mean '{near}'?" if near else f"write secrets: [{name:.60}] at the top"
    place.fail(f"the secret '{name:.60}' is not declared", hint)
    return False


def read_concurrency(cursor: Cursor | None, scope: Scope) -> Concurrency | None:
    """Read how many executions with one key run at once."""
    fields = cursor.fields(CONCURRENCY_KEYS) if cursor is not None else None
    if cursor is None or fields is None:
        return None
    if "key" not in fields:
        cursor.fail(f"{cursor.path} has no 'key'", 'write key: "deploy-${{ inputs.env }}"')
        return None
    scope.uses.template(fields["key"], "start")
    return Concurrency(
        key=fields["key"].text() or "",
        limit=(fields["limit"].integer(1, _MOST) if "limit" in fields else None) or 1,
        on_conflict=(fields["on_conflict"].choice(ON_CONFLICT) if "on_conflict" in fields else None)
        or "queue",
    )


def read_budget(cursor: Cursor | None) -> Budget | None:
    """Read what an execution may use."""
    fields = cursor.fields(BUDGET_KEYS) if cursor is not None else None
    if cursor is None or fields is None:
        return None
    if not {"usd", "tokens", "minutes"} & set(fields):
        cursor.fail(f"{cursor.path} limits nothing", "give it usd, tokens or minutes")
    return Budget(
        usd=fields["usd"].number(0, 1e9) if "usd" in fields else None,
        tokens=fields["tokens"].integer(0, 10**15) if "tokens" in fields else None,
        minutes=fields["minutes"].number(0, 1e9) if "minutes" in fields else None,
        on_exceed=(fields["on_exceed"].choice(ON_EXCEED) if "on_exceed" in fields else None)
        or "ask",
    )


_WEBHOOK_HINTS = {
    "path": "the last part of its address: path: deploy",
    "secret": "the name of the secret that signs: secret: DEPLOY_HOOK",
}
