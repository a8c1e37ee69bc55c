"""An actor is sent by name from processes that never imported it, and runs."""

import json
import subprocess
import sys
from pathlib import Path

from tests.e2e.product import Product
from tests.waiting import wait_until

STRANGER = """
import json, sys, urllib.request
url, token, key, command, cwd = sys.argv[1:]
body = {"actor": "execute_approved_command", "args": [command], "kwargs": {"cwd": cwd}}
request = urllib.request.Request(
    url + "/messages",
    json.dumps(body).encode(),
    {"Authorization": "Bearer " + token, "Content-Type": "application/json",
     "Idempotency-Key": key},
)
with urllib.request.urlopen(request) as answer:
    print(answer.status, json.load(answer)["message_id"])
assert "claude_agent" not in sys.modules
"""
SENDER = """
import sys
from claude_agent.queue import DatabaseBroker
broker = DatabaseBroker(sys.argv[1])
assert not broker.actors, "this process declares no actor"
broker.send_by_name("execute_approved_command", [sys.argv[2:]], {"cwd": "/"})
broker.close()
"""
WORKER = """
import signal, subprocess, sys
import dramatiq
from claude_agent.queue import Services, make_broker, shipped_actors

def execute(command, cwd, key):
    subprocess.run(command, cwd=cwd, check=True)

services = Services(execute_approved_command=execute)
broker = make_broker(sys.argv[1], registry=shipped_actors(services))
dramatiq.Worker(broker, worker_threads=1, worker_timeout=200).start()
print("up", flush=True)
signal.pause()
"""


def send(product: Product, key: str, command: str) -> str:
    """Send the actor from a process that has only the standard library; return the message."""
    argv = [sys.executable, "-I", "-S", "-c", STRANGER, product.address().url, product.token]
    done = subprocess.run(
        [*argv, key, command, str(product.work)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    status, message_id = done.stdout.split()
    assert status == "201"
    return message_id


def test_approved_command_sent_by_a_stranger_becomes_a_task_and_runs(shared: Product) -> None:
    message = send(shared, "once", f"{shared.entry('by-message')}; pwd")
    assert send(shared, "once", f"{shared.entry('by-message')}; pwd") == message
    [line] = shared.started("by-message")
    task = shared.reaches(line["task_id"], "succeeded")
    assert (task["kind"], task["attempt"]) == ("run", 1)
    assert shared.system.tasks.log(task["id"])["text"].strip() == str(shared.work)
    shared.verify()


def test_approved_command_is_not_lost_and_not_doubled_by_a_kill(shared: Product) -> None:
    steps = [f"message-{n}" for n in range(8)]
    for number, step in enumerate(steps):
        send(shared, step, shared.entry(step))
        if number % 4 == 1:
            shared.kill_server()
    for step in steps:
        [line] = shared.started(step)
        shared.reaches(line["task_id"], "succeeded")
    assert [len(shared.entries(step)) for step in steps] == [1] * len(steps)
    shared.verify()


def test_unknown_actor_is_refused_with_the_nearest(shared: Product) -> None:
    status, problem = shared.ask("POST", "/messages", {"actor": "execute_aproved_command"})
    assert (status, problem["code"]) == (422, "unknown_name")
    assert "execute_approved_command" in json.dumps(problem)


def test_bare_process_sends_by_name_and_a_worker_elsewhere_runs_it(tmp_path: Path) -> None:
    database, mark = tmp_path / "queue.db", tmp_path / "it ran; $(not) shell"
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(database)], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    try:
        assert worker.stdout.readline() == "up\n"
        subprocess.run(
            [sys.executable, "-c", SENDER, str(database), "touch", str(mark)],
            check=True,
            timeout=60,
        )
        wait_until(mark.exists, timeout=20, what="the command to run")
        assert worker.poll() is None
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()
