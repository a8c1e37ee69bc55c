"""An agent without a model, for tests and for trying a workflow without spending tokens.

`transport = "acp"` drives it over the Agent Client Protocol, where its scripts can ask.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

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
from claude_agent.agents.adapters.acp import with_summary
from claude_agent.agents.adapters.told import parse_told, talk_files, truly_ended
from claude_agent.errors import Invalid

_KINDS = {
    "started": EventKind.STARTED,
    "text": EventKind.TEXT,
    "tool_start": EventKind.TOOL_START,
    "tool_end": EventKind.TOOL_END,
    "usage": EventKind.USAGE,
    "final": EventKind.FINAL,
    "error": EventKind.ERROR,
}


class FakeAdapter(Adapter):
    """Runs `claude_agent.agents.fake_agent`, which says FAKE in everything it prints."""

    name: ClassVar[str] = "fake"
    fake: ClassVar[bool] = True
    capabilities: ClassVar[Capabilities] = Capabilities(
        structured=True, usage=True, permissions=True
    )
    transports: ClassVar[tuple[str, ...]] = ("exec", "acp")
    asks_by: ClassVar[str] = "acp"

    @override
    def probe(self) -> Probe:
        return Probe(ok=True, version="1", detail="The fake agent asks no model.")

    @override
    def command(self, run: RunRequest) -> Command:
        if run.prompt is None or run.script is not None or run.argv:
            detail = f"Run {run.run_id} has no prompt for the fake agent."
            raise Invalid(detail, hint="Give `prompt`; shell text and actions need no agent.")
        spoken = run.transport == "acp"
        module = "claude_agent.agents.fake_acp" if spoken else "claude_agent.agents.fake_agent"
        return Command(
            # -I: a folder named claude_agent where the agent works must not be imported.
            argv=(sys.executable, "-I", "-m", module),
            stdin=run.prompt.encode("utf-8", "replace"),
            files=talk_files(run) if spoken else {},
            protocol="acp" if spoken else "jsonl",
        )

    @override
    def parse(self, line: Mapping[str, Any]) -> list[AgentEvent]:
        if "told" in line:
            return [with_summary(each) for each in parse_told(line)]
        word = line.get("type")
        kind = _KINDS.get(word) if isinstance(word, str) else None
        if kind is None or line.get("fake") is not True:
            return [AgentEvent(kind=EventKind.RAW, data=line)]
        text = line.get("text")
        used = line.get("usage") if kind is EventKind.USAGE else None
        if isinstance(used, Mapping):
            return [AgentEvent(kind=kind, data=used)]
        return [
            AgentEvent(
                kind=kind,
                text=text if isinstance(text, str) else "",
                ok=kind is not EventKind.ERROR and line.get("ok") is not False,
                data={name: value for name, value in line.items() if name not in ("type", "text")},
            )
        ]

    @override
    def finish(self, seen: Sequence[AgentEvent], ending: Ending) -> Outcome:
        return judge_protocol(seen, truly_ended(seen, ending))
