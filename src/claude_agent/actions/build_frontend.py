"""Install exactly what the lock file names, build, and check what came out."""

import json
from collections.abc import Mapping
from pathlib import Path

from claude_agent.actions import node, process
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed, BadParameter, code_of


def perform(context: Context) -> Mapping[str, object]:
    """Return `manifest` (its path in the checkout) and `files` (the built files it names)."""
    checkout = context.checkout
    folder = (checkout / context.text("dir", "frontend")).resolve()
    if not folder.is_relative_to(checkout.resolve()) or not (folder / "package.json").is_file():
        raise BadParameter(name="dir", problem=f"there is no package.json in {folder}")
    if not (folder / "package-lock.json").is_file():
        message = f"there is no package-lock.json in {folder}"
        raise ActionFailed(message, hint="Commit the lock file: a build must be repeatable.")
    command, environment = node.npm(process.environment(context, _settings(context)))
    for words in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        done = process.run(context, [*command, *words], cwd=folder, environment=environment)
        if done.code:
            message = f"npm {' '.join(words[:2])} ended with {done.code}: {_reason(done)}"
            raise ActionFailed(message, code=code_of("\n".join(done.lines)))
    manifest = folder / context.text("manifest", "dist/manifest.json")
    files = _built(manifest)
    context.say(f"built {len(files)} files")
    return {"manifest": str(manifest.relative_to(checkout.resolve())), "files": files}


def _reason(done: process.Done) -> str:
    """Return npm's own first error line: its last one only names a log file."""
    errors = [line for line in done.lines if line.startswith("npm error")]
    said = [line for line in errors if not line.startswith("npm error code")] or [done.last]
    return said[0].strip()


def _settings(context: Context) -> dict[str, str]:
    """One cache for all executions; a project's own choice of colours and notices is not asked."""
    quiet = {"npm_config_update_notifier": "false", "NO_COLOR": "1"}
    if context.home is None or "npm_config_cache" in context.environment:
        return quiet
    return {**quiet, "npm_config_cache": str(context.home / "cache" / "npm")}


def _built(manifest: Path) -> list[str]:
    try:
        names = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"the build left no readable {manifest}: {error}"
        raise ActionFailed(message) from error
    files = sorted(names.values()) if isinstance(names, dict) else []
    if not files or not all(isinstance(name, str) for name in files):
        message = f"{manifest} names no files"
        raise ActionFailed(message)
    missing = [name for name in files if not (manifest.parent / name).is_file()]
    if missing:
        message = f"{manifest} names {missing[0]}, which the build did not make"
        raise ActionFailed(message)
    return files
