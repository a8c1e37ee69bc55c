"""Dead letters and queues in people's hands, on the whole product."""

import json
from collections import Counter

from tests.e2e.product import Product
from tests.waiting import wait_until


def test_a_dead_letter_is_looked_at_changed_and_run_again(shared: Product) -> None:
    run = "echo looking; echo it is broken >&2; exit 3"
    gone = shared.submit(run, title="breaks", env={"SHADE": "blue"})
    shared.reaches(gone["ref"], "dead")
    listed = shared.json("deadletter", "list", "--kind", "task", "--agent", "testing")
    assert gone["ref"] in [one["ref"] for one in listed["items"]]
    shown = shared.cli("deadletter", "show", gone["ref"]).stdout
    assert "it is broken" in shown
    found = shared.json("deadletter", "show", gone["ref"])
    assert found["errors"][0]["message"] in shown
    assert found["tail"] == "looking\nit is broken\n"
    for follow in ((), ("--follow",)):  # that it failed is no failure of showing what it said
        assert shared.cli("task", "logs", *follow, gone["ref"]).stdout == found["tail"]
    assert "SHADE" in found["environment"]
    assert "blue" not in found["environment"]
    assert (found["reason"], found["attempts"], found["generation"]) == ("exit", 1, 1)
    done = shared.json("deadletter", "retry", gone["ref"], "--set", "run=echo mended")
    assert (done["state"], done["generation"]) == ("ready", 2)
    ended = shared.reaches(gone["ref"], "succeeded")
    assert (ended["run"], ended["run_number"], ended["attempt"]) == ("echo mended", 2, 1)
    assert shared.events(gone["id"]).count("task.redriven") == 1
    refused = shared.cli("deadletter", "retry", gone["ref"], expect=5)
    assert "is succeeded" in refused.stderr
    again = shared.submit("exit 4")
    shared.reaches(again["ref"], "dead")
    lines = shared.cli("deadletter", "export", "--queue", "testing").stdout.splitlines()
    assert again["ref"] in [json.loads(line)["ref"] for line in lines]
    shared.cli("deadletter", "discard", again["ref"], "--reason", "a test")
    assert shared.task(again["ref"])["state"] == "discarded"


def test_a_step_is_refused_with_what_to_do_instead(shared: Product) -> None:
    source = "name: Breaks\nsteps: [{id: a, agent: testing, run: exit 1}]"
    run = shared.system.workflows.execute(source=source, cwd=str(shared.work))
    ended = shared.execution_reaches(run["ref"], "failed")
    refused = shared.cli("deadletter", "retry", ended["steps"][0]["task_ref"], expect=6)
    assert "step a of a workflow" in refused.stderr
    assert f"claude-agent execution show {run['id']}" in refused.stderr


def test_a_paused_queue_starts_nothing_until_it_is_resumed(shared: Product) -> None:
    shared.cli("queue", "pause", "instagram", "--reason", "a test")
    try:
        task = shared.submit("true", agent="instagram")
        other = shared.submit("true")
        shared.reaches(other["ref"], "succeeded")
        shared.kill_server()
        later = shared.submit("true")
        shared.reaches(later["ref"], "succeeded")
        assert shared.task(task["ref"])["state"] == "ready"
        assert "(paused)" in shared.cli("status").stdout
        found = shared.json("queue", "show", "instagram")
        assert (found["paused"], found["states"]["ready"]) == (True, 1)
    finally:
        shared.cli("queue", "resume", "instagram")
    shared.reaches(task["ref"], "succeeded")


def test_a_limit_and_a_purge_are_kept(shared: Product) -> None:
    held = shared.held("one")
    shared.cli("queue", "limit", "instagram", "1")
    try:
        first = shared.submit(held, agent="instagram")
        shared.started("one")
        rest = [shared.submit("true", agent="instagram") for _ in range(3)]
        purged = shared.json("queue", "purge", "instagram", "--yes")
        assert purged == {"name": "instagram", "cancelled": 3}
        assert {shared.task(one["ref"])["state"] for one in rest} == {"cancelled"}
        assert shared.task(first["ref"])["state"] == "running"
        shared.let_go("one")
        shared.reaches(first["ref"], "succeeded")
    finally:
        shared.cli("queue", "limit", "instagram", "default")


def test_a_kill_in_the_middle_of_a_redrive_loses_and_doubles_nothing(shared: Product) -> None:
    gate = shared.work / "mended"
    run = f"test -e {gate} || exit 9\n{shared.entry('redriven')}"
    tasks = [shared.submit(run, agent="database", title=f"t{n}") for n in range(10)]
    for one in tasks:
        shared.reaches(one["ref"], "dead")
    gate.touch()
    words = ("retry", "--all", "--queue", "database", "--rate", "4/s", "--yes")
    begun = shared.json("deadletter", *words)
    assert begun["total"] == 10
    look = shared.system.dead_letters.redrive_status
    wait_until(lambda: look(begun["id"])["done"] >= 3, timeout=20, what="three re-driven letters")
    shared.kill_server()
    middle = look(begun["id"])
    assert middle["done"] < 10, "the server was killed too late to tell"
    ended = wait_until(
        lambda: found if (found := look(begun["id"]))["state"] == "ended" else None,
        timeout=30,
        what="the end of the re-drive",
    )
    assert (ended["done"], ended["skipped"]) == (10, 0)
    for one in tasks:
        assert shared.reaches(one["ref"], "succeeded")["attempt"] == 1
    frames = [x for x in shared.system.events.all() if x["type"] == "task.redriven"]
    count = Counter(frame["id"] for frame in frames)
    assert {one["id"]: count[one["id"]] for one in tasks} == {one["id"]: 1 for one in tasks}
    assert len(shared.entries("redriven")) == 10
    shared.verify()


def test_queues_of_messages_are_listed_and_refused_what_they_cannot(shared: Product) -> None:
    found = shared.json("queue", "list")
    (mine,) = [one for one in found["messages"] if one["name"] == "default"]
    assert mine["kind"] == "message"
    assert set(mine) == {"name", "kind", "ready", "delayed", "leased", "dead"}
    table = shared.cli("queue", "list").stdout
    assert [line for line in table.splitlines() if "default" in line and "message" in line]
    for words in (["pause", "default"], ["limit", "default", "3"], ["purge", "default", "--yes"]):
        refused = shared.cli("queue", *words, expect=6)
        assert "carries messages" in refused.stderr
        assert "deadletter list --kind message" in refused.stderr
