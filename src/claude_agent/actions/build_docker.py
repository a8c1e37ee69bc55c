"""Build the project's container image, and push it where that is asked for."""

import re
from collections.abc import Mapping
from pathlib import Path

from claude_agent.actions import builders, git, project
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed, BadParameter

FILES = ("Dockerfile", "Containerfile")
_TAG = re.compile(
    r"(?=.{1,255}\Z)(?P<name>[a-z0-9][a-z0-9._/:-]*?)(?::(?P<tag>\w[\w.-]{0,127}))?\Z"
)
_ARG = re.compile(r"[A-Za-z_]\w*\Z")


def perform(context: Context) -> Mapping[str, object]:
    """Return `image` (with its digest where there is one), `tag`, `digest`, `builder`, `pushed`.

    The same effect key means the same tag. What was built is written down for deploy_k8s.
    """
    folder, file = _sources(context)
    tag, args = _tag(context), _arguments(context)
    builder = builders.find(context)
    context.say(f"building {tag} with {builder.name}")
    builder.build(folder, file, tag, args)
    pushed = context.flag("push")
    digest = builder.push(tag) if pushed else builder.digest(tag)
    image = f"{tag}@{digest}" if digest else tag
    notes = project.images(context)
    if notes is not None:
        # A cluster finds by digest only what a registry has.
        notes.replace(image if pushed else tag)
    context.say(f"{'pushed' if pushed else 'built'} {image}")
    return {
        "image": image,
        "tag": tag,
        "digest": digest,
        "builder": builder.name,
        "pushed": pushed,
    }


def _sources(context: Context) -> tuple[Path, Path]:
    checkout = context.checkout.resolve()
    folder = (checkout / context.text("context", ".")).resolve()
    if not folder.is_relative_to(checkout) or not folder.is_dir():
        raise BadParameter(name="context", problem=f"there is no folder {folder} in the checkout")
    given = context.text("file")
    if given:
        file = (checkout / given).resolve()
        if not file.is_relative_to(checkout) or not file.is_file():
            raise BadParameter(name="file", problem=f"there is no file {file} in the checkout")
        return folder, file
    for name in FILES:
        if (folder / name).is_file():
            return folder, folder / name
    message = f"there is no {' or '.join(FILES)} in {folder}"
    hint = "Write one, or name it with `with.file`; `with.path` is the checkout."
    raise ActionFailed(message, hint=hint, code=2)


def _tag(context: Context) -> str:
    """Return `with.tag`, else APP:COMMIT; outside git the execution stands for the commit."""
    given = context.text("tag")
    if not given:
        version = git.head(context.checkout)[:12] or context.execution[-12:] or "latest"
        return f"{project.app_name(context)}:{version}"
    fits = _TAG.match(given)
    if not fits:
        raise BadParameter(name="tag", problem=f"{given!r} is not NAME:TAG of an image")
    return given if fits["tag"] else f"{given}:latest"


def _arguments(context: Context) -> dict[str, str]:
    given = context.values.get("build_args")
    values = dict(given) if isinstance(given, dict) else {}
    for name, value in values.items():
        if not _ARG.match(name):
            raise BadParameter(name="build_args", problem=f"{name!r} is no name of an ARG")
        if not isinstance(value, str | int | float):
            problem = f"the value of {name} is neither text nor number"
            raise BadParameter(name="build_args", problem=problem)
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
