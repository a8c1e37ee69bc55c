"""The product on PostgreSQL: its main job, its own death, and the death of PostgreSQL."""

import http.client
import json
import signal
from collections.abc import Iterator
from time import monotonic
from urllib.parse import urlsplit

import pytest

from claude_agent.app import HUNG_S
from claude_agent.keeper_child import Limits
from tests.e2e.main_job import MainJob
from tests.e2e.product import Product, lives, product
from tests.e2e.test_kills import flow
from tests.servers.postgres import PostgresServer
from tests.waiting import wait_until

FROZEN_S = HUNG_S + Limits.beat + 3


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL that keeps what it acknowledged, also when it is killed."""
    made = PostgresServer(durable=True)
    try:
        made.start()
        made.empty("product")
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def on_postgres(server: PostgresServer) -> Iterator[Product]:
    url = server.url("product")
    with product({"CLAUDE_AGENT_SERVER_DATABASE_URL": url}) as made:
        yield made


def submit_status(one: Product) -> tuple[int, str, str]:
    """Submit once, without a retry; return the status, Retry-After and the problem's code."""
    parts = urlsplit(one.address().url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        body = json.dumps({"run": "true", "agent": "testing"})
        headers = {"Authorization": f"Bearer {one.token}", "Content-Type": "application/json"}
        connection.request("POST", "/tasks/submit", body=body, headers=headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        return answer.status, answer.headers.get("Retry-After", ""), told.get("code", "")
    finally:
        connection.close()


def test_main_job_runs_on_postgresql(on_postgres: Product) -> None:
    MainJob(on_postgres).deploy("release-1", expect=0)
    _, health = on_postgres.ask("GET", "/health")
    assert "PostgreSQL at 127.0.0.1:" in json.dumps(health["components"])
    assert on_postgres.verify()["problems"] == []


def test_server_killed_on_postgresql_adopts_the_same_run(on_postgres: Product) -> None:
    path = flow(on_postgres, "pg-kill")
    started = on_postgres.json("workflow", "--file", str(path))
    [line] = on_postgres.started("pg-kill-tests")
    shim = on_postgres.shim(line["run_id"])
    on_postgres.kill_server()
    on_postgres.reaches(line["task_id"], "running")
    assert on_postgres.shims() == {line["run_id"]: shim}
    on_postgres.let_go("pg-kill-tests")
    on_postgres.execution_reaches(started["id"], "succeeded")
    assert len(on_postgres.entries("pg-kill-tests")) == 1
    assert on_postgres.verify()["problems"] == []


def test_killed_postgresql_costs_no_run_and_nothing_that_was_accepted(
    server: PostgresServer, on_postgres: Product
) -> None:
    one = on_postgres
    accepted = [one.submit(one.entry(f"accepted-{n}"))["id"] for n in range(5)]
    running = one.submit(one.held("outage"))
    [line] = one.started("outage")
    old = one.server
    server.stop("immediate")
    try:
        status, retry_after, code = submit_status(one)
        assert (status, code) == (503, "unavailable")
        assert int(retry_after) >= 1
        assert one.shim(line["run_id"]), "agents go on"
        one.let_go("outage")
        wait_until((one.folder(line["run_id"]) / "exit.json").exists, what="the run's verdict")
    finally:
        server.start()
    assert one.reaches(running["id"], "succeeded", timeout=60)["run_number"] == 1
    for task in accepted:
        one.reaches(task, "succeeded")
    wait_until(lambda: submit_status(one)[0] == 201, timeout=20, what="a task to be accepted")
    assert one.server == old, "the server lives through it"
    assert len(one.entries("outage")) == 1
    assert one.verify()["problems"] == []


def test_postgresql_that_stands_still_costs_no_server(
    server: PostgresServer, on_postgres: Product
) -> None:
    one = on_postgres
    old, since = one.serves(), monotonic()
    server.freeze()
    try:  # longer than the keeper allows a dispatcher to be silent
        wait_until(lambda: monotonic() - since > FROZEN_S, timeout=60, what="the keeper's patience")
        assert lives(old)
    finally:
        server.freeze(signal.SIGCONT)
    done = one.submit(one.entry("afterwards"))
    one.reaches(done["id"], "succeeded", timeout=60)
    assert one.server == old
    assert one.verify()["problems"] == []


def test_sqlite_moves_to_postgresql_and_the_product_goes_on(
    server: PostgresServer, empty: Product
) -> None:
    empty.up()
    done = empty.submit(empty.entry("before"))
    empty.reaches(done["id"], "succeeded")
    held = empty.submit(empty.held("across"))
    [line] = empty.started("across")
    url = server.empty("moved")
    refused = empty.cli("db", "move", "--to", url, expect=6)
    assert "claude-agent down" in refused.stderr
    empty.down()
    moved = empty.json("db", "move", "--to", url)
    empty.environ["CLAUDE_AGENT_SERVER_DATABASE_URL"] = url
    assert empty.json("db", "verify")["hash"] == moved["hash"]
    empty.up()
    empty.let_go("across")
    assert empty.reaches(held["id"], "succeeded")["run_number"] == 1
    assert len(empty.entries("across")) == 1
    assert empty.task(done["id"])["state"] == "succeeded"
    assert line["task_id"] == held["id"]
    assert empty.verify()["problems"] == []
    again = empty.cli("db", "move", "--to", url, expect=None)
    assert again.returncode != 0
