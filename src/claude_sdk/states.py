"""The terminal states, as the server spells them."""

TASK_ENDED = frozenset({"succeeded", "dead", "discarded", "cancelled", "rejected", "expired"})
EXECUTION_ENDED = frozenset(
    {"succeeded", "failed", "cancelled", "compensated", "compensation_failed"}
)
