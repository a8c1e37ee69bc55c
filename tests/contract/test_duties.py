"""Periodic duties: of several processes exactly one does each, and another one takes it over."""

import signal
import subprocess
import sys
from pathlib import Path

from claude_agent.storage.databases.postgresql import open_postgresql
from claude_agent.storage.databases.sqlite import open_sqlite
from claude_agent.storage.duty import Duty
from claude_agent.storage.postgres.duties import Duties
from tests.waiting import wait_until

HOLD = """
import signal, sys
from claude_agent.storage.duty import Duty
from claude_agent.storage.postgres.duties import Duties
duties = Duties(sys.argv[1])
print(duties.mine(Duty.TIMERS), flush=True)
signal.pause()
"""


def test_each_duty_is_one_process_s_until_it_closes(postgres_url: str) -> None:
    one, two = open_postgresql(postgres_url), open_postgresql(postgres_url)
    assert one.leads(Duty.TIMERS)
    assert one.leads(Duty.TIMERS)
    assert not two.leads(Duty.TIMERS)
    assert two.leads(Duty.MESSAGES)  # each duty by itself
    assert not one.leads(Duty.MESSAGES)
    one.close()
    wait_until(lambda: two.leads(Duty.TIMERS), timeout=5, what="the duty that was left")
    two.close()
    assert not two.leads(Duty.FENCING)  # a closed database leads nothing


def test_duty_of_a_killed_process_is_taken_over(postgres_url: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, postgres_url], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    mine = Duties(postgres_url)
    assert not mine.mine(Duty.TIMERS)
    holder.send_signal(signal.SIGKILL)
    holder.wait(10)
    wait_until(lambda: mine.mine(Duty.TIMERS), timeout=5, what="the duty of the dead")
    holder.stdout.close()
    mine.close()


def test_duty_of_a_process_that_stands_still_is_taken_over_and_it_knows(postgres_url: str) -> None:
    still, other = Duties(postgres_url, idle_s=1), Duties(postgres_url)
    assert still.mine(Duty.TIMERS)
    wait_until(lambda: other.mine(Duty.TIMERS), timeout=10, what="the duty of the frozen")
    assert not still.mine(Duty.TIMERS)  # it wakes: its session is gone
    assert not still.mine(Duty.TIMERS)  # and with a new one it waits like everybody
    other.close()
    wait_until(lambda: still.mine(Duty.TIMERS), timeout=5, what="the duty that was left")
    still.close()


def test_on_sqlite_every_duty_is_the_process_s_own(tmp_path: Path) -> None:
    database = open_sqlite(str(tmp_path / "a.db"))
    assert all(database.leads(duty) for duty in Duty)
    database.close()
