"""The fixture of the core: what moves tasks and executions is tested on every database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.core.stand import Stand, compare_with_the_log

ON_BOTH = {
    "test_approvals",
    "test_claims",
    "test_concurrency",
    "test_dead_letters",
    "test_event_triggers",
    "test_dependencies",
    "test_execution_desk",
    "test_message_bus",
    "test_queue_desk",
    "test_redrives",
    "test_resilience",
    "test_run_control",
    "test_run_journal",
    "test_scheduler",
    "test_schedules",
    "test_scheduler_sweeps",
    "test_state_sync",
    "test_subscriptions",
    "test_task_desk",
    "test_second_tries",
    "test_task_orders",
    "test_waits",
    "test_webhooks",
    "test_children",
    "test_trigger_list",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "stand" in metafunc.fixturenames:
        both = metafunc.module.__name__.rpartition(".")[2] in ON_BOTH
        bodies = ["sqlite", "postgresql"] if both else ["sqlite"]
        metafunc.parametrize("stand", bodies, indirect=True)


@pytest.fixture
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    """The core on a fresh database; at the end its rows are compared with the log."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    one = Stand(tmp_path, url=url)
    yield one
    compare_with_the_log(one)
    one.close()
