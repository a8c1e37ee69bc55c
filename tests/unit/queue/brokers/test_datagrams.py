import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

from claude_agent.queue.brokers.datagrams import DatagramNotifier
from claude_agent.storage.notifiers.local import LocalNotifier
from tests.waiting import wait_until

LISTENER = """
import signal, sys
from pathlib import Path
from claude_agent.queue.brokers.datagrams import DatagramNotifier
from claude_agent.storage.notifiers.local import LocalNotifier
DatagramNotifier(Path(sys.argv[1]), LocalNotifier()).wait(["messages"], 0)
print("ready", flush=True)
signal.pause()
"""


def bell(folder: Path) -> DatagramNotifier:
    return DatagramNotifier(folder, LocalNotifier())


def test_ring_wakes_another_process_and_ourselves(tmp_path: Path) -> None:
    here, there = bell(tmp_path), bell(tmp_path)
    there.wait(["messages"], 0)

    here.ring("messages")

    assert there.wait(["messages"], 2)
    assert here.wait(["messages"], 0)
    here.close()
    there.close()


def test_ring_stays_here_when_the_topic_is_local(tmp_path: Path) -> None:
    here, there = bell(tmp_path), bell(tmp_path)
    there.wait(["here/x"], 0)

    here.ring("here/x")
    here.ring("messages")

    assert there.wait(["messages"], 2)
    assert not there.wait(["here/x"], 0)
    assert here.wait(["here/x"], 0)
    here.close()
    there.close()


def test_ring_removes_the_name_of_a_killed_process(tmp_path: Path) -> None:
    here = bell(tmp_path)
    command = [sys.executable, "-c", LISTENER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        names = list(tmp_path.glob("*.bell"))
        process.kill()

    here.ring("messages")

    assert len(names) == 1
    assert list(tmp_path.glob("*.bell")) == []
    here.close()


def heard(here: DatagramNotifier, there: DatagramNotifier) -> bool:
    here.ring("messages")
    return there.wait(["messages"], 0.01)


def test_ring_finds_a_listener_that_came_right_after_the_folder_was_read(tmp_path: Path) -> None:
    here = bell(tmp_path)
    here.ring("messages")
    for _ in range(5):
        late = bell(tmp_path)
        late.wait(["messages"], 0)
        wait_until(partial(heard, here, late), timeout=1, what="the late listener to be rung")
        late.close()
    here.close()


def test_close_ends_waiting_and_leaves_no_file(tmp_path: Path) -> None:
    one = bell(tmp_path)
    one.wait(["messages"], 0)
    one.close()
    one.close()

    assert not one.wait(["messages"], 5)
    one.ring("messages")
    assert list(tmp_path.iterdir()) == []


def test_names_longer_than_a_socket_path_are_reached(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120) / ("y" * 120)
    here, there = bell(folder), bell(folder)
    there.wait(["messages"], 0)

    here.ring("messages")

    assert there.wait(["messages"], 2)
    here.close()
    there.close()


def test_stream_of_one_topic_does_not_drown_another(tmp_path: Path) -> None:
    here, there = bell(tmp_path), bell(tmp_path)
    there.wait(["messages", "results"], 0)
    for _ in range(20):
        for _ in range(200):  # far more than a socket holds
            here.ring("messages")
        here.ring("results")
        assert there.wait(["results"], 2)
    assert there.wait(["messages"], 2)
    here.close()
    there.close()


def test_close_ends_the_listener_also_amid_a_stream(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    here, there = bell(tmp_path), bell(tmp_path)
    there.wait(["messages"], 0)
    (listener,) = set(threading.enumerate()) - before
    for _ in range(100):
        here.ring("messages")
    there.close()

    wait_until(lambda: not listener.is_alive())
    here.close()
