"""A queue that is full says so, and keeps what it had."""

from tests.e2e.product import product
from tests.e2e.test_postgresql import submit_status

BOUND = 2


def test_a_full_queue_is_429_stores_nothing_and_takes_work_again() -> None:
    with product({"CLAUDE_AGENT_AGENTS_TESTING_MAX_READY": str(BOUND)}) as made:
        made.cli("queue", "pause", "testing", "--reason", "a test")
        kept = [made.submit("true") for _ in range(BOUND)]
        head = made.system.events.head()
        assert submit_status(made) == (429, "1", "queue_full")
        refused = made.cli("submit", "--run", "true", "--agent", "testing", expect=7)
        assert f"The queue testing is full: it takes {BOUND} tasks" in refused.stderr
        assert "Nothing was stored" in refused.stderr
        assert made.system.events.head() == head
        made.submit("true", agent="database")
        made.cli("queue", "resume", "testing")
        for one in kept:
            made.reaches(one["ref"], "succeeded")
        made.reaches(made.submit("true")["ref"], "succeeded")
