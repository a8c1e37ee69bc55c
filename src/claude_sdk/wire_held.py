"""What holds a task, or who: parts of the wire's Task."""

from typing import TypedDict


class Lock(TypedDict):
    """What no two tasks hold at once."""

    name: str
    holder: str | None


class TakenOver(TypedDict):
    """Who has a task in hand instead of its agent; `phase`: `asked`, `screen`, `back`."""

    by: str
    since: int
    phase: str


class Parked(TypedDict):
    """What a limit of an account makes a task wait for; no attempt is used."""

    why: str
    kind: str
    account: str | None
    until: int
    command: str | None
