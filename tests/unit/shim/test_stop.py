import os
import signal
from pathlib import Path

import pytest

from claude_agent.agents import reaper
from claude_agent.agents.run_folder import Limits, RunFolder, StopTimes
from tests.unit.shim.harness import QUICK, ShimLab, ask, end, exists, kinds, lines, verdict
from tests.waiting import wait_until

STUBBORN = "trap '' INT TERM; echo up; while :; do sleep 0.05; done"
SLOW = StopTimes(soft_ms=60_000, int_ms=60_000, term_ms=60_000)


def stages(folder: RunFolder) -> list[str]:
    return [line["stage"] for line in lines(folder) if line["kind"] == "stopping"]


def test_ladder_goes_to_the_last_stage_when_the_command_ignores_every_request(
    lab: ShimLab,
) -> None:
    folder, shim = lab.running(lab.spec(sh=STUBBORN))
    assert ask(folder, "stop", n=1, data={"stage": "ladder"}) == {"ok": True, "detail": "stopping"}
    assert shim.wait(60) == 0
    assert stages(folder) == ["soft", "int", "term", "kill"]
    found = verdict(folder)
    assert (found.signal, found.code, found.stopped, found.failed) == (9, None, True, "work")
    took = found.ended_at - next(line["at"] for line in lines(folder) if line["kind"] == "stopping")
    assert took >= QUICK.soft_ms + QUICK.int_ms + QUICK.term_ms


def test_ladder_stops_at_the_first_stage_when_the_command_obeys(lab: ShimLab) -> None:
    text = "trap 'echo bye; exit 0' INT; echo up; while :; do sleep 0.05; done"
    folder, shim = lab.running(lab.spec(sh=text, stop=SLOW))
    ask(folder, "stop", n=1)
    assert shim.wait(60) == 0
    assert stages(folder) == ["soft"]
    found = verdict(folder)
    assert (found.code, found.stopped) == (0, True)
    assert folder.tail(100) == b"up\nbye\n"


def test_ladder_terminates_a_command_that_ignores_only_interrupts(lab: ShimLab) -> None:
    folder, shim = lab.running(
        lab.spec(sh="trap '' INT; trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done")
    )
    ask(folder, "stop", n=1)
    assert shim.wait(60) == 0
    assert stages(folder) == ["soft", "int", "term"]
    assert verdict(folder).code == 5


def test_stop_kills_at_once_when_asked_to(lab: ShimLab) -> None:
    folder, shim = lab.running(lab.spec(sh=STUBBORN, stop=SLOW))
    ask(folder, "stop", n=1, data={"stage": "kill"})
    assert shim.wait(60) == 0
    assert stages(folder) == ["kill"]


def test_stop_kills_at_once_also_when_the_ladder_has_begun(lab: ShimLab) -> None:
    folder, shim = lab.running(lab.spec(sh=STUBBORN, stop=SLOW))
    ask(folder, "stop", n=1)
    assert ask(folder, "status")["stopping"] == "soft"
    ask(folder, "stop", n=2)  # the ladder begins but once
    ask(folder, "stop", n=3, data={"stage": "kill"})
    assert shim.wait(60) == 0
    assert stages(folder) == ["soft", "kill"]


def test_stop_reaches_a_child_in_a_session_of_its_own(lab: ShimLab) -> None:
    text = f'echo $$ > main; setsid sh -c "echo \\$\\$ > away; {STUBBORN}" & wait'
    folder, shim = lab.running(lab.spec(sh=text))
    away = int((lab.home / "away").read_text())
    assert os.getpgid(away) != os.getpgid(int((lab.home / "main").read_text()))
    ask(folder, "stop", n=1)
    assert shim.wait(60) == 0
    assert not exists(away)
    assert verdict(folder).stopped


def test_stop_reaches_a_child_whose_parent_is_gone(lab: ShimLab) -> None:
    text = f'(setsid sh -c "echo \\$\\$ > away; {STUBBORN}" &); sleep 100'
    folder, shim = lab.running(lab.spec(sh=text))
    away = int((lab.home / "away").read_text())
    ask(folder, "stop", n=1, data={"stage": "kill"})
    assert shim.wait(60) == 0
    assert not exists(away)


def test_stop_keeps_the_next_command_from_starting(lab: ShimLab) -> None:
    polite = "trap 'exit 0' INT; echo up; while :; do sleep 0.05; done"
    commands = (("first", ("sh", "-c", polite)), ("second", ("sh", "-c", "echo second")))
    folder, shim = lab.running(lab.spec(commands=commands))
    ask(folder, "stop", n=1)
    assert shim.wait(60) == 0
    found = verdict(folder)
    assert (found.code, found.stopped, found.index, found.failed) == (0, True, 0, "first")
    assert b"second" not in folder.tail(100)
    assert not found.ok


