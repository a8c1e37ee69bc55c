"""Several hosts on one PostgreSQL: cut off, coming back, lost for good; never a second copy.

With tickets over RabbitMQ: test_rabbitmq.py.
"""

import signal
import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from claude_agent.storage.duty import Duty
from claude_agent.storage.postgres import duties
from tests.e2e.far_host import FarHost
from tests.e2e.product import lives
from tests.e2e.two_hosts import Ground, cut_off_and_back, ground_on
from tests.servers.postgres import PostgresServer
from tests.waiting import wait_until

COMMIT = ("-C", "repository", *("-c", "user.name=a", "-c", "user.email=a@b"))
COMMIT += ("commit", "-q", "--allow-empty", "-m", "first")
WHERE = """
name: where
steps:
- {id: get, agent: testing, action: clone_repo, with: {url: "%s"}}
- {id: here, agent: testing, depends_on: [get], run: "pwd; seq 20000"}
"""
HOLDER = """
SELECT client_port FROM pg_locks JOIN pg_stat_activity USING (pid)
 WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND granted
   AND datname = current_database()"""


@pytest.fixture
def ground(postgres: PostgresServer, postgres_url: str) -> Iterator[Ground]:
    with ground_on(postgres, postgres_url) as made:
        yield made


@pytest.mark.parametrize("carrier", ["database", "redis"])
def test_host_that_is_cut_off_waits_for_proof_and_finishes_when_it_is_back_over(
    carrier: str, postgres: PostgresServer, postgres_url: str, request: pytest.FixtureRequest
) -> None:
    redis = request.getfixturevalue("redis_server") if carrier == "redis" else None
    with ground_on(postgres, postgres_url, redis) as ground:
        cut_off_and_back(ground)


def test_host_that_is_lost_for_good_is_decided_by_a_persons_word(ground: Ground) -> None:
    head, one, two = ground.head, ground.one, ground.two
    one.worker()
    again = head.submit(head.held("again"), idempotent=True)
    asked = head.submit(head.held("asked"))
    head.started("again")
    head.started("asked")
    head.cli("host", "lost", "one", "--yes", expect=6)  # it beats
    one.switch_off()
    for task in (again, asked):
        assert head.reaches(task["ref"], "uncertain", timeout=60)["reason"] == "host unreachable"
    status, problem = head.ask("GET", f"/tasks/{asked['ref']}/log")
    assert (status, problem["code"]) == (409, "elsewhere")
    assert "host one, which is not up" in problem["detail"]
    two.worker()
    assert len(head.entries("again")) == 1  # a free worker takes nothing without proof
    head.cli("host", "lost", "one", "--yes")
    head.started("again", 2)
    head.let_go("again")
    head.reaches(again["ref"], "succeeded")
    assert head.task(asked["ref"])["state"] == "uncertain"  # a person says what happened
    head.cli("task", "resolve", asked["ref"], "failed")
    head.reaches(asked["ref"], "dead")
    assert len(head.entries("asked")) == 1
    lost = [frame for frame in head.system.events.all() if frame["type"] == "host.lost"]
    assert [frame["data"]["host"] for frame in lost] == ["one"]
    assert lost[0]["actor"] == "operator"
    head.verify()


def test_what_was_approved_stays_approved_on_the_host_that_runs_it(ground: Ground) -> None:
    head, one = ground.head, ground.one
    script = head.work / "deploy.sh"
    script.write_text("exit 0\n")
    asked = [
        head.submit(f"# rm -rf\n{more}{head.entry(name)}", env={"SHADE": "blue"}, approve="manual")
        for name, more in (("same", ""), ("changed", f"sh {script}\n"))
    ]
    assert [task["state"] for task in asked] == ["held", "held"]
    for task in asked:
        head.cli("approval", "approve", task["ref"], "--yes")  # drawn and approved on the head
    script.write_text("exit 0 # another\n")
    one.environ["LANG"] = "C.UTF-8"  # the host's own, as are its home and its folders
    one.worker()
    same, changed = (head.reaches(task["ref"], "succeeded", "dead") for task in asked)
    assert (same["state"], len(head.entries("same"))) == ("succeeded", 1)
    assert (one.home / "runs" / same["id"] / "1").is_dir()
    assert (changed["state"], changed["reason"]) == ("dead", "digest_mismatch")
    assert head.entries("changed") == []
    assert head.system.approvals.get(changed["ref"])["state"] == "voided"
    head.verify()


