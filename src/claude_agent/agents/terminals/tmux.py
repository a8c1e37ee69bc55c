"""The terminal people see: a private tmux server, one session per agent.

Traps found by measuring tmux 3.3a, and what is done about each:
a one-word command is run by a shell (so it never is one word); `-c` and `-n` expand formats,
where `#(…)` executes (names are mapped, a folder with `#` is entered by `sh`); targets match
by prefix (`=name:` or `%pane`); pane ids begin again at %0 with every server (ours carry the
server's pid); what a program prints may look like the protocol (so its text is never asked
for through the control connection).
"""

import contextlib
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from typing_extensions import override

from claude_agent.agents.terminal import (
    NOTICES,
    Session,
    Terminal,
    Window,
    clean_environment,
    session_name,
    startable,
    window_name,
)
from claude_agent.agents.terminals.notices import Notices
from claude_agent.agents.terminals.tmux_control import (
    ControlConnection,
    TmuxLost,
    TmuxRefused,
    accepted,
    quote,
)
from claude_agent.agents.terminals.tmux_setup import check_machine, printed
from claude_agent.agents.terminals.tmux_windows import (
    again,
    finished_windows,
    forget_old,
    new_window,
    windows_named,
)
from claude_agent.errors import NotFound, SetupError

_TRIES = 3
_PAUSE = 0.1
_OPTIONS = (
    "set-option -s set-clipboard off",
    "set-option -g remain-on-exit on",
    "set-option -g automatic-rename off",
    "set-option -g allow-rename off",
    "set-option -g bell-action none",
    "set-option -g history-limit 5000",
    'set-option -g update-environment ""',
    "set-option -g window-size latest",
)
_PANE = re.compile(r"(%\d+)(?:@(\d+))?")


