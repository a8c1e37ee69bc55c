"""What a run means wherever it runs: its digest without what belongs to the host alone.

An approval is bound to this beside the digest of everything. On the host that drew what was shown
everything counts; on another one this does: paths of the home and of the run folder and the
interpreter have names, and the environment that the host lets through counts by its names. What
the request itself sets counts by its values everywhere. The run folder's own `about` holds the
digest of the whole task as it was asked for, so no text can pass for a path that has a name.
"""

import hashlib
import os
import re
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from claude_agent.agents.run_folder import PASSING, RunSpec
from claude_agent.storage.chain import canonical


def portable_digest(
    spec: RunSpec,
    files: Mapping[str, bytes],
    *,
    folder: Path,
    home: Path,
    let_through: Collection[str],
) -> str:
    """Return the SHA-256 of what means the same on every host.

    `let_through`: the names of the environment whose values are the host's own.
    """
    places = [(_path(folder), b"{run}"), (_path(home), b"{home}")]
    python = _path(Path(sys.executable))

    def neutral_bytes(content: bytes) -> bytes:
        for path, name in places:
            content = path.sub(name, content)
        return content

    def neutral(text: str) -> str:
        return os.fsdecode(neutral_bytes(os.fsencode(text)))

    def word(text: str) -> str:
        return "{python}" if text == sys.executable else neutral(_unaddressed(text, spec))

    about = dict(spec.about)
    repo = about.get("repo")
    about["repo"] = repo and {**repo, "top": neutral(repo["top"])}
    about["named"] = {neutral(path): mark for path, mark in about.get("named", {}).items()}
    data = {
        "v": 1,
        "commands": [[name, [word(each) for each in argv]] for name, argv in spec.commands],
        "cwd": neutral(spec.cwd),
        "env": {
            name: neutral(value)
            for name, value in spec.env.items()
            if name not in PASSING and name not in let_through
        },
        "let_through": sorted(let_through),
        "stdin": spec.stdin,
        "files": {
            name: hashlib.sha256(python.sub(b"{python}", neutral_bytes(content))).hexdigest()
            for name, content in files.items()
        },
        "limits": spec.to_data()["limits"],
        "about": about,
        "secrets": {variable: name for variable, (name, _version) in spec.secrets.items()},
    }
    return hashlib.sha256(canonical(data).encode("utf-8", "surrogateescape")).hexdigest()


def _unaddressed(word: str, spec: RunSpec) -> str:
    url = spec.env.get("CLAUDE_AGENT_URL")
    return word.replace(url, "{url}") if url else word


def _path(path: Path) -> "re.Pattern[bytes]":
    """Return what finds a path and what lies below it, and no other that begins or ends alike."""
    return re.compile(rb"(?<![\w./-])" + re.escape(os.fsencode(path)) + rb"(?![\w.-])")
