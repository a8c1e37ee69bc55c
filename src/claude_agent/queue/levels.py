"""Names of priorities beside Dramatiq's numbers, where lower goes first."""

import difflib

from claude_agent.domain.priority import NAMES
from claude_agent.errors import UnknownName

STEP = 100
"""Between two levels; numbers in between order messages within a level."""
NUMBERS = {name: (1 - level) * STEP for level, name in enumerate(NAMES)}
"""LOW 100, NORMAL 0 (Dramatiq's default), HIGH -100, CRITICAL -200, EMERGENCY -300."""
TOP_AGED = NUMBERS["CRITICAL"]
"""Waiting raises a message at most to here: never into EMERGENCY."""


def number(priority: int | str) -> int:
    """Return the Dramatiq number of a level's name or of a number. Raises `UnknownName`."""
    if isinstance(priority, int):
        return priority
    try:
        return NUMBERS[priority.upper()]
    except KeyError:
        near = difflib.get_close_matches(priority.upper(), NAMES, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known priorities: {', '.join(NAMES)}."
        message = f"There is no priority named {priority}."
        raise UnknownName(message, hint=hint) from None
