"""The home: the one folder with everything the product stores, and where its sockets go."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from claude_agent.errors import SetupError

SOCKET_PATH_BYTES = 100
LONGEST_SOCKET = "bell/journal.sock"
NETWORK_FILE_SYSTEMS = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.davfs2", "fuse.glusterfs"}
    | {"fuse.rclone", "fuse.s3fs", "fuse.sshfs", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs"}
    | {"nfs4", "ocfs2", "orangefs", "smb3", "smbfs", "virtiofs"}
)
"""File systems on which SQLite's locks and shared memory cannot be relied upon."""
ELSEWHERE = "choose another with --home or CLAUDE_AGENT_HOME"


def default_home(environment: Mapping[str, str]) -> Path:
    """Return `$CLAUDE_AGENT_HOME`, else the user's state folder."""
    if given := environment.get("CLAUDE_AGENT_HOME"):
        return Path(given)
    if state := environment.get("XDG_STATE_HOME"):
        return Path(state) / "claude-agent"
    return Path(environment.get("HOME") or Path.home()) / ".local" / "state" / "claude-agent"


def prepare_home(home: Path) -> None:
    """Make the home (0700) and prove that it can be used.

    Raises `SetupError` with one sentence: not a folder, another user's, on a network file system,
    read-only.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = home.stat()
    except FileExistsError as error:
        msg = f"the home {home} is not a folder"
        raise SetupError(msg, hint=ELSEWHERE) from error
    except OSError as error:
        msg = f"the home {home} cannot be made: {error.strerror}"
        raise SetupError(msg, hint=ELSEWHERE) from error
    if found.st_uid != os.geteuid():
        msg = f"the home {home} belongs to another user"
        raise SetupError(msg, hint=ELSEWHERE)
    kind = file_system(home)
    if kind in NETWORK_FILE_SYSTEMS:
        msg = f"the home {home} is on a network file system ({kind}), where locks cannot be trusted"
        raise SetupError(
            msg,
            hint="choose a folder on a local disk with --home or CLAUDE_AGENT_HOME",
        )
    try:
        if stat.S_IMODE(found.st_mode) & 0o077:
            home.chmod(0o700)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        msg = f"the home {home} cannot be written: {error.strerror}"
        raise SetupError(msg, hint=ELSEWHERE) from error


def file_system(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """Return the type of the file system that holds `path` ("" when it cannot be told)."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    target = path.resolve()
    for line in lines:
        front, _, back = line.partition(" - ")  # proc(5): ... mount point is the fifth field
        if not back:
            continue
        point = front.split()[4].replace("\\040", " ")
        if target.is_relative_to(point) and len(point) >= best:
            best, kind = len(point), back.split()[0]
    return kind


def sockets_folder(home: Path, environment: Mapping[str, str]) -> Path:
    """Return the folder for tmux.sock and bell/: the home, unless its path is too long for sockets.

    A unix socket's path may have 107 bytes. Then the sockets go into `$XDG_RUNTIME_DIR`, else into
    a private folder below /tmp. Raises `SetupError` if that folder is not ours alone.
    """
    if len(os.fsencode(home / LONGEST_SOCKET)) <= SOCKET_PATH_BYTES:
        return home
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:8]
    folder = Path(f"/tmp/claude-agent-{os.geteuid()}-{mark}")  # noqa: S108 - proved ours below
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        wanted = Path(runtime) / f"claude-agent-{mark}"
        if len(os.fsencode(wanted / LONGEST_SOCKET)) <= SOCKET_PATH_BYTES:
            folder = wanted
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        msg = f"the socket folder {folder} cannot be made: {error.strerror}"
        raise SetupError(
            msg,
            hint="choose a home with a shorter path",
        ) from error
    private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
    if not private or found.st_uid != os.geteuid():
        msg = f"the socket folder {folder} is not ours alone"
        raise SetupError(
            msg,
            hint=f"remove {folder}, or choose a home with a shorter path",
        )
    return folder
