"""The adapter for everything that is not an agent: shell text and named actions."""

import shutil
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from typing_extensions import override

from claude_agent.agents.adapter import (
    Adapter,
    AgentEvent,
    Command,
    Ending,
    EventKind,
    Outcome,
    Probe,
    RunRequest,
    judge_exit,
)
from claude_agent.errors import Invalid, NotPromptable

_SHELL = "/bin/sh"


class ShellAdapter(Adapter):
    """Runs a script (`sh -e`) or a program; a prompt is refused, never run as shell text."""

    name: ClassVar[str] = "shell"
    takes_prompt: ClassVar[bool] = False

    @override
    def probe(self) -> Probe:
        if shutil.which(_SHELL) is None:
            return Probe(ok=False, detail=f"{_SHELL} is missing.", hint="Install a POSIX shell.")
        return Probe(ok=True, detail=f"{_SHELL} is there.")

    @override
    def command(self, run: RunRequest) -> Command:
        if run.prompt is not None:
            detail = "The adapter shell takes no prompt."
            hint = "Give shell text with `run`, or an agent whose adapter takes a prompt."
            raise NotPromptable(detail, hint=hint)
        if run.script is not None and not run.argv:
            # The shim's own copy: what was approved is what is run, whatever the checkout does.
            argv = (_SHELL, "-e", str(run.folder / "script.sh"))
            return Command(argv=argv, files={"script.sh": run.script.encode()})
        if run.script is None and run.argv:
            return Command(argv=run.argv)
        detail = f"Run {run.run_id} must have either a script or a program."
        raise Invalid(detail)

    @override
    def parse(self, line: Mapping[str, Any]) -> list[AgentEvent]:
        return [AgentEvent(kind=EventKind.RAW, data=line)]

    @override
    def finish(self, seen: Sequence[AgentEvent], ending: Ending) -> Outcome:
        return judge_exit(ending)
