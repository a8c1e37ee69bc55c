"""Stories with a SIGKILL at each point: `python -m tests.simulation.kills FOLDER SCALE STORY…`.

Each life of a server is a child of this process, which has one thread: it may fork at any time. It
prints one line of JSON for each story: how many points, and every one whose end was another.
"""

import json
import logging
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from claude_agent.core import cel
from claude_agent.core.orchestrator import Orchestrator
from claude_agent.storage.database import Row, Tx
from tests.simulation.lives import AGAIN, Life, Story, write_ending
from tests.simulation.stories import SECRET, STORIES
from tests.unit.core.stand import fresh

NEVER = (0, "")
FORGETFUL = "--forgetful"
"""As a word before stories: the engine of those that follow loses news when it dies."""
MUTATED = "_one"
MOMENTS = ("before", "after")
Dies = tuple[int, str]


def lives(folder: Path, story: Story, *dies: Dies) -> dict[str, Any]:
    """Play a story whose first servers die there, and the last one does not; return its end."""
    fresh(folder)
    (folder / "secrets.toml").touch(0o600)
    (folder / "secrets.toml").write_text(f'HOOK = "{SECRET}"')
    for number, each in enumerate((*dies, NEVER), start=1):
        pid = os.fork()
        if pid == 0:
            _live(folder, story, number, each)
        status = os.waitpid(pid, 0)[1]
        if each is not NEVER and os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
            break  # it came to its end before that point
        wanted = 0 if each is NEVER else signal.SIGKILL
        if status != wanted:
            raise AssertionError((folder / "error").read_text())
    found: dict[str, Any] = json.loads((folder / "end.json").read_text())
    return found


def _live(folder: Path, story: Story, number: int, dies: Dies) -> None:
    code = 1
    try:
        life = Life(folder, story, number, dies)
        life.live()
        write_ending(life)
        code = 0
    finally:
        if code:  # told by the parent
            (folder / "error").write_text(traceback.format_exc())
        os._exit(code)


def forgets(self: Orchestrator, execution_id: str) -> bool:
    """Take news out in one transaction and deliver it in the next: what must not be done."""
    taken: list[Row] = []

    def take(tx: Tx) -> None:
        taken.extend(tx.rows("inbox.of", execution=execution_id))
        tx.execute("inbox.clear", ids=[row["id"] for row in taken])

    self._database.write(take)
    self._database.write(lambda tx: self._deliver(tx, execution_id, taken))
    return True


def points(labels: list[str], seen: set[str], *, every: bool) -> list[int]:
    """Return the numbers of the transactions to die at: one of each kind, or all.

    Claims, starts and what says nothing are the same in every story: once is enough.
    """
    kinds: dict[str, int] = {}
    for number, label in enumerate(labels, start=1):
        common = {*label.partition("|")[2].split()} <= AGAIN
        if not (common and label in seen):
            kinds.setdefault(label, number)
    return list(range(1, len(labels) + 1)) if every else sorted(kinds.values())


def play(folder: Path, name: str, scale: int, seen: set[str]) -> dict[str, Any]:
    """Play a story without a death, then with one at each point, then at pairs of them.

    `seen`: the kinds of transactions in earlier stories; those of this one are added.
    """
    story = STORIES[name]
    whole = lives(folder, story)
    right = whole["ending"]
    assert not right["left"], right["left"]
    assert not right["damage"], right["damage"]
    first = points(whole["labels"], seen, every=scale > 1)
    single = [((n, at),) for n in first for at in MOMENTS]
    pairs = [
        ((n, "after"), (m, at))
        for n in points(whole["labels"], set(), every=False)
        for m in range(1, len(whole["labels"]) + 1, 2)
        for at in MOMENTS
    ]
    seen.update(whole["labels"])
    wrong = []
    for dies in [*single, *(pairs if scale > 1 else [])]:
        try:
            found = lives(folder, story, *dies)["ending"]
        except AssertionError as error:
            wrong.append([dies, str(error)[-2_000:]])
            continue
        if found != right:
            wrong.append([dies, {k: [right[k], found[k]] for k in right if found[k] != right[k]}])
    said = sorted({word for label in whole["labels"] for word in label.partition("|")[2].split()})
    return {"story": name, "points": len(single), "said": said, "wrong": wrong}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    cel.install()
    so_far = set[str]()
    for each in sys.argv[3:]:
        if each == FORGETFUL:
            setattr(Orchestrator, MUTATED, forgets)
            continue
        told = play(Path(sys.argv[1]) / each, each, int(sys.argv[2]), so_far)
        print(json.dumps(told), flush=True)  # noqa: T201 - a program
