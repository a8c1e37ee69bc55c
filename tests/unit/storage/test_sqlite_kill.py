"""kill -9 of a process that writes: nothing that it acknowledged is missing afterwards."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from claude_agent.storage import log
from claude_agent.storage.databases.sqlite import open_sqlite
from tests.waiting import wait_until

KILLS = 4
WRITER = """
import sys, threading
from claude_agent.domain.events import Event
from claude_agent.storage.databases.sqlite import open_sqlite

database = open_sqlite(sys.argv[1])
said = threading.Lock()

def write(thread):
    n = 0
    while True:
        n += 1
        stream = f"bus/{sys.argv[2]}-{thread}"
        def work(tx):
            tx.execute("work.put_queue", name=f"{stream}-{n}", max=n)
            tx.append([Event(stream=stream, seq=n, type="bus.x", v=1, at=1, actor="", data={})])
        database.write(work)
        with said:
            sys.stdout.write(f"{stream}-{n}\\n")
            sys.stdout.flush()

threads = [threading.Thread(target=write, args=(k,)) for k in range(4)]
[thread.start() for thread in threads]
"""


def test_nothing_acknowledged_is_missing_after_kills(tmp_path: Path, prove_scale: int) -> None:
    path, acknowledged = tmp_path / "one.db", set[str]()
    chance = random.Random(7)  # noqa: S311 - the same kills in every run
    for kill in range(KILLS * prove_scale):
        output = tmp_path / f"out-{kill}"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-c", WRITER, str(path), str(kill)], stdout=file
            )
            wanted = chance.randrange(5, 60)
            wait_until(
                lambda output=output, wanted=wanted: output.read_bytes().count(b"\n") >= wanted,
                timeout=20.0,
                what="acknowledged writes",
            )
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        whole = output.read_text().rpartition("\n")[0]
        acknowledged |= set(whole.splitlines())
        database = open_sqlite(str(path))
        database.check()
        history = database.read(lambda r: list(log.everything(r)))
        queues = {row["name"] for row in database.read(lambda r: r.rows("work.queues"))}
        events, _, problems = database.read(log.verify)
        database.close()
        assert acknowledged <= queues
        assert queues == {f"{one.event.stream}-{one.event.seq}" for one in history}
        assert [one.pos for one in history] == list(range(1, events + 1))
        assert problems == []


def test_two_processes_open_a_new_file_together(tmp_path: Path) -> None:
    code = "import sys\nfrom claude_agent.storage.databases.sqlite import open_sqlite\n"
    code += "open_sqlite(sys.argv[1], shared=True).close()"
    argv = [sys.executable, "-c", code, str(tmp_path / "one.db")]
    processes = [subprocess.Popen(argv, stderr=subprocess.PIPE) for _ in range(4)]
    errors = [process.communicate()[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, errors
