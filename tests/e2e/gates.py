"""A product whose policy holds some work: the fixtures of the tests of approvals."""

from collections.abc import Iterator

import pytest

from tests.e2e.product import Product, product
from tests.waiting import wait_until

RULES = """
[approvals]
expires = "1h"
[[approvals.rules]]
match = { requester = "agent", priority = ["CRITICAL", "EMERGENCY"] }
decide = "auto"
countdown = "1s"
[[approvals.rules]]
match = { requester = "agent", command = "^(git status|echo)( |$)" }
decide = "auto"
[[approvals.rules]]
match = { requester = "agent", agent = ["testing"] }
decide = "manual"
deciders = ["supervisor", "operator"]
[[approvals.rules]]
match = { command = "(rm -rf|git push --force)" }
decide = "always_ask"
[[approvals.rules]]
match = { command = "^mkfs" }
decide = "reject"
[[approvals.rules]]
match = { agent = ["instagram"] }
decide = "manual"
deciders = ["approver"]
quorum = 2
[[approvals.rules]]
match = { agent = ["frontend-ui"] }
decide = "manual"
expires = "700ms"
on_expire = "reject"
"""


@pytest.fixture(scope="module")
def made() -> Iterator[Product]:
    with product(up=False) as one:
        (one.work / "claude-agent.toml").write_text(RULES)
        one.up()
        yield one


@pytest.fixture
def gated(made: Product) -> Iterator[Product]:
    yield made
    for entry in made.entries():
        made.let_go(entry["step"])
    counts = lambda: made.system.tasks.list(limit=1)["counts"]  # noqa: E731 - one line
    wait_until(lambda: not counts().get("running"), timeout=40, what="every command's end")
    made.settle()
