"""What a deployment applies: the objects of its manifests, with the image that is meant."""

import re
from pathlib import Path

from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed, BadParameter
from claude_agent.actions.kubectl import Kubectl, Object

FOLDERS = ("k8s", "kubernetes", "deploy/k8s")
_KUSTOMIZATION = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_ENV = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SUFFIXES = {".yaml", ".yml", ".json"}


def find(context: Context) -> list[Path]:
    """Return `with.manifests` or `with.manifest`, else the first of FOLDERS, else nothing.

    In each of them a folder named by `with.env` comes first.
    """
    checkout = context.checkout
    given = context.values.get("manifests")
    names = [str(one) for one in given] if isinstance(given, list) else []
    names += [context.text("manifest")] if context.text("manifest") else []
    for name in names:
        path = (checkout / name).resolve()
        if not path.is_relative_to(checkout.resolve()) or not path.exists():
            key = "manifest" if context.text("manifest") == name else "manifests"
            raise BadParameter(name=key, problem=f"there is no {path} in the checkout")
    if names:
        return [checkout / name for name in names]
    env = context.text("env")
    if env and not _ENV.fullmatch(env):
        raise BadParameter(name="env", problem="it is a word of letters, digits, _ and -")
    folders = [checkout / name / env for name in FOLDERS] if env else []
    folders += [checkout / name for name in FOLDERS]
    return [one for one in folders if one.is_dir() and _holds(one)][:1]


def read(kubectl: Kubectl, paths: list[Path]) -> list[Object]:
    """Return the objects of the manifests, as kubectl itself reads them."""
    words: list[str] = []
    texts = []
    for path in paths:
        if path.is_dir() and any((path / name).is_file() for name in _KUSTOMIZATION):
            texts.append(kubectl.text("kustomize", str(path)))
        else:
            words += ["--filename", str(path)]
    dry = ["create", "--dry-run=client", "--validate=false"]
    found: list[Object] = kubectl.objects(*dry, "--recursive", *words) if words else []
    for text in texts:
        found += kubectl.objects(*dry, "--filename", "-", said=text)
    if not found:
        message = f"there is nothing to apply in {', '.join(map(str, paths))}"
        raise ActionFailed(message, code=2)
    return found


def put_image(objects: list[Object], image: str, container: str) -> list[str]:
    """Set `image` on the container of that name, else on those that run the same repository.

    Return which containers got it, as `deployment/container`; none where none fits.
    """
    found = []
    for one in objects:
        if one["kind"] != "Deployment":
            continue
        for each in one["spec"]["template"]["spec"]["containers"]:
            if each["name"] == container if container else _same(each.get("image", ""), image):
                each["image"] = image
                found.append(f"{one['metadata']['name']}/{each['name']}")
    return found


def pick(deployment: Object, image: str, container: str) -> str:
    """Return the container of a deployment that shall run `image`; ActionFailed where unclear."""
    known = deployment["spec"]["template"]["spec"]["containers"]
    names = [one["name"] for one in known]
    if container:
        if container in names:
            return container
        problem = f"there is no {container!r}, only {', '.join(names)}"
        raise BadParameter(name="container", problem=problem)
    fitting = [one["name"] for one in known if _same(one.get("image", ""), image)]
    if len(fitting) == 1 or len(names) == 1:
        return str((fitting or names)[0])
    message = f"which container of {deployment['metadata']['name']} shall run {image} is not clear"
    raise ActionFailed(message, hint=f"Give `with.container`: {', '.join(names)}.", code=2)


def _same(one: str, other: str) -> bool:
    return bool(one) and _repository(one) == _repository(other)


def _repository(image: str) -> str:
    """Return the last part of an image's name: what a registry and a tag stand around."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def _holds(folder: Path) -> bool:
    return any(path.suffix in _SUFFIXES for path in folder.rglob("*"))
