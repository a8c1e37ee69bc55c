"""Windows of runs on a tmux server: opened, opened again, found by name, taken away when old."""

from collections.abc import Sequence

from claude_agent.agents.terminal import NOTICES, Window, window_name
from claude_agent.agents.terminals.tmux_control import (
    ControlConnection,
    TmuxLost,
    TmuxRefused,
    quote,
)

KEPT = 6
"""Finished windows that stay readable in each session."""


def windows_named(
    connection: ControlConnection, session: str, name: str
) -> list[tuple[str, str, bool]]:
    """Return (window, pane, whether a shim was started there) of each window of a name."""
    wanted = quote(f"#{{==:#{{window_name}},{window_name(name)}}}")
    shown = quote("p #{window_id} #{pane_id} #{m:*/shim.pyz*,#{pane_start_command}}")
    target = quote(f"={session}")
    try:
        rows = connection.ask_one(f"list-panes -s -t {target} -f {wanted} -F {shown}")
    except (TmuxLost, TmuxRefused):
        return []
    found = [row.split(" ") for row in rows]
    return [(window, pane, shim == "1") for _, window, pane, shim in found]


def again(window: Window, pane: str) -> list[str]:
    """Return what starts a program where a run before it was shown.

    -k: tmux may not have seen its end yet. Its verdict was read: nothing of it is lost.
    """
    folder, words = _words(window)
    shown = quote("p #{pid} #{pane_id}")
    return [
        f"respawn-pane -k -t {pane} -c {folder} -- {words}",
        f"display-message -p -t {pane} {shown}",
    ]


def _words(window: Window) -> tuple[str, str]:
    argv, folder = window.argv, str(window.cwd)
    if "#" in folder:
        argv = ("/bin/sh", "-c", 'cd -- "$0" && exec "$@"', folder, *argv)
        folder = "/"
    elif len(argv) == 1:
        argv = ("/bin/sh", "-c", 'exec "$0"', *argv)
    return quote(folder), " ".join(quote(word) for word in argv)


def new_window(window: Window, name: str) -> str:
    """Return what opens a window at the end of a session and says its pane."""
    folder, words = _words(window)
    return (
        f"new-window -d -a -t {quote(f'={name}:{{end}}')} -n {quote(window_name(window.name))}"
        f" -c {folder} -P -F {quote('p #{pid} #{pane_id}')} -- {words}"
    )


def finished_windows(name: str, which: str = f"#{{!=:#{{window_name}},{NOTICES}}}") -> str:
    """Return what lists the finished windows of a session, `which` of them as a format."""
    finished = quote(f"#{{&&:#{{pane_dead}},{which}}}")
    # About one end in 30 never gets its time (tmux missed the exit); the last output is near it.
    shown = quote("p #{pane_id} #{?pane_dead_time,#{pane_dead_time},#{window_activity}}")
    return f"list-panes -s -t {quote(f'={name}')} -f {finished} -F {shown}"


def forget_old(connection: ControlConnection, rows: Sequence[str]) -> None:
    """Take away all but the newest finished windows; another thread may do the same."""

    def age(row: str) -> tuple[int, int]:
        _, pane, ended = row.split(" ")
        return int(ended), int(pane[1:])

    old = sorted(rows, key=age)[:-KEPT]
    if old:
        connection.send(*(f"kill-pane -t {row.split(' ')[1]}" for row in old))
