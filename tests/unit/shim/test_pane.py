import os
import select

import pytest

from claude_agent.shim.pane import WAITING_BYTES, Pane
from tests.unit.shim.harness import ShimLab, verdict
from tests.waiting import wait_until


def everything(fd: int) -> bytes:
    """Read what stands in a terminal or pipe now."""
    text = b""
    while select.select([fd], [], [], 0.05)[0]:
        try:
            part = os.read(fd, 1 << 16)
        except OSError:
            break
        if not part:
            break
        text += part
    return text


def test_pane_shows_title_output_and_verdict(lab: ShimLab) -> None:
    folder = lab.folder(lab.spec(sh="printf 'no newline'; exit 3", title="Run \x1b[31mthe\ntests"))
    reader, writer = os.pipe()
    assert lab.start(folder, stdout=writer).wait(60) == 0
    os.close(writer)
    shown = everything(reader).decode()
    os.close(reader)
    assert shown == ("== Run  [31mthe tests  AB12\nno newline\n== work ended with exit code 3\n")


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("kill -9 $$", "== work was ended by signal 9"),
        ("true", "== ended with exit code 0"),
    ],
)
def test_pane_says_how_the_run_ended(lab: ShimLab, text: str, last: str) -> None:
    folder = lab.folder(lab.spec(sh=text))
    reader, writer = os.pipe()
    assert lab.start(folder, stdout=writer).wait(60) == 0
    os.close(writer)
    assert everything(reader).decode().splitlines()[-1] == last
    os.close(reader)


def test_pane_names_each_of_several_commands_and_an_error(lab: ShimLab) -> None:
    folder = lab.folder(lab.spec(commands=(("lint", ("true",)), ("test", ("nope-nope",)))))
    reader, writer = os.pipe()
    assert lab.start(folder, stdout=writer).wait(60) == 0
    os.close(writer)
    shown = everything(reader).decode()
    os.close(reader)
    assert "-- lint\n-- test\n" in shown
    assert shown.endswith("== spawn: nope-nope: No such file or directory\n")


def test_pane_in_a_terminal_stands_out_and_passes_colours_on(lab: ShimLab) -> None:
    master, slave = os.openpty()
    folder = lab.folder(lab.spec(sh="printf '\\033[32mgreen\\033[0m\\n'"))
    shim = lab.start(folder, stdout=slave, stdin=slave, start_new_session=True)
    os.close(slave)
    assert shim.wait(60) == 0
    shown = everything(master)
    os.close(master)
    assert shown.startswith(b"\x1b[0;1m== a title  AB12\x1b[0m\r\n")
    assert b"\x1b[32mgreen\x1b[0m\r\n" in shown


def test_run_goes_on_when_its_terminal_is_gone(lab: ShimLab) -> None:
    master, slave = os.openpty()
    text = "echo up; until [ -e go ]; do sleep 0.02; done; echo more; exit 5"
    folder = lab.folder(lab.spec(sh=text))
    shim = lab.start(folder, stdout=slave, stderr=slave, stdin=slave, start_new_session=True)
    os.close(slave)
    wait_until(lambda: b"== a title" in everything(master), what="the title")
    os.close(master)
    (lab.home / "go").touch()
    assert shim.wait(60) == 0
    assert verdict(folder).code == 5
    assert folder.tail(100) == b"up\nmore\n"


def test_run_does_not_wait_for_a_terminal_that_takes_nothing(lab: ShimLab) -> None:
    master, slave = os.openpty()
    folder = lab.folder(lab.spec(sh="head -c 5000000 /dev/zero | tr '\\0' x"))
    shim = lab.start(folder, stdout=slave, stdin=slave, start_new_session=True)
    os.close(slave)
    assert shim.wait(60) == 0  # nobody has read a byte
    os.close(master)
    assert verdict(folder).output_bytes == 5_000_000


def test_pane_that_was_stopped_gets_what_waited_when_it_reads_again(lab: ShimLab) -> None:
    reader, writer = os.pipe()
    text = "head -c 200000 /dev/zero | tr '\\0' x; until [ -e go ]; do sleep 0.02; done"
    folder = lab.folder(lab.spec(sh=text))
    shim = lab.start(folder, stdout=writer)
    os.close(writer)
    wait_until(lambda: len(folder.tail(300_000)) == 200_000, what="the output")
    shown = [everything(reader)]

    def all_shown() -> bool:
        shown.append(everything(reader))
        return b"".join(shown).count(b"x") == 200_000

    wait_until(all_shown, what="the whole output in the pane")
    (lab.home / "go").touch()
    assert shim.wait(60) == 0
    os.close(reader)


def test_pane_keeps_a_bounded_amount_for_a_stopped_reader() -> None:
    reader, writer = os.pipe()
    pane = Pane(writer)
    for _ in range(100):
        pane.show(b"x" * 65536)
    assert [pane.wants_write] == [True]
    kept = len(everything(reader))
    pane.flush()
    kept += len(everything(reader))
    while pane.wants_write:
        pane.flush()
        kept += len(everything(reader))
    assert 65536 <= kept <= WAITING_BYTES + 3 * 65536
    os.close(reader)
    pane.show(b"nobody")
    assert [pane.wants_write] == [False]
    os.close(writer)


def test_pane_does_nothing_without_a_place_to_write() -> None:
    null = os.open("/dev/null", os.O_WRONLY)
    pane = Pane(null)
    pane.say("unheard")
    assert not pane.wants_write
    os.close(null)
    nowhere = Pane(null)
    nowhere.show(b"x")
    assert not nowhere.wants_write
