"""What earlier runs of a task left: the conversation to go on with, and what it had used by then.

Both are read from the journals of the run folders: a conversation belongs to the host that has
them, and a run whose owner was lost has left its lines like any other.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from claude_agent.agents import journal_reader, spending
from claude_agent.agents.adapter import Adapter, AgentEvent, EventKind
from claude_agent.agents.reading import mapping, text
from claude_agent.agents.seen import Seen
from claude_agent.agents.spending import Spent
from claude_agent.domain.task import Task

_LOOKS_BACK = 20
"""So many runs: more attempts than that are no longer one piece of work."""
_WORK = frozenset({EventKind.TEXT, EventKind.TOOL_START, EventKind.FINAL})
FolderOf = Callable[[str, int], Path]


def to_resume(task: Task, adapter: Adapter, folder_of: FolderOf) -> str | None:
    """Return the conversation that the attempt before left, None where it starts anew.

    Where a person took the attempt over, it is theirs. It starts anew where the adapter cannot
    resume, another agent or adapter made that attempt, a person drove the task again, or an
    approval binds it to what was shown.
    """
    if task.goes_on and adapter.capabilities.resume:
        return str(task.takeover["conversation"]) or None
    if not adapter.capabilities.resume or task.started_at is None or task.run <= 1 or task.approval:
        return None
    folder = folder_of(task.id, task.run - 1)
    if _made_by(folder) != (task.spec.agent, adapter.name):
        return None
    if not shown_in(folder) and not _worked(folder, adapter):
        return None
    return left_in(folder, adapter) or None


def left_in(folder: Path, adapter: Adapter) -> str:
    """Return the conversation that a run folder belongs to, nothing where it has none.

    A screen (transport `tui`) reports nothing: it was opened with its conversation.
    """
    return shown_in(folder) or spending.conversation(seen_in(folder, adapter))


def shown_in(folder: Path) -> str:
    """Return the conversation with which a run opened its program's screen, nothing for others."""
    about = _about(folder)
    return text(about, "conversation") if text(about, "transport") == "tui" else ""


def spent(
    task: Task, adapter: Adapter, seen: Sequence[AgentEvent], folder_of: FolderOf
) -> dict[str, object] | None:
    """Return what the current run itself used, None where its program tells nothing.

    Where the program counts from the conversation's beginning, what earlier runs of the same
    conversation had used is taken away.
    """
    total, talk = spending.total(seen), spending.conversation(seen)
    if total is None and not talk:
        return None
    used = total or Spent()
    can = adapter.capabilities
    if talk and (can.cumulative_usage or can.cumulative_cost):
        before = _before(task, adapter, talk, folder_of)
        used = used.minus(before, can) if before is not None else used
    return {"conversation": talk, "adapter": adapter.name, **used.to_data()}


def _before(task: Task, adapter: Adapter, talk: str, folder_of: FolderOf) -> Spent | None:
    for run in range(task.run - 1, max(0, task.run - 1 - _LOOKS_BACK), -1):
        folder = folder_of(task.id, run)
        if _made_by(folder)[1] != adapter.name:
            return None
        if shown_in(folder) == talk:
            continue  # what a person used there is in the next total
        seen = seen_in(folder, adapter)
        if spending.conversation(seen) != talk:
            return None
        found = spending.total(seen)
        if found is not None:
            return found
    return None


def _made_by(folder: Path) -> tuple[str, str]:
    """Return the agent and the adapter of a run."""
    about = _about(folder)
    return text(about, "agent"), text(about, "adapter")


def _about(folder: Path) -> Mapping[str, object]:
    try:
        data = json.loads((folder / "spec.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return mapping(data, "about")


def _worked(folder: Path, adapter: Adapter) -> bool:
    """Say whether the agent said or did anything in a run: else there is nothing to go on with.

    Of a conversation whose first request failed some programs know nothing later on.
    """
    return any(event.kind in _WORK for event in seen_in(folder, adapter))


def seen_in(folder: Path, adapter: Adapter) -> list[AgentEvent]:
    """Return what the lines of a run's folder say about its end, its conversation and use."""
    seen = Seen()
    position = journal_reader.Position()
    while True:
        try:
            lines, position = journal_reader.read(folder, position)
        except OSError:
            return seen.events()
        if not lines:
            return seen.events()
        for line in lines:
            if line.get("kind") == "protocol" and isinstance(line.get("line"), dict):
                seen.add(adapter.parse(line["line"]))
