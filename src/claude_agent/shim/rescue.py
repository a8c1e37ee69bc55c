"""The verdict of a shim that broke: a fault of ours must not leave a run without an end."""

import posix
from select import poll

from claude_agent.shim import machine, verdict
from claude_agent.shim.machine import monotonic
from claude_agent.shim.reap import Reaping
from claude_agent.shim.record import Record
from claude_agent.shim.spec import Spec

RETRY_S = 1.0


def rescue(spec: Spec, begun: "dict[str, object]", error: Exception) -> None:
    """End what carries the run's id and write the verdict; return when it is on disk."""
    _keep_traceback(error)
    reaping = Reaping(spec.run_id, monotonic())
    while not reaping.tick(monotonic()):
        _wait(reaping.due)
    record = Record(spec, int(str(begun["at"])))
    record.stopped = True
    text = f"shim: {type(error).__name__}: {error}"
    last = record.done(error=text, index=0, output_bytes=0)
    while not verdict.write_verdict(last) and posix.stat(".").st_nlink:
        _wait(monotonic() + RETRY_S)


def _wait(until: float | None) -> None:
    poll().poll(max(1, int(((until or 0.0) - monotonic()) * 1000)))


def _keep_traceback(error: Exception) -> None:
    import traceback  # noqa: PLC0415 - needed only when the shim broke

    text = "".join(traceback.format_exception(error))
    machine.attempt(posix.write, 2, text.encode("utf-8", "replace"))
    machine.attempt(machine.write_whole, "shim-error.txt", text.encode("utf-8", "replace"))
