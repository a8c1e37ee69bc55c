"""Bad habits are counted; their counts only fall.

The counts stand in ratchets.json. More than there: the test fails. Fewer: the file is lowered at
once (not in CI), to be committed with the change that earned it.
"""

import json
import os
import re
from pathlib import Path

import pytest

from tests.architecture.files import python_files, shown

STORE = Path(__file__).with_name("ratchets.json")
HABITS = {
    "time.sleep": r"\btime\.sleep\(|from time import .*\bsleep\b",
    "except Exception": r"except \(?(?:Base)?Exception\b",
    "type: ignore": r"#\s*type:\s*ignore",
    "Any": r"\bAny\b",
    "TODO": rf"\b(?:{'|'.join(('TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'))})\b",
    "noqa": r"#\s*(?:ruff:\s*)?noqa",
    "cast": r"\bcast\(",
    "pragma: no cover": r"pragma:\s*no cover",
    "exception without a reason": r"#\s*(?:noqa: [A-Z0-9, ]+|type: ignore(?:\[[a-z-]+\])?)\s*\n",
}
HARMFUL = ("time.sleep", "except Exception", "type: ignore", "TODO")
AREAS = {"src": tuple(HABITS), "scripts": tuple(HABITS), "tests": HARMFUL, "bench": HARMFUL}
"""Tests take untyped answers apart and name their exceptions: only what harms is counted there."""


def count(habit: str, area: str) -> dict[str, int]:
    """Return how often each file of an area has the habit."""
    shape = re.compile(HABITS[habit])
    found = {}
    for path in python_files(area):
        if path != Path(__file__):
            number = len(shape.findall(path.read_text(encoding="utf-8")))
            if number:
                found[shown(path)] = number
    return found


@pytest.mark.parametrize(("area", "habit"), [(a, h) for a, habits in AREAS.items() for h in habits])
def test_habit_does_not_grow(area: str, habit: str) -> None:
    stored = json.loads(STORE.read_text())
    allowed = stored.get(area, {}).get(habit, 0)
    found = count(habit, area)
    total = sum(found.values())
    worst = sorted(found.items(), key=lambda item: -item[1])[:10]
    assert total <= allowed, f"{habit!r} in {area}: {total}, allowed {allowed}; most in {worst}"
    if total < allowed and not os.environ.get("CI"):
        stored[area][habit] = total
        STORE.write_text(json.dumps(stored, indent=2, sort_keys=True) + "\n")


if (
    __name__ == "__main__"
):  # python -m tests.architecture.test_ratchets: store the counts as they are
    counts = {a: {h: sum(count(h, a).values()) for h in habits} for a, habits in AREAS.items()}
    STORE.write_text(json.dumps(counts, indent=2, sort_keys=True) + "\n")