def test_worker_that_is_killed_is_followed_by_the_other_one_of_its_host(ground: Ground) -> None:
    head, one = ground.head, ground.one
    first = one.worker()
    task = head.submit(head.held("run"))
    head.started("run")
    second = one.worker("--queues", "testing")
    one.kill(first)
    head.let_go("run")
    assert head.reaches(task["ref"], "succeeded", timeout=60)["attempt"] == 1
    assert "task.adopted" in head.events(task["id"])
    stays = head.submit(head.held("stays"))
    head.started("stays")
    one.kill(second, signal.SIGTERM)  # in order: the agent goes on
    third = one.worker()
    head.system.tasks.cancel(stays["ref"])
    head.reaches(stays["ref"], "cancelled")
    one.kill(third, signal.SIGTERM)
    head.verify()


def test_worker_that_wakes_after_it_was_taken_for_lost_stops_nothing(ground: Ground) -> None:
    head, one = ground.head, ground.one
    first = one.worker()
    task = head.submit(head.held("run"))
    head.started("run")
    second = one.worker()
    one.kill(first, signal.SIGSTOP)
    head.adopted(task["id"])
    one.kill(first, signal.SIGCONT)
    head.said("worker.fenced_out")
    one.kill(second)  # and it is a worker again
    head.adopted(task["id"], 2)
    head.let_go("run")
    assert head.reaches(task["ref"], "succeeded", timeout=60)["attempt"] == 1
    assert len(head.entries("run")) == 1
    head.verify()


def checking(ground: Ground) -> tuple[str, str]:
    """Return a task whose gate runs on host one, and one whose probe does."""
    head, one = ground.head, ground.one
    one.worker()
    gated = head.submit(head.entry("gated"), gates=[head.held("gate")])
    probed = head.submit(head.held("probed"), verify=head.held("probe"))
    [line] = head.started("probed")
    head.started("gate")
    one.kill(one.shim(line["run_id"]))  # nobody knows how it ended: the probe is asked
    head.started("probe")
    return gated["id"], probed["id"]


def are_left_alone(ground: Ground, gated: str, probed: str) -> None:
    """Wait until host one is unreachable: its gate and its probe wait with it."""
    head = ground.head
    wait_until(
        lambda: "unreachable" in head.cli("host", "list").stdout, timeout=60, what="unreachable"
    )
    states = [head.task(task)["state"] for task in (gated, probed)]
    assert states == ["verifying", "uncertain"]
    assert [len(head.entries(step)) for step in ("gate", "probe")] == [1, 1]


def test_gates_and_probes_of_a_host_that_is_back_end_as_if_nothing_had_been(
    ground: Ground,
) -> None:
    head, one = ground.head, ground.one
    gated, probed = checking(ground)
    one.cut()
    are_left_alone(ground, gated, probed)
    head.let_go("gate")
    head.let_go("probe")
    one.join()
    for task in (gated, probed):
        head.reaches(task, "succeeded", timeout=60)
    steps = ("gated", "probed", "gate", "probe")
    assert [len(head.entries(step)) for step in steps] == [1, 1, 1, 1]
    head.verify()


def test_gates_and_probes_of_a_host_that_is_lost_are_run_again_elsewhere(ground: Ground) -> None:
    head, one = ground.head, ground.one
    gated, probed = checking(ground)
    one.switch_off()
    are_left_alone(ground, gated, probed)
    head.cli("host", "lost", "one", "--yes")
    head.started("gate", 2)
    head.started("probe", 2)
    head.let_go("gate")
    head.let_go("probe")
    for task in (gated, probed):
        head.reaches(task, "succeeded", timeout=60)
    assert "task.gates_restarted" in head.events(gated)
    steps = ("gated", "probed", "gate", "probe")
    assert [len(head.entries(step)) for step in steps] == [1, 1, 2, 2]
    head.verify()


