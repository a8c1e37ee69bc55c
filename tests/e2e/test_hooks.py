"""The dead letter hook is told once of each kind, whatever dies in between."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import Product, product
from tests.e2e.test_failpoints import HOOKS, all_fired, arm
from tests.waiting import wait_until


@pytest.fixture
def hooked() -> Iterator[Product]:
    """A product whose hook fails at the first try of each letter, and then writes it down."""
    with product({"PYTHONPATH": str(HOOKS)}, up=False) as made:
        work = shlex.quote(str(made.work))
        made.environ["FAILPOINTS"] = str(made.work)
        made.environ["CLAUDE_AGENT_HOOKS_DEAD_LETTER"] = (
            f"cd {work}; test -e tried-$CLAUDE_AGENT_DEAD_LETTER_ID || "
            f"{{ touch tried-$CLAUDE_AGENT_DEAD_LETTER_ID; exit 1; }}; "
            f"cat > told-$CLAUDE_AGENT_HOOK_ID.part; "
            f"echo $CLAUDE_AGENT_DEAD_LETTER_REASON >> reasons; "
            f"mv told-$CLAUDE_AGENT_HOOK_ID.part told-$CLAUDE_AGENT_HOOK_ID.json"
        )
        made.up()
        yield made


def told(one: Product) -> list[dict[str, Any]]:
    found = sorted(Path(one.work).glob("told-*.json"), key=lambda each: each.stat().st_mtime)
    return [json.loads(each.read_text()) for each in found]


def test_the_hook_is_told_once_of_a_kind_also_when_the_server_dies_in_between(
    hooked: Product,
) -> None:
    arm(hooked, "ended.committed")  # the event and the message are stored; nobody was told yet
    first = hooked.submit("echo no; exit 3", title="breaks")
    hooked.reaches(first["ref"], "dead")
    all_fired(hooked)
    hooked.serves()
    wait_until(lambda: told(hooked), timeout=40, what="the hook")
    again = hooked.submit("exit 3")
    hooked.reaches(again["ref"], "dead")
    other = hooked.submit("exit 3", agent="database")
    hooked.reaches(other["ref"], "dead")
    wait_until(lambda: len(told(hooked)) == 2, timeout=40, what="the other kind")
    assert [one["id"] for one in told(hooked)] == [first["id"], other["id"]]
    assert told(hooked)[0]["title"] == "breaks"
    assert told(hooked)[0]["reason"] == "exit"
    hooked.said("dead_letter.first", 2)
    events = [frame["type"] for frame in hooked.system.events.all()]
    assert events.count("dead_letter.first") == 2