class TmuxTerminal(Terminal):
    """Sessions on a tmux server of our own at `socket`, driven through one connection."""

    def __init__(
        self, socket: Path, *, size: str = "120x36", program: str = "tmux", timeout: float = 5.0
    ) -> None:
        self._socket = socket
        self._timeout = timeout
        self._size = size
        self._program = program
        self._notices = Notices(socket.parent / "notices")
        self._lock = threading.RLock()  # guards _connection and makes ensure one at a time
        self._connection: ControlConnection | None = None
        self._closed = False
        self._server = ""
        self._callbacks: list[Callable[[], None]] = []

    @override
    def ensure(self, agents: Sequence[str]) -> None:
        names = {agent: self._name(agent) for agent in agents}
        with self._lock:
            connection = self._connected()
            shown = "#{pane_dead} #{pane_id} #{window_name}:#{session_name}"
            rows = connection.ask_one(f"list-panes -a -F {quote(shown)}")
            present = [_pane_of(row) for row in rows]
            commands = [
                command
                for agent, name in names.items()
                if (command := self._missing(agent, name, present))
            ]
            if commands:
                for reply in connection.ask(*commands):
                    accepted(reply)
                self._made(connection, [names[agent] for agent in agents])

    @override
    def open(self, window: Window) -> str:
        window = startable(window)
        if not self._is_connected():
            self.ensure([window.agent])
        try:
            return self._open(window)
        except TmuxRefused as refused:
            if "can't find" not in refused.detail:
                raise
        self.ensure([window.agent])
        return self._open(window)

    @override
    def notice(self, agent: str, text: str) -> None:
        session_name(agent)
        self._notices.add(agent, text)

    @override
    def close(self, pane: str) -> None:
        target = self._target(pane)
        connection = self._connection
        if target and connection is not None and not connection.ended:
            connection.ask(f"kill-pane -t {target}")

    @override
    def sessions(self) -> list[Session]:
        connection = self._connection
        if connection is None or connection.ended:
            return []
        shown = "s #{session_windows} #{session_attached} #{session_name}"
        try:
            rows = connection.ask_one(f"list-sessions -F {quote(shown)}")
        except (TmuxLost, TmuxRefused):
            return []
        found = [row.split(" ", 3) for row in rows]
        return [
            Session(
                agent=name.removeprefix("claude-"),
                name=name,
                windows=int(windows),
                attached=int(attached),
            )
            for _, windows, attached, name in sorted(found, key=lambda row: row[3])
            if name.startswith("claude-")
        ]

    @override
    def alive(self) -> bool:
        connection = self._connection
        if connection is None or connection.ended:
            return False
        try:
            return connection.ask_one("display-message -p alive") == ("alive",)
        except (TmuxLost, TmuxRefused):
            return False

    @override
    def attach_argv(self, agent: str, window: str = "") -> list[str]:
        # Inside another tmux, `attach` refuses to nest unless TMUX is gone.
        newest = f"={self._name(agent)}:{{end}}"
        if window:
            connection = self._connection
            panes = (
                [] if connection is None else windows_named(connection, self._name(agent), window)
            )
            if not panes:
                detail = f"The session of {agent} shows no window {window_name(window)}."
                raise NotFound(detail, hint=f"Read its output: claude-agent task logs {window}")
            newest = f"={self._name(agent)}:{panes[-1][0]}"
        return ["env", "-u", "TMUX", *self._command("attach-session", "-t", newest)]

    @override
    def capture(self, agent_or_pane: str, lines: int) -> str:
        if agent_or_pane.startswith("%"):
            target = self._target(agent_or_pane)
        else:
            target = f"={self._name(agent_or_pane)}:{{end}}"
        if not target or not self._is_connected():
            return ""
        text = self._run("capture-pane", "-p", "-S", f"-{max(lines, 1)}", "-t", target)
        return "\n".join(text.rstrip().split("\n")[-max(lines, 1) :])

    @override
    def on_lost(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    @override
    def shutdown(self) -> None:
        connection = self._let_go()
        if connection is not None:
            connection.close()

    @override
    def kill_all(self) -> None:
        connection = self._let_go()
        if connection is not None and not connection.ended:
            connection.expect_end()
            try:
                connection.send("kill-server")
            except TmuxLost:
                self._run("kill-server")
            connection.join()
        elif self._socket.exists():
            self._run("kill-server")

    # What a server that belongs to a person has otherwise (`tmux_shared`).

    _control = "control"

    def _name(self, agent: str) -> str:
        return session_name(agent)

    def _options(self) -> list[str]:
        return [*_OPTIONS, f"set-option -g default-size {self._size}"]

    def _dress(self, _name: str) -> list[str]:
        return []

    def _made(self, _connection: ControlConnection, _names: Sequence[str]) -> None:
        return

    def _finished(self, name: str) -> str:
        return finished_windows(name)

    def _let_go(self) -> ControlConnection | None:
        with self._lock:
            self._closed = True
            connection, self._connection = self._connection, None
        return connection

    def _is_connected(self) -> bool:
        connection = self._connection
        return connection is not None and not connection.ended

    def _open(self, window: Window) -> str:
        connection = self._connection
        if connection is None:
            msg = "The terminal is closed."
            raise TmuxLost(msg)
        name = self._name(window.agent)
        panes = windows_named(connection, name, window.name) if window.again else []
        shims = [pane for _, pane, shim in panes if shim]
        start = again(window, shims[-1]) if shims else [new_window(window, name)]
        replies = connection.ask(*start, *self._dress(name), self._finished(name))
        made, finished = replies[len(start) - 1], replies[-1]
        (row,) = accepted(made)
        _, server, pane = row.split(" ")
        if finished.ok:
            forget_old(connection, finished.lines)
        return f"{pane}@{server}"

    def _missing(self, agent: str, name: str, present: "list[tuple[str, str, str, str]]") -> str:
        """Return the command that makes the agent's session whole, "" when it is."""
        reader = f"tail -n 100 -F {quote(str(self._notices.path(agent)))}"
        panes = [row for row in present if row[0] == name]
        if not panes:
            width, height = self._size.split("x")
            return f"new-session -d -s {quote(name)} -n {NOTICES} -x {width} -y {height} {reader}"
        notices = [row for row in panes if row[3] == NOTICES]
        if not notices:
            return f"new-window -d -t {quote(f'={name}:')} -n {NOTICES} {reader}"
        if all(row[1] == "1" for row in notices):
            return f"respawn-pane -k -t {notices[0][2]} {reader}"
        return ""

    def _connected(self) -> ControlConnection:
        connection = self._connection
        if connection is not None and not connection.ended:
            return connection
        if self._closed:
            msg = "The terminal is closed."
            raise TmuxLost(msg)
        check_machine(self._program, self._socket)
        connection = self._connect()
        connection.ask(*self._options())
        (self._server,) = connection.ask_one(f"display-message -p {quote('#{pid}')}")
        _end_orphans(connection, self._control)
        self._connection = connection
        if connection.ended:
            msg = "The connection to tmux ended at once."
            raise TmuxLost(msg)
        return connection

    def _connect(self) -> ControlConnection:
        for _ in range(_TRIES - 1):
            try:
                return self._dial()
            except TmuxLost:
                # A server that is just ending still takes connections, and drops them.
                threading.Event().wait(_PAUSE)
        try:
            return self._dial()
        except TmuxLost as lost:
            msg = f"The terminal cannot be opened: {lost.detail}"
            hint = f"Try it by hand: {' '.join(self._command('new-session'))}"
            raise SetupError(msg, hint=hint) from lost

    def _dial(self) -> ControlConnection:
        width, height = self._size.split("x")
        # `control` only keeps the connection attached: tmux lets go of one that is not.
        argv = self._command(
            *("-u", "-C", "new-session", "-A", "-s", self._control, "-f", "no-output,ignore-size"),
            *("-x", width, "-y", height, "tail", "-f", "/dev/null"),
        )
        connection = ControlConnection(
            argv,
            environ=clean_environment(os.environ),
            on_end=self._ended,
            timeout=self._timeout,
        )
        try:
            connection.wait_started()
        except TmuxLost:
            connection.close()
            raise
        return connection

    def _ended(self, connection: ControlConnection) -> None:
        """Tell that the connection is gone, unless it never was the one in use."""
        if connection is self._connection:
            for callback in tuple(self._callbacks):
                callback()

    def _target(self, pane: str) -> str:
        """Return tmux's id of the pane, "" for a pane of an earlier server."""
        match = _PANE.fullmatch(pane)
        if match is None or (match[2] and match[2] != self._server):
            return ""
        return match[1]

    def _command(self, *words: str) -> list[str]:
        program = shutil.which(self._program) or self._program
        return [program, "-S", str(self._socket), "-f", "/dev/null", *words]

    def _run(self, *words: str) -> str:
        return printed(self._command("-u", *words))


def _end_orphans(connection: ControlConnection, session: str) -> None:
    """End the connections of owners that were killed.

    tmux 3.3a can miss that the owner is gone, and then waits for such a client for ever when it
    is told to end. Whoever gets here has the home, so nobody else has a right to a connection.
    """
    shown = quote("#{client_control_mode} #{client_pid}")
    for row in connection.ask_one(f"list-clients -t {quote(f'={session}')} -F {shown}"):
        control, _, pid = row.partition(" ")
        if control == "1" and int(pid) != connection.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def _pane_of(row: str) -> tuple[str, str, str, str]:
    """Return (session, dead, pane, window); no session's name has a colon."""
    shown, _, session = row.rpartition(":")
    dead, pane, window = shown.split(" ", 2)
    return session, dead, pane, window
