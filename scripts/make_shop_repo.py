"""Make a bare git repository of the sample shop: `make_shop_repo.py TARGET`.

Branch `main` holds release 1, then release 2 (tags `release-1`, `release-2`); branch `broken`
holds a release that passes its tests and fails once deployed. The commits depend on the
files alone, never on the machine or the day. Nothing is fetched.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SHOP = Path(__file__).resolve().parent.parent / "examples" / "shop"
SKIPPED = frozenset({"node_modules", "dist", "dist.next", "__pycache__", "releases", ".ruff_cache"})
RELEASES = (
    ("release-1", "main", "Open the shop", "."),
    ("release-2", "main", "Keep prices in cents, search the shelves", "releases/release-2"),
    ("broken", "broken", "Take gift notes, serve pages from the release", "releases/broken"),
)


def main(arguments: list[str]) -> int:
    """Make the repository and print its releases with their commits; 2 on wrong use."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: make_shop_repo.py TARGET\n")
        return 2
    for name, sha in make(Path(arguments[0]).resolve()).items():
        sys.stdout.write(f"{name} {sha}\n")
    return 0


def make(target: Path, shop: Path = SHOP) -> dict[str, str]:
    """Make the bare repository `target` anew and return {tag or branch: commit}."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        tree, bare = Path(folder) / "tree", Path(folder) / "bare"
        tree.mkdir()
        _git(tree, "init", "-q", "--template=", "--initial-branch=main")
        commits = {}
        for hour, (name, branch, message, overlay) in enumerate(RELEASES):
            if branch != "main":
                _git(tree, "checkout", "-q", "-b", branch)
            _copy(shop / overlay, tree)
            _git(tree, "add", "--all")
            _git(tree, "commit", "-q", "-m", message, hour=hour)
            if name != branch:
                _git(tree, "tag", name)
            commits[name] = _git(tree, "rev-parse", "HEAD")
        _git(tree, "checkout", "-q", "main")
        _git(tree, "clone", "-q", "--bare", "--template=", "--no-hardlinks", ".", str(bare))
        _git(bare, "config", "--remove-section", "remote.origin")
        shutil.rmtree(target, ignore_errors=True)
        bare.rename(target)
    return commits


def _copy(source: Path, tree: Path) -> None:
    for path in sorted(source.rglob("*")):
        inner = path.relative_to(source)
        if SKIPPED.isdisjoint(inner.parts) and path.is_file() and not _is_left_over(path):
            (tree / inner).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, tree / inner)


def _is_left_over(path: Path) -> bool:
    return path.suffix == ".pyc" or ".db" in path.suffixes or path.name.endswith(("-wal", "-shm"))


def _git(folder: Path, *arguments: str, hour: int = 0) -> str:
    moment = f"2026-01-01T{hour:02d}:00:00 +0000"
    # None of the machine's own settings may reach a commit: its id would change.
    told = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "The shop",
        "GIT_AUTHOR_EMAIL": "shop@example.invalid",
        "GIT_AUTHOR_DATE": moment,
        "GIT_COMMITTER_NAME": "The shop",
        "GIT_COMMITTER_EMAIL": "shop@example.invalid",
        "GIT_COMMITTER_DATE": moment,
    }
    done = subprocess.run(  # noqa: S603 - no shell, arguments of this file
        ["git", *arguments],  # noqa: S607 - git is found on PATH
        cwd=folder,
        env=told,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
