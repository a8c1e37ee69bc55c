"""Make a release of the checkout and switch the application to it; and the undo of that."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from claude_agent.actions import git
from claude_agent.actions.app_file import AppFile, app_paths, database, load
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed
from claude_agent.appd import client, release, state
from claude_agent.appd.errors import AppError
from claude_agent.appd.paths import RELEASE, AppPaths, names
from claude_agent.appd.release import Release

KEPT_RELEASES = 5
LEFT_OUT = frozenset({".git", "node_modules", "__pycache__", ".venv", ".pytest_cache"})
HIGHEST_PORT = 65535


def perform(context: Context) -> Mapping[str, object]:
    """Return `url`, `release` and `previous` ('' for the first one).

    The same effect key always means the same release and at most one switch.
    """
    app = load(context)
    if not app.start:
        message = f"app.toml of {app.name} names no `start` command"
        raise ActionFailed(message, code=2)
    paths = app_paths(context, app.name)
    made = _make_release(context, app, paths)
    context.say(f"release {made.id} in {made.folder}")
    request = {
        "do": "deploy",
        "release": made.id,
        "execution": context.execution,
        "key": context.effect_key,
    }
    port = context.integer("port", 0, high=HIGHEST_PORT)
    answer = _change(context, paths, request, port)
    _prune(paths)
    context.say(f"{paths.name} {answer['release']} answers at {answer['url']}")
    return {name: str(answer[name]) for name in ("url", "release", "previous")}


def rollback(context: Context) -> Mapping[str, object]:
    """Return the `release` that is live now and whether that `changed`."""
    name = context.text("app") or load(context).name
    paths = app_paths(context, name)
    if paths.name not in names(paths.home):
        context.say(f"{paths.name} was never deployed here")
        return {"release": "", "changed": False}
    # Asked even where the state shows nothing to undo: a switch may be on its way this instant.
    answer = _change(context, paths, {"do": "rollback", "execution": context.execution}, 0)
    context.say(f"{paths.name}: {answer['detail']}")
    return {"release": str(answer["release"]), "changed": answer["changed"] is True}


def _change(
    context: Context, paths: AppPaths, request: Mapping[str, object], port: int
) -> dict[str, object]:
    timeout_s = context.number("timeout", 30.0, low=0.1, high=3600)
    try:
        return client.change(paths, request, port=port, timeout_s=timeout_s, tell=context.say)
    except AppError as error:
        raise ActionFailed(error.message, hint=error.hint) from error


def _make_release(context: Context, app: AppFile, paths: AppPaths) -> Release:
    """Copy the checkout into a new release folder, or find the one of an earlier attempt."""
    source = context.checkout
    with _alone(paths.releases):
        made = _releases(paths)
        for known in made:
            if context.effect_key and known.key == context.effect_key:
                return known
        partial = paths.releases / ".new"
        shutil.rmtree(partial, ignore_errors=True)
        _copy(source, partial, app.include)
        sha = git.head(source) or _fingerprint(partial)
        number = max((one.number for one in made), default=0) + 1
        new = Release(
            id=f"{number}-{sha[:7]}",
            folder=paths.releases / f"{number}-{sha[:7]}",
            start=app.start,
            health=app.health,
            environment={
                "APP_DATABASE": str(database(context, paths)),
                "APP_ENV": context.text("env"),
            },
            sha=sha,
            key=context.effect_key,
        )
        release.save(new, partial)
        _settle(partial)
        partial.rename(new.folder)
    return new


def _left_out(_: str, names: list[str]) -> set[str]:
    return set(LEFT_OUT.intersection(names))


def _copy(source: Path, target: Path, include: tuple[str, ...]) -> None:
    if not include:
        shutil.copytree(source, target, symlinks=True, ignore=_left_out)
        return
    for name in include:
        wanted, place = (source / name).resolve(), target / name
        if not wanted.is_relative_to(source.resolve()) or not wanted.exists():
            message = f"app.toml includes {name}, which is not in the checkout"
            raise ActionFailed(message, hint="Was the front end built?")
        place.parent.mkdir(parents=True, exist_ok=True)
        if wanted.is_dir():
            shutil.copytree(wanted, place, symlinks=True, ignore=_left_out)
        else:
            shutil.copy2(wanted, place)


def _fingerprint(folder: Path) -> str:
    """Return a commit-like name for files that are in no repository."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:40]


def _settle(folder: Path) -> None:
    """See every file of a release on the disk before its name is."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _releases(paths: AppPaths) -> list[Release]:
    found = []
    for folder in paths.releases.iterdir():
        if RELEASE.match(folder.name):
            try:
                found.append(release.load(paths, folder.name))
            except AppError:
                continue  # something a person put there: no release of ours
    return found


def _prune(paths: AppPaths) -> None:
    """Remove old releases, never one that is live or that an undo would return to."""
    with _alone(paths.releases):
        known = state.load(paths.folder)
        every = sorted(_releases(paths), key=lambda one: one.number)
        for old in every[:-KEPT_RELEASES]:
            if old.id not in {known.release, known.previous}:
                shutil.rmtree(old.folder, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of an application's releases."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
