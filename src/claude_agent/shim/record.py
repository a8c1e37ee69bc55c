"""The verdict as data: how every command ended and what the run used."""

from claude_agent.shim import machine
from claude_agent.shim.command import Command
from claude_agent.shim.spec import Spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from resource import struct_rusage


class Record:
    """Gathers results while the run goes on; `done` makes the content of `exit.json`."""

    def __init__(self, spec: Spec, started_at: int) -> None:
        self._spec = spec
        self._started_at = started_at
        self._results: list[dict[str, object]] = []
        self._last: Command | None = None
        self._user = 0.0
        self._system = 0.0
        self._max_rss = 0
        self.stopped = False

    def used(self, usage: "struct_rusage") -> None:
        """Add what a command and the children it waited for have used."""
        self._user += usage.ru_utime
        self._system += usage.ru_stime
        self._max_rss = max(self._max_rss, usage.ru_maxrss)

    def ended(self, command: Command) -> None:
        """Add how a command ended."""
        self._last = command
        self._results.append(
            {
                "name": command.name,
                "code": command.code,
                "signal": command.signal,
                "ms": command.milliseconds,
            }
        )

    def done(self, *, error: str | None, index: int, output_bytes: int) -> "dict[str, object]":
        """Return the verdict; `index` is the command that was reached."""
        last = self._last
        good = error is None and last is not None and last.code == 0
        complete = index == len(self._spec.commands) - 1
        return {
            "v": 1,
            "run_id": self._spec.run_id,
            "run": self._spec.run,
            "fence": self._spec.fence,
            "code": None if last is None or error else last.code,
            "signal": None if last is None or error else last.signal,
            "error": error,
            "failed": None if good and complete else self._spec.commands[index][0],
            "index": index,
            "started_at": self._started_at,
            "ended_at": machine.now(),
            "usage": {
                "user_ms": int(self._user * 1000),
                "sys_ms": int(self._system * 1000),
                "max_rss_kb": self._max_rss,
            },
            "output_bytes": output_bytes,
            "stopped": self.stopped,
            "results": self._results,
        }


def describe(verdict: "dict[str, object]") -> str:
    """Return the verdict as the last line of the live view."""
    stopped = "stopped: " if verdict["stopped"] else ""
    if verdict["error"]:
        return f"== {stopped}{verdict['error']}"
    if verdict["signal"] is not None:
        return f"== {stopped}{verdict['failed']} was ended by signal {verdict['signal']}"
    if verdict["failed"]:
        return f"== {stopped}{verdict['failed']} ended with exit code {verdict['code']}"
    return f"== {stopped}ended with exit code 0"
