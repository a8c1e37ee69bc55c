"""Approvals and tokens as tables, and everything that is approved in clear text."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from claude_agent.cli.output import View
from claude_agent.cli.text import counted, duration, harmless, one_line
from claude_agent.cli.views.common import as_items, clock_text, fields, more, now_ms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from claude_agent.cli.look import Cell, Look
    from claude_sdk.wire_approvals import (
        Approval,
        ApprovalPage,
        ApprovalRule,
        ApprovalRules,
        Token,
        TokenMade,
    )

ADVISORY = (
    "Advisory: there is no sandbox here. A command that runs as the same user can go round "
    "an approval."
)
_DIFF_LINES = 200


def approvals(page: ApprovalPage) -> View:
    """Show a page of approvals."""

    def table(look: Look) -> list[str]:
        now = now_ms()
        head = ("ref", "state", "agent", "asked by", "rule", "time left", "title")
        rows = [_row(one, look, now) for one in page["items"]]
        lines = look.table(head, rows, elastic=6) if rows else ["No approvals."]
        foot = [look.paint(ADVISORY, "dim")] if page["advisory"] and rows else []
        return [*lines, *more(page["next"], look), *foot]

    return View(document=page, items=as_items(page["items"]), name="ref", table=table)


def _row(one: Approval, look: Look, now: int) -> list[str | Cell]:
    return [
        one["ref"],
        look.state(one["shown"]),
        one["agent"],
        one["requester"],
        one["rule"],
        _left(one, now),
        one["title"],
    ]


def _left(one: Approval, now: int) -> str:
    if one["due_at"] is None or one["state"] != "requested":
        return ""
    then = {"approve": "approved", "reject": "rejected", "escalate": "escalated"}
    return f"{duration(one['due_at'] - now)}, then {then.get(one['on_due'] or '', 'ended')}"


def approval(one: Approval, address: str) -> View:
    """Show one approval with exactly what it lets run."""

    def table(look: Look) -> list[str]:
        return [*_head(one, address, look), "", *what_lines(one, look)]

    return View(document=one, items=as_items([one]), name="ref", table=table)


def _head(one: Approval, address: str, look: Look) -> list[str]:
    votes = ", ".join(vote["by"] for vote in one["votes"])
    needed = f"{len(one['votes'])} of {one['quorum']} ({votes or 'nobody yet'})"
    decided = one["decided_by"] or ""
    if one["decided_rule"]:
        decided += f" (let by {one['decided_rule']})"
    pairs: list[tuple[str, str | Cell]] = [
        ("approval", one["ref"]),
        ("state", look.state(one["shown"])),
        ("title", one["title"]),
        ("question", one["prompt"]),
        ("asked by", f"{one['requester']} ({one['requester_kind']})"),
        ("rule", f"{one['rule']}: {one['decide']}"),
        ("deciders", ", ".join(one["deciders"]) or "operator, approver"),
        ("approvals", needed if one["quorum"] > 1 else ""),
        ("time left", _left(one, now_ms())),
        ("decided by", decided),
        ("note", one["note"]),
        ("reason", one["reason"] or ""),
        ("form", ", ".join(_field(name, rule) for name, rule in one["form"].items())),
        ("page", address),
    ]
    lines = fields(pairs, look)
    return [*lines, look.paint(ADVISORY, "waiting")] if one["advisory"] else lines


def _field(name: str, rule: Any) -> str:
    kind = rule.get("type", "any") if isinstance(rule, dict) else "any"
    return f"{name} ({kind})"


def what_lines(one: Approval, look: Look) -> list[str]:
    """Return everything that would run, in words that cannot steer the terminal."""
    what: Mapping[str, Any] = one["what"]
    if one["problem"]:
        return [look.paint(f"It cannot run as it stands: {one_line(one['problem'])}", "failed")]
    if not what:
        return ["What would run is not known yet."]
    if one["subject"] == "step":
        return [*_values(what), f"digest     {one['digest']}"]
    return [*_command(what), *_setting(what), f"digest     {one['digest']}", *_diff(what, look)]


def _values(what: Mapping[str, Any]) -> Iterator[str]:
    for name, value in what.items():
        for line in harmless(value if isinstance(value, str) else _json(value)).splitlines():
            yield f"{name}: {line}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, indent=2)


def _command(what: Mapping[str, Any]) -> Iterator[str]:
    yield f"{what['kind']}:"
    for line in harmless(str(what["text"])).splitlines():
        yield f"    {line}"
    yield f"argv       {one_line(' '.join(_quoted(word) for word in what['argv']))}"
    yield f"cwd        {one_line(str(what['cwd']))}"
    yield f"agent      {one_line(str(what['agent']))} by {one_line(str(what['adapter']))}"
    for gate in what["gates"]:
        yield f"gate       {one_line(str(gate))}"
    if what["verify"]:
        yield f"verify     {one_line(str(what['verify']))}"


def _quoted(word: str) -> str:
    return shlex.quote(word)


def _setting(what: Mapping[str, Any]) -> Iterator[str]:
    for name, value in what["env_set"].items():
        yield f"env        {one_line(name)}={one_line(str(value))}"
    let = [name for name in what["env_names"] if name not in what["env_set"]]
    yield f"env names  {one_line(', '.join(let))}"
    limits = {name[:-3]: ms for name, ms in what["limits"].items() if ms is not None}
    told = ", ".join(f"{name} {duration(ms)}" for name, ms in limits.items())
    attempts = counted(what["max_attempts"], "attempt")
    yield f"limits     {attempts}{', ' + told if told else ''}"
    for path, mark in what["files"].items():
        yield f"file       {one_line(path)} {one_line(str(mark))[:16]}"
    if what["repo"]:
        repo = what["repo"]
        yield f"commit     {one_line(repo['commit']) or 'none yet'} in {one_line(repo['top'])}"


def _diff(what: Mapping[str, Any], look: Look) -> Iterator[str]:
    lines = harmless(str(what["diff"])).splitlines()
    if not lines:
        return
    yield "uncommitted changes:"
    for line in lines[:_DIFF_LINES]:
        family = {"+": "ok", "-": "failed"}.get(line[:1], "dim")
        yield look.paint(f"    {line}", family)
    if len(lines) > _DIFF_LINES or what["diff_cut"]:
        yield look.paint("    (more: -o json)", "dim")


def rules(document: ApprovalRules) -> View:
    """Show the policy in the order in which it is asked."""

    def table(look: Look) -> list[str]:
        rows = [_rule(rule) for rule in document["rules"]]
        rows.append(["", "what a person submits", document["default"], "", ""])
        rows.append(["", "what an agent asks for", document["agent_requests"], "", ""])
        head = ("rule", "when", "decides", "by", "time")
        lines = look.table(head, rows, elastic=1)
        return [*lines, look.paint(ADVISORY, "waiting")] if document["advisory"] else lines

    items = as_items(document["rules"])
    return View(document=document, items=items, name="rule", table=table)


def _rule(rule: ApprovalRule) -> list[str | Cell]:
    when = ", ".join(f"{name} {_text(value)}" for name, value in rule["match"].items())
    times = []
    if rule["countdown_ms"]:
        times.append(f"countdown {duration(rule['countdown_ms'])}")
    if rule["expires_ms"]:
        times.append(f"{duration(rule['expires_ms'])}, then {rule['on_expire']}")
    by = ", ".join(rule["deciders"])
    by += f" ({rule['quorum']} of them)" if rule["quorum"] > 1 else ""
    return [rule["rule"], when or "always", rule["decide"], by, ", ".join(times)]


def _text(value: object) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)


def tokens(found: Sequence[Token]) -> View:
    """Show who has a token."""

    def table(look: Look) -> list[str]:
        rows: list[list[str | Cell]] = [
            [
                token["name"],
                token["role"],
                clock_text(token["created_at"]),
                token["created_by"],
                "revoked" if token["revoked_at"] else "",
            ]
            for token in found
        ]
        return look.table(("name", "role", "made", "by", ""), rows) if rows else ["No tokens."]

    return View(document={"items": found}, items=as_items(found), name="name", table=table)


def token_made(document: TokenMade) -> View:
    """Show a new token, once."""
    return View(
        document=document,
        items=as_items([document]),
        name="token",
        table=lambda _: [document["token"]],
    )
