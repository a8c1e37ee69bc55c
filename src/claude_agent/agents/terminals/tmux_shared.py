"""The person's own tmux server (`tmux.socket = "default"`): a guest there.

Windows of runs open in the sessions that people already have; nothing is typed into theirs, no
option of theirs is changed, and nothing is ended that was not started here. What is ours carries
the home in an option of its own (`@claude_agent_home`); runs are known by their shim.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from typing_extensions import override

from claude_agent.agents.terminal import NOTICES, Session, session_name
from claude_agent.agents.terminals.notices import Notices
from claude_agent.agents.terminals.tmux import TmuxTerminal
from claude_agent.agents.terminals.tmux_control import (
    ControlConnection,
    TmuxLost,
    TmuxRefused,
    quote,
)
from claude_agent.agents.terminals.tmux_windows import finished_windows

_OURS = "@claude_agent_home"
_WINDOW = "@claude_agent_window"


class SharedTmux(TmuxTerminal):
    """Sessions on the server at `socket`; `names`: agents whose session has a name of its own."""

    def __init__(
        self, socket: Path, *, home: Path, names: Mapping[str, str], size: str = "120x36"
    ) -> None:
        super().__init__(socket, size=size)
        self._home = home
        self._names = dict(names)
        self._agents = {name: agent for agent, name in reversed(self._names.items())}
        self._notices = Notices(home / "notices")
        mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:8]
        self._control = f"claude-agent-control-{mark}"
        self._shims = f"#{{m:*{_plain(home)}/runs/*,#{{pane_start_command}}}}"

    @override
    def sessions(self) -> list[Session]:
        """Return every session of the server, also those of no agent."""
        connection = self._connection
        if connection is None or connection.ended:
            return []
        shown = (
            "s #{session_windows} #{session_attached} #{session_activity}"
            f" #{{?#{{{_OURS}}},1,0}} #{{session_name}}"
        )
        try:
            rows = connection.ask_one(f"list-sessions -F {quote(shown)}")
            dead = connection.ask_one(f"list-panes -a -f {quote('#{pane_dead}')} -F {_DEAD}")
        except (TmuxLost, TmuxRefused):
            return []
        ended = [row.partition(" ")[2] for row in dead]
        found = [row.split(" ", 5) for row in rows]
        return [
            Session(
                agent=self._agent_of(name),
                name=name,
                windows=int(windows),
                attached=int(attached),
                ours=ours == "1",
                active_at=int(active) * 1000,
                dead=ended.count(name),
            )
            for _, windows, attached, active, ours, name in sorted(found, key=lambda row: row[5])
            if name != self._control
        ]

    def _agent_of(self, name: str) -> str:
        if name in self._agents:
            return self._agents[name]
        agent = name.removeprefix("claude-")
        return agent if agent != name and agent not in self._names else ""

    @override
    def kill_all(self) -> None:
        """End what was started here: windows of runs, our own windows and sessions; no more."""
        connection = self._let_go()
        if connection is None or connection.ended:
            return
        ours = quote(f"#{{||:{self._shims},#{{==:#{{{_WINDOW}}},{_plain(self._home)}}}}}")
        mine = quote(f"#{{==:#{{{_OURS}}},{_plain(self._home)}}}")
        try:
            panes = connection.ask_one(f"list-panes -a -f {ours} -F {quote('#{pane_id}')}")
            names = connection.ask_one(f"list-sessions -f {mine} -F {quote('#{session_id}')}")
            ends = [f"kill-pane -t {pane}" for pane in panes]
            connection.ask(
                *ends, *(f"kill-session -t {quote(name)}" for name in names), "list-keys"
            )
            connection.expect_end()
            connection.send(f"kill-session -t {quote(f'={self._control}')}")
        except (TmuxLost, TmuxRefused):
            return
        connection.join()

    @override
    def _name(self, agent: str) -> str:
        return self._names.get(agent) or session_name(agent)

    @override
    def _options(self) -> list[str]:
        return ["display-message -p guest"]

    @override
    def _dress(self, name: str) -> list[str]:
        newest = quote(f"={name}:{{end}}")
        words = ("remain-on-exit on", "automatic-rename off", "allow-rename off")
        return [f"set-option -w -t {newest} {each}" for each in words]

    @override
    def _made(self, connection: ControlConnection, names: Sequence[str]) -> None:
        """Mark what is ours: a session whose only window is the notices was made here."""
        home = quote(str(self._home))
        for name in names:
            rows = connection.ask_one(
                f"list-windows -t {quote(f'={name}')} -F {quote('w #{window_id} #{window_name}')}"
            )
            windows = [row.split(" ", 2) for row in rows]
            marks = [
                f"set-option -w -t {window} {_WINDOW} {home}"
                for _, window, title in windows
                if title == NOTICES
            ]
            if len(windows) == len(marks) == 1:
                marks.append(f"set-option -t {quote(f'={name}:')} {_OURS} {home}")
            if marks:
                connection.ask(*marks)

    @override
    def _finished(self, name: str) -> str:
        return finished_windows(name, self._shims)

    @override
    def _command(self, *words: str) -> list[str]:
        program, socket, path, _flag, _file, *rest = super()._command(*words)
        return [program, socket, path, *rest]


_DEAD = quote("d #{session_name}")


def _plain(home: Path) -> str:
    """Return a home as it can stand in a format: what would end a part of it is left out."""
    return "".join("?" if each in "#{},:*[]" else each for each in str(home))


def default_socket(environ: Mapping[str, str]) -> Path:
    """Return the socket of the person's own tmux server, as tmux itself finds it."""
    base = environ.get("TMUX_TMPDIR") or "/tmp"  # noqa: S108 - tmux's own place, 0700 below it
    return Path(base) / f"tmux-{os.geteuid()}" / "default"
