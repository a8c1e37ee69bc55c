import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.agents.control import ShimRefused
from claude_agent.agents.run_folder import Limits
from tests.unit.shim.harness import ShimLab, ask, kinds, lines, verdict
from tests.waiting import wait_until


@pytest.fixture
def small(lab: ShimLab) -> Iterator[ShimLab]:
    """A lab on a file system of 1 MB."""
    disk = lab.home / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    lab.home = disk
    try:
        yield lab
    finally:
        lab.close()
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """Fill the disk up to `leave` bytes."""
    path = disk / "fill"
    with path.open("ab", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
        file.truncate(file.tell() - leave)
    return path


def test_verdict_has_its_room_when_the_command_fills_the_disk(small: ShimLab) -> None:
    folder = small.run(small.spec(sh="cat /dev/zero > fill 2>/dev/null; exit 6"))
    assert verdict(folder).code == 6
    assert kinds(folder) == ["begun", "started", "ended", "exit"]
    assert os.statvfs(small.home).f_bavail * 4096 < 64 * 1024


def test_run_is_not_started_when_there_is_no_room_for_its_verdict(small: ShimLab) -> None:
    folder = small.folder(small.spec("touch", "ran"))
    fill(small.home, leave=32 * 1024)
    assert small.start(folder).wait(60) == 0
    assert verdict(folder).error == "folder: No space left on device"
    assert not (small.home / "ran").exists()


def test_run_is_not_begun_when_not_even_the_claim_fits(small: ShimLab) -> None:
    folder = small.folder(small.spec("touch", "ran"))
    filler = fill(small.home)
    assert small.start(folder, stderr=subprocess.DEVNULL).wait(60) == 74
    assert folder.claim() is None
    assert not list(folder.path.glob(".claim*"))
    filler.unlink()
    assert folder.seal(4)


def test_output_that_does_not_fit_is_counted_and_nothing_waits_for_it(small: ShimLab) -> None:
    text = "cat /dev/zero > fill 2>/dev/null; head -c 300000 /dev/zero"
    folder = small.run(small.spec(sh=text))
    assert verdict(folder).ok
    assert verdict(folder).output_bytes == 300_000
    dropped = [line for line in lines(folder) if line["kind"] == "dropped"]
    assert dropped[-1]["bytes"] >= 290_000


def test_journal_keeps_lines_in_memory_until_the_disk_has_room(
    small: ShimLab, tmp_path: Path
) -> None:
    line = '{"text":"' + "x" * 1000 + '"}'
    wait = f"until [ -e {tmp_path}/go ]; do sleep 0.02; done"
    print_it = f"rm {tmp_path}/go; yes '{line}' | head -n 100"
    text = f"trap : INT; echo up; {wait}; {print_it}; echo printed; {wait}"
    folder, shim = small.running(small.spec(sh=text, protocol="jsonl"))
    filler = fill(small.home)
    (tmp_path / "go").touch()
    wait_until(lambda: ask(folder, "status")["output_bytes"] > 100_000, what="the output")
    assert ask(folder, "status")["n"] >= 102, "numbered, though not on disk"
    assert ask(folder, "interrupt", n=1)["durable"] is False, "acknowledged, though not on disk"
    assert len(lines(folder)) < 102
    filler.unlink()
    (tmp_path / "go").touch()
    assert shim.wait(60) == 0
    found = [each["line"] for each in lines(folder) if each["kind"] == "protocol"]
    assert len(found) == 100
    numbers = [each["n"] for each in lines(folder)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert kinds(folder)[-1] == "exit"


def test_journal_gives_up_ordinary_lines_past_its_memory_but_no_lifecycle_line(
    small: ShimLab, tmp_path: Path
) -> None:
    line = '{"text":"' + "x" * 10_000 + '"}'
    text = f"cat /dev/zero > fill 2>/dev/null; yes '{line}' | head -n 400; rm fill"
    limits = Limits(output_bytes=65536)  # so that there is room for the journal in the end
    folder = small.run(small.spec(sh=text, protocol="jsonl", limits=limits))
    found = kinds(folder)
    dropped = [each for each in lines(folder) if each["kind"] == "dropped"][-1]
    assert dropped["count"] > 100
    assert found[:2] == ["begun", "started"]
    assert found[-1] == "exit"
    assert "ended" in found


def test_shim_does_not_end_before_its_verdict_is_on_disk(lab: ShimLab) -> None:
    folder = lab.folder(lab.spec(sh="exit 3"))
    (folder.path / ".exit.json").mkdir()  # nothing can be written there now
    shim = lab.start(folder)
    wait_until(lambda: "ended" in kinds(folder), what="the command's end")
    wait_until(lambda: ask(folder, "status")["state"] == "ending", what="the verdict's wait")
    assert shim.poll() is None
    assert folder.verdict() is None
    assert ask(folder, "stop", n=1) == {"ok": True, "detail": "ended"}
    with pytest.raises(ShimRefused, match="not_running"):
        ask(folder, "interrupt", n=2)
    (folder.path / ".exit.json").rmdir()
    assert shim.wait(60) == 0
    assert verdict(folder).code == 3
    assert not verdict(folder).stopped
    assert kinds(folder)[-1] == "exit"
