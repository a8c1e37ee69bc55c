"""The home's rules, on real folders and real mounts."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.errors import SetupError
from claude_agent.home import file_system, prepare_home, sockets_folder


def test_home_is_made_private(tmp_path: Path) -> None:
    home = tmp_path / "a" / "home"
    prepare_home(home)
    assert home.stat().st_mode & 0o777 == 0o700
    assert list(home.iterdir()) == []


def test_home_is_made_private_when_it_was_open(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    prepare_home(home)
    assert home.stat().st_mode & 0o777 == 0o700


def test_home_is_refused_when_another_user_has_it(tmp_path: Path) -> None:
    home = tmp_path
    if os.geteuid() == 0:
        os.chown(home, 12345, -1)
    else:
        home = Path("/")
    with pytest.raises(SetupError, match="belongs to another user"):
        prepare_home(home)


def test_home_is_refused_when_it_is_read_only(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with read_only(home), pytest.raises(SetupError, match=r"cannot be (written|made)"):
        prepare_home(home / "below" if os.geteuid() else home)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make `folder` read-only: for root by a mount of its own, as permissions do not bind root."""
    if os.geteuid():
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        return
    mount = ["/bin/mount", "-t", "tmpfs", "-o", "ro,mode=700", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("root may not mount here")
    try:
        yield
    finally:
        subprocess.run(["/bin/umount", str(folder)], check=True)


MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
30 22 0:30 / {nfs} rw,relatime - nfs4 server:/x rw
31 30 0:31 / {nfs}/local rw,relatime - xfs /dev/y rw
"""


@pytest.mark.parametrize(("below", "kind"), [("", "nfs4"), ("/home", "nfs4"), ("/local/h", "xfs")])
def test_file_system_is_that_of_the_innermost_mount(tmp_path: Path, below: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.format(nfs=tmp_path / "nfs"))
    assert file_system(Path(f"{tmp_path}/nfs{below}"), mounts) == kind


def test_file_system_is_known_for_this_folder(tmp_path: Path) -> None:
    assert file_system(tmp_path)


def test_sockets_are_in_the_home_when_its_path_is_short(tmp_path: Path) -> None:
    assert sockets_folder(tmp_path, {}) == tmp_path


@pytest.fixture
def short() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ca-", dir="/tmp") as folder:
        yield Path(folder)


def test_sockets_are_in_the_runtime_folder_when_the_home_is_long(short: Path) -> None:
    home = short / ("x" * 90)
    folder = sockets_folder(home, {"XDG_RUNTIME_DIR": str(short)})
    assert folder.parent == short
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sockets_folder(home, {"XDG_RUNTIME_DIR": str(short)}) == folder
    assert sockets_folder(short / ("y" * 90), {"XDG_RUNTIME_DIR": str(short)}) != folder


def test_sockets_are_in_tmp_when_every_other_path_is_long(short: Path) -> None:
    home = short / ("x" * 90)
    folder = sockets_folder(home, {"XDG_RUNTIME_DIR": str(home)})
    try:
        assert folder.name.startswith(f"claude-agent-{os.geteuid()}-")
    finally:
        folder.rmdir()


def test_sockets_are_refused_when_their_folder_is_open_to_others(short: Path) -> None:
    home = short / ("x" * 90)
    sockets_folder(home, {"XDG_RUNTIME_DIR": str(short)}).chmod(0o755)
    with pytest.raises(SetupError, match="not ours alone"):
        sockets_folder(home, {"XDG_RUNTIME_DIR": str(short)})
