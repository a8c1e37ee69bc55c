"""Texts of a Dagu workflow: parameters, environment, scripts, preconditions."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from claude_agent.core.importing.report import (
    Report,
    each,
    entries,
    heredoc,
    name_of,
    shell_quoted,
    text,
)
from claude_agent.domain.node import Node

_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")
_TYPES = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}


def parameters(node: Node | None, report: Report) -> dict[str, Any]:
    """Return the inputs that `params` declares: text, a list, or a mapping."""
    found: dict[str, Any] = {}
    for name, value, holder in _named(node):
        if not name:
            report.note(holder, "params", f"`{value[:60]}` has no name: give it one")
            continue
        fields = entries(holder) if holder.kind == "map" else {}
        schema = {"type": _TYPES.get(text(fields.get("type")), "string")}
        plain = fields["default"].value if "default" in fields else value
        found[name_of(name)] = {**schema, "default": value if schema["type"] == "string" else plain}
    return found


def _named(node: Node | None) -> Iterator[tuple[str, str, Node]]:
    for one in each(node):
        if one.kind == "map":
            fields = entries(one)
            if "name" in fields:
                yield text(fields["name"]), text(fields.get("default")), one
            else:
                yield from ((key, text(value), value) for key, value in fields.items())
            continue
        try:
            words = shlex.split(text(one))
        except ValueError:
            words = [text(one)]
        for word in words:
            name, equals, value = word.partition("=")
            known = bool(equals) and re.fullmatch(r"[A-Za-z_]\w*", name) is not None
            yield (name, value, one) if known else ("", word, one)


def environment(node: Node | None, report: Report, path: str) -> dict[str, str]:
    """Return variables: a mapping, a list of mappings, or `K=V` texts."""
    found: dict[str, str] = {}
    for name, value, holder in _named(node):
        if not name or not re.fullmatch(r"[A-Za-z_]\w*", name):
            report.note(holder, path, f"`{value[:60]}` is no variable")
        elif "$" in value or "`" in value:
            report.note(holder, f"{path}.{name}", "a value that is computed: set it in `run`")
        else:
            found[name] = value
    return found


def script_of(fields: Mapping[str, Node], variable: str) -> str:
    """Return the shell text of a step; empty: it runs nothing of its own."""
    lines = [_command(one) for one in each(fields.get("run")) or each(fields.get("command"))]
    commands = "\n".join(line for line in lines if line)
    script = text(fields.get("script"))
    if script and commands:  # the command reads the script
        body, command = script, commands
    else:
        body, command = script or commands, _shell(fields)
    if not body.strip():
        return ""
    folder = text(fields.get("working_dir") or fields.get("dir"))
    before = [f'cd "{folder}"'] if folder else []
    if not variable:
        return "\n".join(["set -e", *before, *heredoc(body, command, "STEP")]) + "\n"
    inner = "\n".join(heredoc(body, command, "STEP"))
    told = "import json, sys; print(json.dumps({sys.argv[1]: sys.argv[2]}))"
    hand = f'python3 -c \'{told}\' {variable} "${variable}" > "$CLAUDE_AGENT_OUTPUTS"'
    captured = f"{variable}=$(cat <<'CAPTURED' | sh -e\n{inner}\nCAPTURED\n)"
    shown = f"printf '%s\\n' \"${variable}\""
    return "\n".join(["set -e", *before, captured, shown, hand]) + "\n"


def _command(node: Node) -> str:
    if node.kind == "list":
        return shlex.join(text(one) for one in node.items)
    return text(node)


def _shell(fields: Mapping[str, Node]) -> str:
    said = text(fields.get("shell") or entries(fields.get("with")).get("shell")) or "sh"
    words = said.split()
    return (
        said
        if "-e" in words or words[0] not in ("sh", "bash", "/bin/sh", "/bin/bash")
        else f"{said} -e"
    )


def checked(
    given: Iterable[Node], inputs: Mapping[str, Any], report: Report, path: str
) -> tuple[list[str], str]:
    """Return (conditions over inputs, shell text that checks the others and says `ok`)."""
    plain: list[str] = []
    tests: list[str] = []
    for node in given:
        fields = entries(node)
        said = text(fields.get("condition")) if fields else text(node)
        wanted, turned = fields.get("expected"), text(fields.get("negate")) == "true"
        if not said:
            report.note(node, f"{path}.preconditions", "it has no condition")
            continue
        variable = _VARIABLE.fullmatch(said.strip())
        expected = text(wanted)
        if variable and variable[1] in inputs and wanted is not None and expected[:3] != "re:":
            value = expected.replace("\\", "\\\\").replace("'", "\\'")
            operator = "!=" if turned else "=="
            plain.append(f"string(inputs.{variable[1]}) {operator} '{value}'")
            continue
        command = said.strip().strip("`") if said.strip().startswith("`") else said
        tests.append(_test(command, None if wanted is None else expected, said, turned=turned))
    if not tests:
        return plain, ""
    lines = ["ok=true", *(f"{test} || ok=false" for test in tests)]
    lines.append('printf \'{"ok": %s}\' "$ok" > "$CLAUDE_AGENT_OUTPUTS"')
    return plain, "\n".join(lines) + "\n"


def _test(command: str, expected: str | None, said: str, *, turned: bool) -> str:
    if expected is None:
        found = f"sh -c {shell_quoted(command)}"
    else:
        computed = said.strip().startswith("`")
        value = f"$(sh -c {shell_quoted(command)})" if computed else command
        if expected.startswith("re:"):
            found = f'printf "%s" "{value}" | grep -Eq {shell_quoted(expected[3:])}'
        else:
            found = f'[ "{value}" = {shell_quoted(expected)} ]'
    return f"{{ ! {found}; }}" if turned else f"{{ {found}; }}"


def read_by(script: str, known: Mapping[str, str]) -> list[str]:
    """Return which of the known variables a script reads."""
    return [name for name in dict.fromkeys(_VARIABLE.findall(script)) if name in known]
