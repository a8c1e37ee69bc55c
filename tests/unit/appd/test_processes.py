import os
import subprocess
import sys
from dataclasses import replace

from claude_agent.appd import processes

STUBBORN = (
    "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('ready', flush=True); signal.pause()"
)


def _start(code: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_identity_is_alive_for_this_very_process() -> None:
    me = processes.identify(os.getpid())
    assert me.alive()
    assert processes.Identity.from_data(me.to_data()) == me
    assert not replace(me, start_time=me.start_time + 1).alive()
    assert not replace(me, boot_id="another").alive()


def test_end_asks_first() -> None:
    with _start("print('ready', flush=True); import signal; signal.pause()") as process:
        identity = processes.identify(process.pid)
        assert processes.end(identity, grace_s=5) is False
        assert not identity.alive()
    assert process.returncode == -15


def test_end_kills_what_does_not_listen() -> None:
    with _start(STUBBORN) as process:
        identity = processes.identify(process.pid)
        assert processes.end(identity, grace_s=0.1) is True
        assert not identity.alive()
    assert process.returncode == -9


def test_end_leaves_another_process_with_that_pid_alone() -> None:
    with _start(STUBBORN) as process:
        identity = processes.identify(process.pid)
        assert processes.end(replace(identity, start_time=1), grace_s=0.1) is False
        assert identity.alive()
        process.kill()


def test_end_of_a_process_that_is_gone_is_nothing() -> None:
    with _start("print('ready')") as process:
        identity = processes.identify(process.pid)
        process.wait()
        assert processes.end(identity, grace_s=1) is False
