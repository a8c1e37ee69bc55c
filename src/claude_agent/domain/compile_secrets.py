"""Compile the environment of a step: plain values, and secrets by their names."""

import re
from collections.abc import Mapping

from claude_agent.domain.compile_does import Scope
from claude_agent.domain.compile_reader import Cursor
from claude_agent.domain.compile_start import declared
from claude_agent.domain.compile_values import environment
from claude_agent.domain.compile_who import filled

_WHOLE = re.compile(r"\s*\$\{\{\s*secrets\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}\s*")


def step_environment(
    fields: Mapping[str, Cursor], scope: Scope, secrets: tuple[str, ...], name: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return (plain variables, variables with the secret that fills each).

    `secrets: [TOKEN]` fills the variable of the same name; `env: {KEY: "${{ secrets.TOKEN }}"}`
    fills another one. Anywhere else an expression cannot read a secret.
    """
    env = environment(fields.get("env"))
    filled_by: dict[str, str] = {}
    for each in filled(fields.get("secrets")):
        secret = each.text()
        if secret is not None and declared(each, secret, secrets):
            if secret in env:
                each.fail(f"'{secret}' stands in env and in secrets", "remove one of them")
            filled_by[secret] = secret
    places = (fields["env"].mapping() if "env" in fields else None) or {}
    for variable, value in list(env.items()):
        whole = _WHOLE.fullmatch(value)
        if whole is None:
            scope.uses.template(places[variable], "step", name)
        elif declared(places[variable], whole[1], secrets):
            filled_by[variable] = whole[1]
            del env[variable]
    return env, filled_by
