"""Kills the product's own process with SIGKILL at a named point, from outside its code.

At the points of FROZEN the thread stops for ever instead, as one does that hangs.

Python imports a `sitecustomize` it finds at start; with this folder on PYTHONPATH it is this one.
It wraps the functions of POINTS as their modules are loaded. Points fire in the order of the lines
of `$FAILPOINTS/armed`, each once: a line is taken out, synced, before the process dies.
"""

import functools
import importlib.abc
import importlib.machinery
import os
import signal
import sys
import threading
from pathlib import Path

POINTS = {
    # Name: (module, function, when). `done`: it returned something; `before`: it was called.
    "submit.in_transaction": ("claude_agent.core.task_desk", "TaskDesk.submit", "done"),
    "submit.committed": ("claude_agent.serve.tasks", "Tasks.submit_task", "done"),
    "claim.in_transaction": ("claude_agent.core.claims", "Claims._claim_all", "done"),
    "claim.committed": ("claude_agent.core.claims", "Claims.claim", "done"),
    "launch": ("claude_agent.agents.agent_bridge", "AgentBridge.process_queue_task", "before"),
    "started.committed": ("claude_agent.core.run_control", "RunControl.started", "done"),
    "window.before": ("claude_agent.agents.agent_bridge", "AgentBridge._open", "before"),
    "window.after": ("claude_agent.agents.agent_bridge", "AgentBridge._open", "after"),
    "seal.before": ("claude_agent.agents.run_folder", "RunFolder._seal", "before"),
    "seal.after": ("claude_agent.agents.run_folder", "RunFolder._seal", "after"),
    "adopt.before": ("claude_agent.core.run_control", "RunControl.adopt", "before"),
    "adopt.committed": ("claude_agent.core.run_control", "RunControl.adopt", "done"),
    "reap.after": ("claude_agent.agents.run_folder", "RunFolder.write_reaped", "after"),
    "ended.before": ("claude_agent.core.run_control", "RunControl.ended", "before"),
    "ended.committed": ("claude_agent.core.run_control", "RunControl.ended", "done"),
    "gates.before": ("claude_agent.core.run_control", "RunControl.gates_ended", "before"),
    "gates.committed": ("claude_agent.core.run_control", "RunControl.gates_ended", "done"),
    "sweep.in_transaction": ("claude_agent.core.scheduler", "TaskScheduler._tick_batch", "done"),
    "sweep.committed": ("claude_agent.core.scheduler", "TaskScheduler._tick_tasks", "done"),
    "message.in_transaction": ("claude_agent.queue.message_intake", "MessageIntake.put_in", "done"),
    "message.committed": ("claude_agent.serve.system", "System.send_message", "done"),
    "message.settled": ("claude_agent.queue.message_store", "_settle_all", "done"),
    "message.claimed": ("claude_agent.queue.message_store", "_claim", "done"),
    "dispatcher.turn": (
        "claude_agent.queue.brokers.dispatcher",
        "Dispatcher._care_when_due",
        "before",
    ),
}
FROZEN = {"dispatcher.turn"}


def fire(name):
    """Die here if this point is the next one that is armed."""
    armed = Path(os.environ["FAILPOINTS"]) / "armed"
    try:
        first, _, rest = armed.read_text().partition("\n")
    except OSError:
        return
    if first == name:
        with armed.open("w") as file:
            file.write(rest)
            file.flush()
            os.fsync(file.fileno())
        while name in FROZEN:
            threading.Event().wait()
        os.kill(os.getpid(), signal.SIGKILL)


def wrapped(function, points):
    """Return the function with its points around it."""

    @functools.wraps(function)
    def run(*args, **kwargs):
        for name, when in points:
            if when == "before":
                fire(name)
        result = function(*args, **kwargs)
        for name, when in points:
            if when == "after" or (when == "done" and result):
                fire(name)
        return result

    return run


def wrap_module(module):
    """Wrap what POINTS names in a loaded module; a name that is gone ends the process."""
    found = {}
    for name, (where, path, when) in POINTS.items():
        if where == module.__name__:
            found.setdefault(path, []).append((name, when))
    for path, points in found.items():
        owner_name, _, function_name = path.rpartition(".")
        owner = getattr(module, owner_name) if owner_name else module
        setattr(owner, function_name, wrapped(getattr(owner, function_name), points))


class Loader(importlib.abc.Loader):
    """Loads as the one behind it does, then wraps."""

    def __init__(self, inner):
        self._inner = inner

    def create_module(self, spec):
        return self._inner.create_module(spec)

    def exec_module(self, module):
        self._inner.exec_module(module)
        wrap_module(module)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of POINTS where they are, and puts our loader around theirs."""

    def find_spec(self, name, path, target=None):
        if name not in {where for where, _, _ in POINTS.values()}:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None:
            spec.loader = Loader(spec.loader)
        return spec


if "FAILPOINTS" in os.environ:
    sys.meta_path.insert(0, Finder())