def test_interrupt_asks_the_command_and_does_not_stop_the_run(lab: ShimLab) -> None:
    text = "trap 'echo again' INT; echo up; until [ -e go ]; do sleep 0.05; done"
    folder, shim = lab.running(lab.spec(sh=text))
    assert ask(folder, "interrupt", n=1) == {"ok": True, "detail": "interrupted"}
    wait_until(lambda: b"again" in folder.tail(100), what="the trap")
    (lab.home / "go").touch()
    assert shim.wait(60) == 0
    found = verdict(folder)
    assert (found.code, found.stopped) == (0, False)
    assert stages(folder) == []


def test_shim_passes_an_interrupt_of_the_pane_on(lab: ShimLab) -> None:
    folder, shim = lab.running(lab.spec(sh="trap 'exit 4' INT; echo up; sleep 100 & wait"))
    shim.send_signal(signal.SIGINT)
    assert shim.wait(60) == 0
    assert verdict(folder).code == 4


def test_shim_stops_the_run_when_it_is_terminated(lab: ShimLab) -> None:
    folder, shim = lab.running(lab.spec(sh=STUBBORN))
    shim.send_signal(signal.SIGTERM)
    assert shim.wait(60) == 0
    assert verdict(folder).stopped
    assert stages(folder)[0] == "soft"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP])
def test_shim_ignores_what_a_terminal_sends(lab: ShimLab, number: signal.Signals) -> None:
    folder, shim = lab.running(lab.spec(sh="echo up; until [ -e go ]; do sleep 0.02; done"))
    shim.send_signal(number)
    assert ask(folder, "status")["state"] == "running"
    (lab.home / "go").touch()
    assert shim.wait(60) == 0
    assert verdict(folder).ok


def test_run_leaves_no_background_child_behind_when_it_ends_well(lab: ShimLab) -> None:
    folder = lab.run(lab.spec(sh="sleep 100 & echo $!"))
    child = int(folder.tail(100))
    assert not exists(child)
    assert verdict(folder).ok
    assert not verdict(folder).stopped


def test_run_leaves_no_background_child_behind_between_commands(lab: ShimLab) -> None:
    look = 'kill -0 "$(cat pid)" 2>/dev/null && echo alive || echo gone'
    commands = (
        ("a", ("sh", "-c", "setsid sleep 100 & echo $! > pid")),
        ("b", ("sh", "-c", look)),
    )
    assert lab.run(lab.spec(commands=commands)).tail(20) == b"gone\n"


def test_run_spares_what_was_started_without_the_run_id(lab: ShimLab) -> None:
    text = "env -u CLAUDE_AGENT_RUN_ID setsid sleep 100 >/dev/null 2>&1 & echo $!"
    folder = lab.folder(lab.spec(sh=text + "; sleep 0.1"))
    assert lab.start(folder).wait(60) == 0
    keeper = int(folder.tail(100))
    try:
        assert exists(keeper)
        assert verdict(folder).ok
    finally:
        end(keeper)


def test_run_ends_although_a_stranger_holds_its_output_open(lab: ShimLab) -> None:
    text = (
        "env -u CLAUDE_AGENT_RUN_ID setsid sh -c 'echo held; exec sleep 100' & sleep 0.2; echo $!"
    )
    folder = lab.run(lab.spec(sh=text))
    printed = folder.tail(100).split()
    try:
        assert printed[0] == b"held"
        assert verdict(folder).ok
    finally:
        end(int(printed[1]))


def test_run_ends_although_a_stranger_floods_its_output(lab: ShimLab) -> None:
    text = "env -u CLAUDE_AGENT_RUN_ID setsid yes & echo $!; sleep 0.1"
    folder = lab.folder(lab.spec(sh=text, limits=Limits(output_bytes=100_000)))
    assert lab.start(folder).wait(60) == 0
    assert verdict(folder).ok
    assert kinds(folder)[-1] == "exit"  # with its reader gone the stranger ends too


def test_run_ends_parts_of_the_run_too(lab: ShimLab) -> None:
    spec = lab.spec("true")
    text = f"CLAUDE_AGENT_RUN_ID={spec.run_id}.gates-1 setsid sleep 100 & echo $!"
    folder = lab.run(lab.spec(sh=text, run_id=spec.run_id, env=dict(spec.env)))
    assert not exists(int(folder.tail(100)))


def test_run_does_not_wait_for_orphans_it_took_in(lab: ShimLab) -> None:
    folder = lab.run(lab.spec(sh="for i in 1 2 3 4 5; do (true &) ; done; echo done"))
    assert verdict(folder).ok
    assert reaper.survivors(verdict(folder).run_id) == []


def test_killed_shim_takes_its_command_along(lab: ShimLab) -> None:
    folder, shim = lab.running(lab.spec(sh="echo up; exec sleep 100"))
    command = next(line["pid"] for line in lines(folder) if line["kind"] == "started")
    shim.kill()
    shim.wait()
    wait_until(lambda: not exists(command), what="the command's end")
    assert folder.verdict() is None
    assert kinds(folder) == ["begun", "started"]
    assert Path(folder.path / "reserve").exists()