def test_fencing_hook_that_confirms_power_off_decides_the_runs(ground: Ground) -> None:
    head, one, two = ground.head, ground.one, ground.two
    asked, off = head.work / "asked", head.work / "off"
    head.down()
    hook = f'echo "$CLAUDE_AGENT_HOST" >> {asked}; while [ ! -e {off} ]; do sleep 0.05; done'
    head.environ |= {"CLAUDE_AGENT_HOSTS_FENCING": hook, "CLAUDE_AGENT_HOSTS_FENCING_AFTER": "1s"}
    head.up()
    one.worker()
    again = head.submit(head.held("again"), idempotent=True)
    head.started("again")
    two.worker()
    one.switch_off()
    wait_until(asked.exists, timeout=60, what="the hook to be asked")
    assert head.task(again["ref"])["reason"] == "host unreachable"
    assert "fencing asked, try 1" in head.cli("host", "list").stdout
    assert len(head.entries("again")) == 1  # until it has answered nothing is tried
    off.touch()
    head.started("again", 2)
    head.let_go("again")
    head.reaches(again["ref"], "succeeded")
    assert asked.read_text() == "one\n"
    [lost] = [frame for frame in head.system.events.all() if frame["type"] == "host.lost"]
    assert (lost["actor"], lost["data"]["host"]) == ("fencing", "one")
    assert "lost (fencing confirmed, try 1)" in head.cli("host", "list").stdout
    head.verify()


def test_log_and_workspace_of_a_run_are_those_of_its_host(ground: Ground) -> None:
    head, one = ground.head, ground.one
    pid = one.worker()
    repository = head.work / "repository"
    for words in (("init", "-q", str(repository)), COMMIT):
        subprocess.run(["git", *words], cwd=head.work, check=True)
    _, started = head.ask("POST", "/workflows/-/execute", {"source": WHERE % repository})
    execution = head.execution_reaches(started["id"], "succeeded", "failed")
    assert execution["state"] == "succeeded", execution
    task = head.system.tasks.list(limit=5)["items"][0]
    lines = head.cli("task", "logs", task["ref"]).stdout.splitlines()
    # Not in the server's home, though the server named the folder.
    assert lines[0].startswith(f"{one.home}/workspaces/{started['id']}")
    assert lines[1:] == [str(n) for n in range(1, 20001)]
    path = f"/tasks/{task['ref']}/log"
    status, tail = head.ask("GET", f"{path}?offset=-6")
    assert (status, tail["text"], tail["done"]) == (200, "20000\n", True)
    one.kill(pid, signal.SIGSTOP)
    status, problem = head.ask("GET", path)
    assert (status, problem["code"]) == (503, "unavailable")
    assert "did not answer" in problem["detail"]
    one.kill(pid, signal.SIGCONT)
    assert head.ask("GET", f"{path}?offset=-6")[0] == 200
    gone = head.work / "gone"
    gone.mkdir()
    one.kill(pid, signal.SIGTERM)
    late = head.submit("true", cwd=str(gone))
    gone.rmdir()
    one.worker()
    ended = head.reaches(late["ref"], "dead")
    assert f"The working directory {gone} does not exist" in ended["error"]["message"]


def test_duties_of_a_killed_process_are_taken_over_by_the_other_one(
    ground: Ground, postgres_url: str
) -> None:
    head, hosts = ground.head, (ground.one, ground.two)
    workers = {host.name: host.worker() for host in hosts}
    server = head.server
    head.kill(head.keeper)  # its server hands over and ends
    wait_until(lambda: not lives(server), what="the end of the server")

    def holder() -> FarHost | None:
        with psycopg.connect(postgres_url) as connection:
            found = connection.execute(HOLDER, (duties.CLASS, int(Duty.TIMERS))).fetchall()
        assert len(found) <= 1, "one process at a time"
        return next((x for x in hosts if {port for (port,) in found} & x.pipe.ports()), None)

    first = wait_until(holder, what="a worker that does the duties")
    first.kill(workers[first.name])
    other = next(host for host in hosts if host is not first)
    wait_until(lambda: holder() is other, what="the other one to take the duties over")
    head.up()
    late = head.submit(head.entry("late"), delay="200ms")
    head.reaches(late["ref"], "succeeded")  # it became ready by the other one's timers
    assert holder() is other
    head.verify()
