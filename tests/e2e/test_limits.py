"""Usage limits in the whole product: parked over a kill -9, ended early by a person, told of."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.product import Product, product
from tests.waiting import wait_until

AGENTS = ("testing", "instagram", "database", "deployment", "master")
ACCOUNTS = ("shared", "shared", "refused", "refused", "short")
TABLE = '[agents.{}]\nadapter = "fake"\naccount = "{}"\n'


@pytest.fixture(scope="module")
def made() -> Iterator[Product]:
    with product(up=False) as one:
        said = "".join(map(TABLE.format, AGENTS, ACCOUNTS))
        (one.work / "claude-agent.toml").write_text(said)
        one.up()
        yield one


def script(**fail: object) -> str:
    return "[[fake]]\n" + json.dumps({"fail": {"message": "the usage limit is reached", **fail}})


def test_a_usage_limit_parks_over_a_kill_and_ends_when_a_person_says_so(made: Product) -> None:
    limited = {"prompt": script(kind="rate", resets_in=3600, until_run=2), "agent": "testing"}
    task = made.system.tasks.submit(limited)
    made.reaches(task["ref"], "scheduled")
    other = made.system.tasks.submit({"prompt": "say hello", "agent": "instagram"})
    command = made.submit("true", agent="supervisor")
    made.reaches(command["ref"], "succeeded")
    made.kill_server()
    parked = made.task(task["ref"])
    assert (parked["state"], parked["attempt"], parked["shown"]["word"]) == (
        "scheduled",
        0,
        "parked",
    )
    shown = made.cli("task", "show", task["ref"]).stdout
    assert "account shared, until" in shown
    assert "claude-agent breaker reset account:shared" in shown
    assert "parked" in made.cli("task", "list").stdout
    assert "usage limit" in made.cli("task", "explain", task["ref"]).stdout
    assert made.task(other["ref"])["state"] == "ready"
    told = made.cli("task", "explain", other["ref"]).stdout
    assert "The account shared has reached its usage limit" in told
    assert "account:shared is left alone for" in made.cli("status").stdout
    assert made.json("breaker", "reset", "account:shared")["state"] == "closed"
    done = made.reaches(task["ref"], "succeeded")
    assert (done["attempt"], done["run_number"]) == (1, 2)
    made.reaches(other["ref"], "succeeded")
    made.cli("event", "verify")


def test_a_refused_account_waits_for_a_person_who_is_told(made: Product) -> None:
    refused = made.system.tasks.submit({"prompt": script(kind="auth"), "agent": "database"})
    made.reaches(refused["ref"], "dead")
    (notice,) = [one for one in made.system.events.all() if one["type"] == "notice.raised"]
    assert notice["topic"] == "notices"
    assert notice["data"]["command"] == "claude-agent breaker reset account:refused"
    waits = made.system.tasks.submit({"prompt": "say hello", "agent": "deployment"})
    told = made.cli("task", "explain", waits["ref"]).stdout
    assert "The account refused is not let in" in told
    made.cli("breaker", "reset", "account:refused")
    made.reaches(waits["ref"], "succeeded")


def test_a_limit_that_ends_lets_everything_go_on_by_itself(made: Product) -> None:
    limited = {"prompt": script(kind="rate", resets_in=1, until_run=3), "agent": "master"}
    task = made.system.tasks.submit(limited)
    done = made.reaches(task["ref"], "succeeded")
    assert (done["attempt"], done["run_number"]) == (1, 3)

    def closed() -> bool:
        found = made.system.resilience.overview()["breakers"]
        return {"closed"} == {one["state"] for one in found if one["name"] == "account:short"}

    wait_until(closed, timeout=60, what="the account is used again")
