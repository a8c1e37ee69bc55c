"""Dramatiq's Prometheus middleware counts right on our broker: under `dramatiq` and in-process."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.waiting import wait_until

GOOD, BAD = 12, 3
RETRIES = 2
MODULE = f"""
import os, dramatiq
from dramatiq.middleware.prometheus import Prometheus
from claude_agent.queue import DatabaseBroker

broker = DatabaseBroker(os.environ["WORK_DB"])
broker.add_middleware(Prometheus())
dramatiq.set_broker(broker)

@dramatiq.actor
def good(n):
    pass

@dramatiq.actor(max_retries={RETRIES}, min_backoff=1, max_backoff=1)
def bad(n):
    raise ValueError(n)

def send():
    for n in range({GOOD}):
        good.send(n)
    for n in range({BAD}):
        bad.send_with_options(args=(n,), delay=20)
"""
SEND = "import work; work.send(); work.broker.close()"
IN_PROCESS = """
import work
from claude_agent.queue.worker import QueueWorker

worker = QueueWorker(work.broker)
worker.start()
work.send()
work.broker.join("default", timeout=30_000)

# Here nobody forks the server of the numbers: they are read as any program reads them.
import prometheus_client
from prometheus_client import multiprocess

def read():
    registry = prometheus_client.CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return prometheus_client.generate_latest(registry).decode()

numbers = read()
worker.stop()
print(numbers)
work.broker.close()
"""


def environment_of(folder: Path, port: int) -> dict[str, str]:
    (folder / "work.py").write_text(MODULE)
    (folder / "numbers").mkdir()
    return {
        **os.environ,
        "WORK_DB": str(folder / "work.db"),
        "PYTHONPATH": str(folder),
        "dramatiq_prom_db": str(folder / "numbers"),
        "dramatiq_prom_host": "127.0.0.1",
        "dramatiq_prom_port": str(port),
    }


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def numbers(text: str) -> dict[tuple[str, str], float]:
    """Return {(metric, actor): value} of the counters and gauges."""
    pattern = re.compile(r'^(\w+)\{actor_name="(\w+)"(?:,pid="\d+")?,queue_name="default"\} (\S+)$')
    found: dict[tuple[str, str], float] = {}
    for line in text.splitlines():
        if match := pattern.match(line):
            key = (match[1].removeprefix("dramatiq_"), match[2])
            found[key] = found.get(key, 0) + float(match[3])
    return found


EXPECTED = {
    ("messages_total", "good"): GOOD,
    ("messages_total", "bad"): BAD * (RETRIES + 1),
    ("message_errors_total", "bad"): BAD * (RETRIES + 1),
    ("message_retries_total", "bad"): BAD * RETRIES,
    ("message_rejects_total", "bad"): BAD,
    ("messages_inprogress", "good"): 0,
    ("messages_inprogress", "bad"): 0,
    ("message_duration_milliseconds_count", "good"): GOOD,
    ("message_duration_milliseconds_count", "bad"): BAD * (RETRIES + 1),
}


def compare(found: Mapping[tuple[str, str], float]) -> None:
    assert {key: found.get(key) for key in EXPECTED} == EXPECTED
    # Delayed messages wait in the table: none is ever held in memory.
    assert not [key for key in found if key[0].startswith("delayed")]
    assert ("message_errors_total", "good") not in found


def ask(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    except OSError:
        return ""
    finally:
        connection.close()


def test_metrics_of_several_processes_under_the_stock_command(tmp_path: Path) -> None:
    port = free_port()
    environment = environment_of(tmp_path, port)
    command = [sys.executable, "-m", "dramatiq", "work", "--processes", "2", "--threads", "2"]
    with (tmp_path / "log").open("wb") as log:
        workers = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        subprocess.run([sys.executable, "-c", SEND], env=environment, check=True, timeout=40)
        last = ("message_rejects_total", "bad")
        done = wait_until(
            lambda: found if (found := numbers(ask(port))).get(last) == BAD else None,
            timeout=40,
            what="the last death in the numbers",
        )
    finally:
        workers.send_signal(signal.SIGTERM)
        assert workers.wait(20) == 0, (tmp_path / "log").read_text()
    compare(done)


def test_metrics_of_our_own_worker(tmp_path: Path) -> None:
    environment = environment_of(tmp_path, 0)
    command = [sys.executable, "-c", IN_PROCESS]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    compare(numbers(done.stdout))
