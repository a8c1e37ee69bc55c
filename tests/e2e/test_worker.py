"""`claude-agent worker`: what it refuses, what it says then, and that nothing is left of it."""

import subprocess

import pytest

from tests.e2e.product import Product
from tests.waiting import wait_until

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
URL = "CLAUDE_AGENT_SERVER_DATABASE_URL"


@pytest.mark.parametrize(
    ("url", "words", "code", "said"),
    [
        ("sqlite", (), 2, "needs PostgreSQL"),
        (NOWHERE, ("--queues", "testing,databse"), 2, "Did you mean database?"),
        (NOWHERE, ("--concurrency", "0"), 2, "0 is not in the range"),
        (NOWHERE, (), 1, "PostgreSQL at 127.0.0.1:1/none does not answer"),
        ("mysql://x/y", (), 2, "postgresql://user@host:port/name"),
    ],
)
def test_worker_refuses_and_says_why(
    empty: Product, url: str, words: tuple[str, ...], code: int, said: str
) -> None:
    empty.environ[URL] = url
    refused = empty.cli("worker", *words, expect=code)
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert empty.processes() == {}
    assert not (empty.home / "claude-agent.db").exists()


def test_second_home_with_the_id_of_a_host_is_refused_a_second_worker_of_one_home_is_not(
    empty: Product, postgres_url: str
) -> None:
    empty.environ |= {URL: postgres_url, "CLAUDE_AGENT_HOST_ID": "build"}
    argv = ["claude-agent", "worker", "--concurrency", "1"]
    told = empty.work / "told"
    with told.open("wb") as log:
        workers = [
            subprocess.Popen(argv, env=empty.environ, cwd=empty.work, stdout=log, stderr=log)
            for _ in range(2)
        ]
    wait_until(lambda: told.read_text().count("worker ready") == 2, timeout=60, what="two workers")
    other = {**empty.environ, "CLAUDE_AGENT_HOME": str(empty.work / "copy")}
    refused = empty.cli("worker", expect=1, env=other)
    assert f"The host build has another home ({empty.home})" in refused.stderr
    assert "CLAUDE_AGENT_HOST_ID" in refused.stderr
    assert all(worker.poll() is None for worker in workers)
    for worker in workers:
        worker.terminate()
        assert worker.wait(30) == 0
