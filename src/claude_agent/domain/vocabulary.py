"""One row per state: its code, the word people read, its icon and its colour family.

The page, the CLI and the TUI take their words from here, so the same state is the same word
everywhere. Icons are names of lucide; `sign` is the terminal's.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How one state is shown."""

    word: str
    """What people read."""
    icon: str
    """The lucide icon of the page."""
    family: str
    """Colour family: running, waiting, ok, failed, healing, idle."""

    @property
    def sign(self) -> str:
        """The terminal's sign."""
        return SIGNS[self.family][0]

    @property
    def plain_sign(self) -> str:
        """The terminal's sign where the locale is not UTF-8."""
        return SIGNS[self.family][1]

    def to_data(self) -> dict[str, str]:
        """Return the wire form."""
        return {"word": self.word, "icon": self.icon, "family": self.family}


SIGNS = {
    "running": ("●", "*"),
    "waiting": ("◐", "?"),
    "ok": ("✓", "+"),
    "failed": ("✗", "x"),
    "healing": ("↻", "~"),
    "undone": ("↶", "<"),
    "idle": ("○", "-"),
}
FAMILIES = ("running", "waiting", "ok", "failed", "healing", "idle")


def _rows(*rows: tuple[str, str, str, str]) -> dict[str, Term]:
    return {code: Term(word=word, icon=icon, family=family) for code, word, icon, family in rows}


TASK = _rows(
    ("held", "needs approval", "hand", "waiting"),
    ("scheduled", "scheduled", "clock", "idle"),
    ("ready", "queued", "clock", "idle"),
    ("running", "running", "loader-circle", "running"),
    ("verifying", "checking", "loader-circle", "running"),
    ("uncertain", "uncertain", "message-square-warning", "waiting"),
    ("succeeded", "succeeded", "circle-check", "ok"),
    ("dead", "dead letter", "archive", "failed"),
    ("cancelled", "cancelled", "ban", "idle"),
    ("rejected", "rejected", "circle-x", "failed"),
    ("expired", "expired", "octagon-x", "failed"),
    ("discarded", "discarded", "circle-slash", "idle"),
)
STEP = _rows(
    ("pending", "not started", "circle-dashed", "idle"),
    ("skipped", "skipped", "circle-slash", "idle"),
    ("held", "needs approval", "hand", "waiting"),
    ("queued", "queued", "clock", "idle"),
    ("running", "running", "loader-circle", "running"),
    ("succeeded", "succeeded", "circle-check", "ok"),
    ("failed", "failed", "octagon-x", "failed"),
    ("cancelled", "cancelled", "ban", "idle"),
    ("uncertain", "uncertain", "message-square-warning", "waiting"),
    ("compensating", "rolling back", "undo-2", "healing"),
    ("compensated", "rolled back", "undo-2", "healing"),
    ("compensation_failed", "rollback failed", "octagon-x", "failed"),
)
EXECUTION = _rows(
    ("queued", "queued", "clock", "idle"),
    ("running", "running", "loader-circle", "running"),
    ("waiting", "waiting", "circle-pause", "waiting"),
    ("paused", "paused", "circle-pause", "waiting"),
    ("cancelling", "cancelling", "ban", "running"),
    ("failing", "failing", "octagon-x", "failed"),
    ("compensating", "rolling back", "undo-2", "healing"),
    ("succeeded", "succeeded", "circle-check", "ok"),
    ("failed", "failed", "octagon-x", "failed"),
    ("cancelled", "cancelled", "ban", "idle"),
    ("compensated", "rolled back", "undo-2", "healing"),
    ("compensation_failed", "rollback failed", "octagon-x", "failed"),
)
AGENT = _rows(
    ("idle", "idle", "circle", "idle"),
    ("starting", "starting", "loader-circle", "running"),
    ("working", "working", "loader-circle", "running"),
    ("asks", "asks a question", "message-square-warning", "waiting"),
    ("needs_approval", "needs approval", "hand", "waiting"),
    ("recovering", "recovering", "rotate-ccw", "healing"),
    ("draining", "draining", "circle-pause", "waiting"),
    ("stopped", "stopped", "circle-slash", "idle"),
    ("lost", "lost", "octagon-x", "failed"),
)
QUEUE = _rows(
    ("open", "open", "circle", "idle"),
    ("paused", "paused", "circle-pause", "waiting"),
)
APPROVAL = _rows(
    ("requested", "needs approval", "hand", "waiting"),
    ("approved", "approved", "circle-check", "ok"),
    ("used", "approved, used", "circle-check", "ok"),
    ("rejected", "rejected", "circle-x", "failed"),
    ("expired", "expired", "octagon-x", "failed"),
    ("voided", "void", "circle-slash", "idle"),
)
QUESTION = _rows(
    ("open", "waits for an answer", "message-square-warning", "waiting"),
    ("answered", "answered", "circle-check", "ok"),
    ("gone", "nobody waits", "circle-slash", "idle"),
)
DERIVED = _rows(
    ("undo_planned", "to be rolled back", "undo-2", "healing"),
    ("retrying", "retrying", "rotate-ccw", "healing"),
    ("needs_input", "asks a question", "message-square-warning", "waiting"),
    ("needs_approval", "needs approval", "hand", "waiting"),
    ("parked", "parked", "circle-pause", "waiting"),
    ("stuck", "stuck", "octagon-x", "failed"),
    ("unverified", "unverified", "circle-check", "ok"),
    ("waits_for_tasks", "waits for tasks", "clock", "waiting"),
    ("taken_over", "taken over", "hand", "waiting"),
)


def doubted(term: Term, doubt: str) -> Term:
    """Return how a task is shown of which more is derived than its state says.

    `doubt`: its run prints nothing for too long (`stuck`), or its agent says that it is done and
    no gate was asked (`unverified`).
    """
    plain = {"stuck": TASK["running"], "unverified": TASK["succeeded"]}
    return DERIVED[doubt] if plain.get(doubt) == term else term


def task(
    code: str,
    *,
    attempt: int = 0,
    cancel_requested: bool = False,
    waits: bool = False,
    asks: str = "",
    taken_over_by: str = "",
) -> Term:
    """Return how a task is shown; a retry that waits is shown as retrying.

    `waits`: it is held until other tasks have ended. `asks`: its agent waits for somebody, with a
    `permission` or a `question`. `taken_over_by`: the person who has it.
    """
    if code == "held" and waits:
        return DERIVED["waits_for_tasks"]
    if cancel_requested and code in ("running", "verifying", "uncertain"):
        return EXECUTION["cancelling"]
    if taken_over_by and code == "running":
        term = DERIVED["taken_over"]
        return Term(word=f"{term.word} by {taken_over_by}", icon=term.icon, family=term.family)
    if asks and code == "running":
        return DERIVED["needs_approval" if asks == "permission" else "needs_input"]
    if code == "scheduled" and attempt > 0:
        return DERIVED["retrying"]
    return TASK[code]


def queue(*, paused: bool) -> Term:
    """Return how a queue is shown."""
    return QUEUE["paused" if paused else "open"]


def as_data() -> dict[str, dict[str, dict[str, str]]]:
    """Return the whole vocabulary as served to the page and the CLI."""
    tables = {
        "task": TASK,
        "step": STEP,
        "execution": EXECUTION,
        "agent": AGENT,
        "queue": QUEUE,
        "shown": DERIVED,
    }
    return {name: {k: v.to_data() for k, v in table.items()} for name, table in tables.items()}
