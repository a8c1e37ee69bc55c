"""The example of "Use the broker alone", as its page says: stock command, several processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.files import ROOT

EXAMPLE = ROOT / "examples" / "broker"


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    environment = {**os.environ, "ORDERS_DB": str(tmp_path / "orders.db")}
    command = [sys.executable, "-m", "dramatiq", "orders", "--processes", "2", "--threads", "2"]
    with (tmp_path / "log").open("wb") as log:
        workers = subprocess.Popen(command, cwd=EXAMPLE, env=environment, stdout=log, stderr=log)
    yield environment
    workers.send_signal(signal.SIGTERM)
    assert workers.wait(20) == 0, (tmp_path / "log").read_text()


def test_example_runs_in_several_processes_on_one_file(environment: dict[str, str]) -> None:
    sent = subprocess.run(
        [sys.executable, "orders.py"],
        cwd=EXAMPLE,
        env=environment,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )

    assert sent.returncode == 0, sent.stderr
    orders = [line.split(" by process ")[0] for line in sent.stdout.splitlines()]
    assert orders == [f"order {number} confirmed" for number in range(20)]
