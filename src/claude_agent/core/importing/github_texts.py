"""Texts of a GitHub workflow that hold `${{ }}`: values, conditions, scripts."""

import re
from dataclasses import dataclass, field

from claude_agent.core.importing.github_expressions import (
    Names,
    Scope,
    Seen,
    Translator,
    Untranslatable,
)
from claude_agent.core.importing.report import Report
from claude_agent.domain.node import Node

EMBEDDED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_SECRET = re.compile(r"\s*secrets\.([A-Za-z_]\w*)\s*")
_STEP_OUTPUT = re.compile(r"\s*steps\.([\w-]+)\.outputs\.([\w-]+)\s*")
_PLAIN = re.compile(r"[^A-Za-z0-9]+")
_QUOTED = re.compile(r"'([^'\"`\\$\n]*(?:\$\{\{[^}]*\}\}[^'\"`\\$\n]*)+)'")


@dataclass(slots=True)
class Variables:
    """The environment of one step, as it grows while its texts are read."""

    env: dict[str, str] = field(default_factory=dict)
    """Name to our value."""
    outputs: set[str] = field(default_factory=set)
    """The inner steps whose outputs are read."""

    def named(self, wanted: str, value: str) -> str:
        """Return the name of a variable with this value; a new one where it is taken."""
        base = _PLAIN.sub("_", wanted).strip("_").upper() or "VALUE"
        base = base if not base[0].isdigit() else f"V_{base}"
        name, n = base, 2
        while self.env.get(name, value) != value:
            name, n = f"{base}_{n}", n + 1
        self.env[name] = value
        return name


class Texts:
    """Translates texts and reports what has no counterpart."""

    def __init__(self, names: Names, seen: Seen, report: Report) -> None:
        self._translator = Translator(names, seen)
        self.seen = seen
        self.report = report

    def enter(self, scope: Scope) -> None:
        """Read the texts of a job from here on."""
        self._translator.scope = scope

    def expression(self, text: str, node: Node, path: str) -> str | None:
        """Return one expression in ours, without `${{ }}`; None: reported."""
        try:
            return self._translator.translate(text.strip())
        except Untranslatable as error:
            self.report.note(node, path, f"`{text.strip()[:120]}`: {error}")
            return None

    def value(self, text: str, node: Node, path: str) -> str:
        """Return a value with its `${{ }}` translated; what cannot be becomes nothing."""

        def one(match: re.Match[str]) -> str:
            secret = _SECRET.fullmatch(match[1])
            if secret is not None:
                reason = "a secret reaches a process only as a variable of its own"
                if match[0].strip() == text.strip():
                    self.seen.secrets.add(secret[1].upper())
                    return f"${{{{ secrets.{secret[1].upper()} }}}}"
                self.report.note(node, path, f"`{match[0]}`: {reason}")
                return ""
            made = self.expression(match[1], node, path)
            return f"${{{{ {made} }}}}" if made is not None else ""

        return EMBEDDED.sub(one, text)

    def script(self, text: str, node: Node, path: str, variables: Variables) -> str:
        """Return a script whose `${{ }}` are variables of its environment."""

        def one(match: re.Match[str]) -> str:
            inner = match[1]
            output = _STEP_OUTPUT.fullmatch(inner)
            if output is not None:
                variables.outputs.add(output[1])
                return read_output(output[1], output[2])
            secret = _SECRET.fullmatch(inner)
            if secret is not None:
                name = secret[1].upper()
                if name == "GITHUB_TOKEN":
                    self.report.note(node, path, "GITHUB_TOKEN is made by GitHub: set one")
                self.seen.secrets.add(name)
                variables.env[name] = f"${{{{ secrets.{name} }}}}"
                return f"${{{name}}}"
            made = self.expression(inner, node, path)
            value = f"${{{{ {made} }}}}" if made is not None else ""
            return f"${{{variables.named(inner.strip()[:40], value)}}}"

        # A variable in single quotes would stay as it is written.
        text = _QUOTED.sub(lambda match: f'"{match[1]}"', text)
        return EMBEDDED.sub(one, text)


def read_output(step: str, name: str) -> str:
    """Return shell text that gives an output of an earlier inner step."""
    return f"$(sed -n 's/^{name}=//p' \"$STEP_OUTPUTS/{step}\" | tail -n 1)"
