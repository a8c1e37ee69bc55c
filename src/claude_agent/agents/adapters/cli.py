"""What the adapters of installed coding CLIs share: finding one, looking at it, asking it."""

import os
import re
import shutil
import subprocess
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from typing_extensions import override

from claude_agent.agents import own_tools
from claude_agent.agents.adapter import (
    Adapter,
    AgentEvent,
    Command,
    Ending,
    EventKind,
    Outcome,
    Probe,
    RunRequest,
    judge_protocol,
)
from claude_agent.agents.adapters.told import truly_ended
from claude_agent.agents.programs import ask
from claude_agent.agents.reading import error_kind, one_line
from claude_agent.errors import Invalid, SetupError

VERSION_WITHIN_S = 30.0
SUMMARY_CHARACTERS = 16_000
"""Of the final text, kept as the output `summary`."""
_VERSION = re.compile(r"\d+(?:\.\d+){1,3}")
_GIT = b"[user]\n\tname = claude-agent\n\temail = agent@localhost\n"


class CliAdapter(Adapter):
    """Drives a CLI that a person installed, headless; nothing is written into the person's home."""

    program: ClassVar[str]
    title: ClassVar[str]
    """What people call it."""
    install: ClassVar[str]
    """The command that installs it."""
    tested: ClassVar[tuple[str, str]]
    """The versions it was tested with: from, and below which."""
    version_flag: ClassVar[str] = "--version"
    node: ClassVar[int] = 0
    """The oldest Node it runs on; 0: it needs none."""
    keys: ClassVar[tuple[str, ...]] = ()
    """Variables of which each is enough to be logged in."""
    logins: ClassVar[tuple[str, ...]] = ()
    """Files below the person's home of which each says that they logged in."""
    login: ClassVar[str] = ""
    """What to do to log in."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self._known: tuple[tuple[str, int, int], str] | None = None

    # Looking at it --------------------------------------------------------------------------

    @override
    def probe(self) -> Probe:
        path = shutil.which(self.program, path=self._environ.get("PATH"))
        if path is None:
            detail = f"{self.title} is not installed: no `{self.program}` on the PATH."
            return Probe(ok=False, detail=detail, hint=f"Install it: {self.install}")
        version, wrong = self._version(path)
        if wrong:
            return Probe(ok=False, detail=wrong, hint=f"Install it again: {self.install}")
        old = self._old_node()
        if old:
            hint = f"Install Node {self.node} or newer, first on the PATH."
            return Probe(ok=False, version=version, detail=old, hint=hint)
        if not self._logged_in():
            detail = f"{self.title} {version} is installed, but nobody is logged in."
            return Probe(ok=False, version=version, detail=detail, hint=self.login)
        first, below = self.tested
        hint = ""
        if not _number(first) <= _number(version) < _number(below):
            hint = f"Tested with {first} up to below {below}: others may behave differently."
        return Probe(ok=True, version=version, detail=f"{self.title} {version}", hint=hint)

    def _version(self, path: str) -> tuple[str, str]:
        """Return the version, or what is wrong with the program."""
        try:
            found = Path(path).stat()
            mark = (path, found.st_mtime_ns, found.st_size)
            if self._known is not None and self._known[0] == mark:
                return self._known[1], ""
            said = self._ask(path, self.version_flag)
        except subprocess.TimeoutExpired:
            return (
                "",
                f"{path} does not answer {self.version_flag} within {VERSION_WITHIN_S:.0f} s.",
            )
        except (OSError, ValueError) as error:
            return "", f"{path} does not start: {error}."
        number = _VERSION.search(said)
        if number is None:
            return "", f"{path} says no version but: {one_line(said, 120) or 'nothing'}."
        self._known = (mark, number[0])
        return number[0], ""

    def _ask(self, path: str, flag: str = "--version") -> str:
        said = ask(path, flag, within=VERSION_WITHIN_S, environ=self._environ)
        return said[:4000].decode("utf-8", "replace")

    def _old_node(self) -> str:
        path = shutil.which("node", path=self._environ.get("PATH")) if self.node else None
        if not self.node:
            return ""
        if path is None:
            return f"{self.title} needs Node, and there is no `node` on the PATH."
        try:
            said = self._ask(path)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            said = ""
        number = _VERSION.search(said)
        if number is None or _number(number[0]) < (self.node,):
            found = number[0] if number else "of an unknown version"
            return f"{self.title} needs Node {self.node} or newer; {path} is {found}."
        return ""

    def _logged_in(self) -> bool:
        if any(self._environ.get(name) for name in self.keys):
            return True
        home = self._environ.get("HOME")
        try:
            return bool(home) and any((Path(home or "") / each).is_file() for each in self.logins)
        except (OSError, ValueError):
            return False

    # Asking it ------------------------------------------------------------------------------

    @override
    def command(self, run: RunRequest) -> Command:
        self._check(run)
        parts = (
            run.instructions,
            run.prompt,
            own_tools.told(run, tools=self._finds_tools(run)),
        )
        told = "\n\n".join(part for part in parts if part)
        asked = self._dressed(run, self._command(run))
        ours = self.capabilities.mcp and own_tools.address(run)
        return replace(
            asked,
            env={**asked.env, **own_tools.ASKED} if ours else asked.env,
            stdin=told.encode("utf-8", "replace"),
            protocol=asked.protocol if asked.protocol != "none" else "jsonl",
        )

    @override
    def screen(self, run: RunRequest) -> Command:
        if not self.capabilities.screen or not run.conversation:
            return super().screen(run)
        self._check(run)
        return replace(self._dressed(run, self._screen(run)), protocol="tui")

    def _screen(self, run: RunRequest) -> Command:
        """Return argv, variables and seeds of the program's own screen."""
        return super().screen(run)

    def _check(self, run: RunRequest) -> None:
        if run.prompt is None or run.script is not None or run.argv:
            detail = f"Run {run.run_id} has no prompt for {self.title}."
            raise Invalid(detail, hint="Give `prompt`; shell text and actions need no agent.")
        if shutil.which(self.program, path=run.environment.get("PATH", os.defpath)) is None:
            detail = f"{self.title} is not installed: no `{self.program}` on the agent's PATH."
            # Also in the sentence: it is all that a dead letter shows.
            detail = f"{detail} Install it: {self.install}."
            raise SetupError(detail, hint=self.install)
        if run.home is not None and not any(self._has(run, name) for name in self.keys):
            hint = f"Name {' or '.join(self.keys)} in the agent's `environment`, or as a secret."
            detail = f"The agent's home is isolated and it has no key for {self.title}. {hint}"
            raise SetupError(detail, hint=hint)

    def _dressed(self, run: RunRequest, asked: Command) -> Command:
        # What the person or the task set themselves stays as it is, but for the home.
        env = {k: v for k, v in asked.env.items() if not self._has(run, k)}
        seeds: Mapping[str, bytes] = {}
        if run.home is not None:
            env |= self._own_home(run.home)
            seeds = {".gitconfig": _GIT, **asked.seeds}
        return replace(
            asked, env=env, seeds=seeds, merges=asked.merges if run.home is not None else {}
        )

    def _finds_tools(self, run: RunRequest) -> bool:
        """Say whether the program is given the tools of agents at work."""
        return self.capabilities.mcp and bool(own_tools.address(run))

    def _own_home(self, home: Path) -> dict[str, str]:
        """Return the variables by which the program keeps everything in a home of its own."""
        return {"HOME": str(home)}

    @staticmethod
    def _has(run: RunRequest, name: str) -> bool:
        return bool(run.environment.get(name)) or name in run.secrets

    @abstractmethod
    def _command(self, run: RunRequest) -> Command:
        """Return argv, variables and seeds; the prompt comes on standard input."""

    # Concluding -----------------------------------------------------------------------------

    @override
    def finish(self, seen: Sequence[AgentEvent], ending: Ending) -> Outcome:
        return judge_protocol(self._told(seen), truly_ended(seen, ending))

    def _told(self, seen: Sequence[AgentEvent]) -> list[AgentEvent]:
        """Return the events with what was told before their end: final text, or the reason."""
        events, said, trouble = [], "", ""
        for event in seen:
            if event.kind is EventKind.RETRY:
                trouble = event.text or trouble
            if event.kind is EventKind.TEXT:
                said = said + event.text if event.data.get("delta") else event.text
            elif event.kind is EventKind.TOOL_START:
                said = ""
            if event.kind is EventKind.FINAL and event.ok:
                text = event.text or said
                summary = {"outputs": {"summary": text[:SUMMARY_CHARACTERS]}}
                events.append(replace(event, text=text, data={**event.data, **summary}))
            elif event.kind is EventKind.ERROR and event.data.get("vague") and trouble:
                events.append(failed(trouble))
            else:
                events.append(event)
        return events


def failed(message: str, *, kind: str = "", status: object = None) -> AgentEvent:
    """Return the event of an end that is an error, of this class or of the one it tells."""
    said = one_line(message)
    data = {"error_kind": kind or error_kind(message, status), "vague": not said}
    said = said or "The agent reported an error and did not say which."
    return AgentEvent(kind=EventKind.ERROR, text=said, ok=False, data=data)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
