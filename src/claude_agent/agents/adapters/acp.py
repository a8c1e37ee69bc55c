"""Any agent program that speaks the Agent Client Protocol over its standard files.

Its end is the protocol's: the answer to the prompt. Whether it asks before it uses a tool is its
own affair: what it asks is put to the policy and to people, what it does not ask nobody sees.
Therefore `permissions` is not claimed here.
"""

import os
import shutil
from collections.abc import Sequence
from typing import ClassVar

from typing_extensions import override

from claude_agent.agents.adapter import (
    Adapter,
    AgentEvent,
    Capabilities,
    Command,
    Ending,
    EventKind,
    Outcome,
    Probe,
    RunRequest,
    judge_protocol,
)
from claude_agent.agents.adapters.told import parse_told, talk_files, truly_ended
from claude_agent.agents.reading import Line, text
from claude_agent.errors import Invalid, SetupError

SUMMARY_CHARACTERS = 16_000


class AcpAdapter(Adapter):
    """Drives the program that the agent's `command` names."""

    name: ClassVar[str] = "acp"
    transports: ClassVar[tuple[str, ...]] = ("acp",)
    asks_by: ClassVar[str] = "acp"
    takes_program: ClassVar[bool] = True
    capabilities: ClassVar[Capabilities] = Capabilities(resume=True, structured=True, usage=True)

    @override
    def probe(self) -> Probe:
        detail = "It drives what an agent's `command` names; that is looked for at each start."
        return Probe(ok=True, version="1", detail=detail)

    @override
    def command(self, run: RunRequest) -> Command:
        if run.prompt is None or run.script is not None or run.argv:
            detail = f"Run {run.run_id} has no prompt for an agent."
            raise Invalid(detail, hint="Give `prompt`; shell text and actions need no agent.")
        if not run.program:
            detail = "The agent names no `command` for the adapter acp."
            raise SetupError(detail, hint='Write command = ["program", "argument"].')
        if shutil.which(run.program[0], path=run.environment.get("PATH", os.defpath)) is None:
            detail = f"There is no `{run.program[0]}` on the agent's PATH."
            raise SetupError(detail, hint="Install it, or name it by its whole path.")
        told = f"{run.instructions}\n\n{run.prompt}" if run.instructions else run.prompt
        return Command(
            argv=run.program,
            stdin=told.encode("utf-8", "replace"),
            env={} if run.home is None else {"HOME": str(run.home)},
            files=talk_files(run),
            protocol="acp",
        )

    @override
    def parse(self, line: Line) -> list[AgentEvent]:
        if text(line, "told"):
            return parse_told(line)
        return [AgentEvent(kind=EventKind.RAW, data=line)]

    @override
    def finish(self, seen: Sequence[AgentEvent], ending: Ending) -> Outcome:
        return judge_protocol([with_summary(each) for each in seen], truly_ended(seen, ending))


def with_summary(event: AgentEvent) -> AgentEvent:
    """Return the event; a good end with its text as the output `summary`."""
    if event.kind is not EventKind.FINAL or not event.ok:
        return event
    summary = {"summary": event.text[:SUMMARY_CHARACTERS]}
    return AgentEvent(kind=event.kind, text=event.text, data={**event.data, "outputs": summary})
