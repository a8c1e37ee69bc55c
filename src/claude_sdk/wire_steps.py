"""Types of the wire that steps, their instances and tasks share."""

from typing import NotRequired, TypedDict

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


class Child(TypedDict):
    """The execution that does a step: a sub-workflow's."""

    id: str
    ref: str


class Waiting(TypedDict):
    """What ends a step that waits: a time (epoch ms), a signal, an event; one or several."""

    until: int | None
    signal: str | None
    event: str | None


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
    execution: NotRequired[Child | None]


class Instances(TypedDict):
    """The instances of a step; of very many only the most interesting ones as items."""

    total: int
    counts: dict[str, int]
    items: list[Instance]
