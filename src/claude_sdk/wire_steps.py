"""Types of the wire that steps, their instances and tasks share."""

from typing import TypedDict

Json = dict[str, object]


class Shown(TypedDict):
    """How a state is shown: the word, the icon's name, the colour family."""

    word: str
    icon: str
    family: str


class Failure(TypedDict):
    """Why something failed."""

    kind: str
    message: str


class Compensation(TypedDict):
    """How the undoing of a step stands."""

    state: str
    shown: Shown
    task_id: str | None
    task_ref: str | None
    order: int
    started_at: int | None
    ended_at: int | None


class Instance(TypedDict):
    """One of the many that a step with `matrix` or `foreach` became."""

    id: str
    item: object
    state: str
    shown: Shown
    task_id: str | None
    task_ref: str | None
    attempt: int
    started_at: int | None
    ended_at: int | None
    reason: str | None
    error: Failure | None
    outputs: Json | None
    compensation: Compensation | None


class Instances(TypedDict):
    """The instances of a step; of very many only the most interesting ones as items."""

    total: int
    counts: dict[str, int]
    items: list[Instance]
