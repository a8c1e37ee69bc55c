"""A job of a GitHub workflow as one step: its inner steps joined into one script."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from claude_agent.core.importing.github_texts import Texts, Variables
from claude_agent.core.importing.report import each, entries, heredoc, shell_quoted, text
from claude_agent.domain.node import Node

SHELLS = {"bash": "bash -eo pipefail", "sh": "sh -e", "python": "python3", "pwsh": "pwsh"}
HANDLED = frozenset(
    {"name", "needs", "if", "runs-on", "steps", "strategy", "env", "timeout-minutes"}
    | {"continue-on-error", "concurrency", "outputs", "defaults", "uses", "with", "secrets"}
)
_USES: tuple[tuple[str, str], ...] = (
    ("actions/setup-", "have the tool installed where the agents run"),
    ("actions/cache", "the workspace is kept between steps; `cache` of a step keeps outputs"),
    ("actions/upload-artifact", "the jobs share one workspace: the files are there already"),
    ("actions/download-artifact", "the jobs share one workspace: the files are there already"),
)
_JSON = (
    "python3 -c 'import json, sys; "
    'print(json.dumps(dict(one.split("=", 1) for one in sys.argv[1:])))\''
)


def axes_of(fields: Mapping[str, Node]) -> frozenset[str]:
    """Return what the matrix of a job names, as far as it is mapped."""
    matrix = entries(entries(fields.get("strategy")).get("matrix"))
    lists = {name for name, values in matrix.items() if values.kind == "list"}
    if not lists - {"exclude"}:
        return frozenset()
    more = {name for one in each(matrix.get("include")) for name in entries(one)}
    return frozenset((lists - {"include", "exclude"}) or more)


class Job:
    """Reads one job."""

    def __init__(self, name: str, node: Node, texts: Texts, defaults: Node | None) -> None:
        self._path = f"jobs.{name}"
        self._fields = entries(node)
        self._node = node
        self._texts = texts
        self._variables = Variables()
        own = entries(entries(self._fields.get("defaults")).get("run"))
        self._defaults = {**entries(entries(defaults).get("run")), **own}
        self.clones = False
        self.failing: list[tuple[str, str]] = []
        """Inner steps that run only after a failure or always: (when, script)."""

    def step(self) -> dict[str, Any]:
        """Return what the job does: `run`, `env`, `outputs`, `matrix`, `timeout`, …"""
        made: dict[str, Any] = {}
        for name in sorted(set(self._fields) - HANDLED):
            self._note(name, f"`{name}` has no counterpart; commands run where the agent runs")
        for name, value in entries(self._fields.get("env")).items():
            self._variables.env[name] = self._texts.value(text(value), value, self._at("env"))
        if "uses" in self._fields:
            return {"run": self._unusable()}
        script = self._script()
        made["matrix"] = self._matrix()
        minutes = text(self._fields.get("timeout-minutes"))
        if minutes.isdigit() and int(minutes):
            made["timeout"] = {"run": f"{minutes}m"}
        elif minutes:
            self._note("timeout-minutes", "only a number of minutes is understood")
        made["env"] = self._variables.env
        made["outputs"] = {name: {"type": "string"} for name in self._outputs}
        made["run"] = script
        return {key: value for key, value in made.items() if value}

    @property
    def _outputs(self) -> Mapping[str, Node]:
        return entries(self._fields.get("outputs"))

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}"

    def _note(self, name: str, reason: str) -> None:
        self._texts.report.note(self._fields.get(name, self._node), self._at(name), reason)

    def _unusable(self) -> str:
        used = text(self._fields["uses"])
        self._note("uses", f"the workflow {used} is another file: import it, use `workflow:`")
        return f"echo {shell_quoted(f'not imported: uses {used}')} >&2\nexit 1\n"

    def _script(self) -> str:
        parts: list[str] = []
        for n, node in enumerate(each(self._fields.get("steps")), start=1):
            parts += self._inner(node, n)
        if not parts:
            if not self.clones:
                self._note("steps", "nothing of it runs a command")
            return "true\n" if self.clones else "echo 'nothing was imported' >&2\nexit 1\n"
        told = [*self._told()]
        head = ["set -e"]
        if self._variables.outputs or "GITHUB_" in "".join(parts):
            head += [
                "STEP_OUTPUTS=$(mktemp -d)",
                "export STEP_OUTPUTS",
                'export GITHUB_ENV="$STEP_OUTPUTS/.env" GITHUB_STEP_SUMMARY=/dev/stdout',
                'touch "$GITHUB_ENV"',
            ]
        return "\n".join([*head, *parts, *told]) + "\n"

    def _told(self) -> Iterator[str]:
        """Yield what hands the job's outputs on."""
        words = []
        for name, node in self._outputs.items():
            at = self._at(f"outputs.{name}")
            value = self._texts.script(text(node), node, at, self._variables)
            words.append(f'"{name}={value}"')
        if words:
            yield f'{_JSON} {" ".join(words)} > "$CLAUDE_AGENT_OUTPUTS"'

    def _inner(self, node: Node, n: int) -> Iterator[str]:
        fields, path = entries(node), self._at(f"steps[{n - 1}]")
        title = text(fields.get("name")) or text(fields.get("id")) or f"step {n}"
        if "uses" in fields:
            self._uses(fields, node, path)
            return
        if "run" not in fields:
            self._texts.report.note(node, path, "it neither runs nor uses anything")
            return
        when = self._when(fields, path, n)
        lines = [f"echo {shell_quoted('--- ' + title)}", *self._command(fields, path, n, title)]
        if when in ("always", "failure"):
            self.failing.append((when, "\n".join(["set -e", *lines]) + "\n"))
            return
        yield from lines if not when else [f'if [ "${when}" = true ]; then', *lines, "fi"]

    def _when(self, fields: Mapping[str, Node], path: str, n: int) -> str:
        """Return `always` or `failure`, a variable that says whether it runs, or nothing."""
        node = fields.get("if")
        bare = text(node).strip().removeprefix("${{").removesuffix("}}").strip()
        if node is None or bare == "success()":
            return ""
        if bare in ("always()", "failure()"):
            return bare.removesuffix("()")
        if re.search(r"\b(always|failure|cancelled|success)\(", bare) or "steps." in bare:
            reason = "inside a job only always(), failure() and what is known before it begins"
            self._texts.report.note(node, f"{path}.if", f"`{bare}`: {reason}; it runs always here")
            return ""
        made = self._texts.expression(bare, node, f"{path}.if")
        if made is None:
            return ""
        return self._variables.named(f"IF_{n}", f"${{{{ ({made}) ? 'true' : 'false' }}}}")

    def _command(self, fields: Mapping[str, Node], path: str, n: int, title: str) -> Iterator[str]:
        node = fields["run"]
        shell = text(fields.get("shell") or self._defaults.get("shell")) or "bash"
        command = SHELLS.get(shell.split()[0])
        if command is None:
            self._texts.report.note(fields.get("shell"), f"{path}.shell", f"no shell {shell}: bash")
            command = SHELLS["bash"]
        if shell == "python" and "${{" in text(node):
            self._texts.report.note(node, f"{path}.run", "read `${{ }}` from os.environ in Python")
        script = self._texts.script(text(node), node, f"{path}.run", self._variables)
        exports = [*self._exports(fields, path, n)]
        if "id" in fields:
            exports.append(f'GITHUB_OUTPUT="$STEP_OUTPUTS/{text(fields["id"])}"')
            self._variables.outputs.add(text(fields["id"]))
        folder = fields.get("working-directory") or self._defaults.get("working-directory")
        if folder is not None:
            said = self._texts.script(text(folder), folder, path, self._variables)
            yield f'( cd "{said}"'
        lines = [*heredoc(script, " ".join([*exports, command]), f"STEP_{n}")]
        if text(fields.get("continue-on-error")) == "true":
            lines[0] += f" || echo {shell_quoted(title + ' failed; going on')} >&2"
        yield from lines
        if folder is not None:
            yield ")"
        if "GITHUB_ENV" in script:  # `NAME=value` lines for the steps behind it; nothing is run
            yield 'while IFS= read -r line; do export "$line"; done < "$GITHUB_ENV"'

    def _exports(self, fields: Mapping[str, Node], path: str, n: int) -> Iterator[str]:
        for name, node in entries(fields.get("env")).items():
            said, at = text(node), f"{path}.env.{name}"
            if "${{" not in said:
                yield f"{name}={shell_quoted(said)}"
                continue
            value = self._texts.value(said, node, at)
            yield f'{name}="${self._variables.named(f"STEP_{n}_{name}", value)}"'

    def _uses(self, fields: Mapping[str, Node], node: Node, path: str) -> None:
        used = text(fields["uses"])
        if used.startswith("actions/checkout"):
            self.clones = True
            for name in entries(fields.get("with")):
                if name not in ("fetch-depth", "submodules", "persist-credentials"):
                    reason = "clone_repo takes the repository and the branch from the inputs"
                    self._texts.report.note(node, f"{path}.with.{name}", reason)
            return
        why = next((why for begin, why in _USES if used.startswith(begin)), "")
        reason = why or "actions of the marketplace do not run here: write the command as `run`"
        self._texts.report.note(node, f"{path}.uses", f"{used}: {reason}")

    def _matrix(self) -> dict[str, Any]:
        strategy = entries(self._fields.get("strategy"))
        node = strategy.get("matrix")
        if node is None:
            return {}
        if node.kind != "map":
            self._note("strategy", "a matrix that is one expression has no counterpart")
            return {}
        axes: dict[str, Any] = {}
        made: dict[str, Any] = {}
        for name, values in entries(node).items():
            if name in ("include", "exclude"):
                continue
            if values.kind != "list":
                reason = "an axis must be a list here; it is left out"
                self._texts.report.note(values, self._at(f"strategy.matrix.{name}"), reason)
                continue
            axes[name] = values.plain()
        made |= axes
        for name in ("include", "exclude"):
            items = [one for one in each(entries(node).get(name)) if self._fits(name, one, axes)]
            if items:
                made[name] = [one.plain() for one in items]
        most = text(strategy.get("max-parallel"))
        made |= {"max_parallel": int(most)} if most.isdigit() else {}
        fast = text(strategy.get("fail-fast"))
        made |= {"fail_fast": False} if fast == "false" else {}
        return made if axes or "include" in made else {}

    def _fits(self, name: str, one: Node, axes: Mapping[str, Any]) -> bool:
        if name == "exclude" or not axes or set(entries(one)) >= set(axes):
            return True
        reason = "it would only add values to combinations; here it must name every axis"
        self._texts.report.note(one, self._at("strategy.matrix.include"), reason)
        return False
