"""What the gateway makes of requests about dead letters."""

from typing import Any

import pytest

from claude_agent.core.letters import Criteria
from tests.unit.api.live_server import LiveServer


def test_filters_reach_the_services(server: LiveServer) -> None:
    query = "?kind=message&queue=default&reason=failed&agent=notify&since=5&limit=7&cursor=1.a"
    assert server.get(f"/dead-letters{query}").status == 200
    asked = server.services.asked
    assert asked.criteria == Criteria(
        kind="message", queue="default", reason="failed", agent="notify", since=5
    )
    assert (asked.page.limit, asked.page.cursor) == (7, "1.a")


def test_changes_reach_the_services_as_they_were_sent(server: LiveServer) -> None:
    changes = {"run": "true", "timeout": "5m", "with": {"a": 1}, "args": [1]}
    answer = server.post("/dead-letters/task/T9/redrive", {"changes": changes})
    assert answer.status == 200
    assert server.services.changes == {**changes, "timeout": {"run": "5m"}}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/dead-letters/task/T9/redrive", {"changes": {"run": "a", "action": "noop"}}),
        ("/dead-letters/task/T9/redrive", {"changes": {"delay": "5s"}}),
        ("/dead-letters/task/T9/redrive", {"changes": {"nothing": 1}}),
        ("/dead-letters/task/T9/discard", {}),
        ("/dead-letters/task/T9/discard", {"reason": ""}),
        ("/dead-letters/redrive", {"rate": "fast"}),
        ("/dead-letters/redrive", {"kind": "letter"}),
        ("/queues/testing/limit", {"limit": 0}),
        ("/queues/testing/limit", {}),
    ],
)
def test_what_cannot_be_meant_is_refused(server: LiveServer, path: str, body: Any) -> None:
    answer = server.post(path, body)
    assert answer.status == 422
    assert answer.json()["hint"] or answer.json()["detail"]


def test_a_letter_nobody_knows_is_not_found(server: LiveServer) -> None:
    assert server.get("/dead-letters/task/NIX").status == 404
    assert server.post("/dead-letters/message/NIX/discard", {"reason": "r"}).status == 404
