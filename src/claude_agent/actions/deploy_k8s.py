"""Apply manifests or set an image on Kubernetes, and wait until the rollout is complete.

Where each deployment stood is written down before the first change, by effect key: a run repeated
after a kill, and the undo of a half-made one, read it from there.
"""

import json
from collections.abc import Mapping

from claude_agent.actions import manifests, project
from claude_agent.actions.addresses import urls
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed
from claude_agent.actions.kubectl import Kubectl, Object, kubectl
from claude_agent.actions.notes import Notes
from claude_agent.actions.rollouts import Rollouts, Standing, of_note, revision_of

SAY_REVISION = "Give `with.deployment` and `with.revision`."


def perform(context: Context) -> Mapping[str, object]:
    """Return `urls`, `deployments`, `revision` and `previous_revision` (0: it was not there).

    The revisions are those of the first deployment.
    """
    with kubectl(context) as cluster:
        rollouts = Rollouts(context, cluster)
        paths = manifests.find(context)
        if paths and not (context.text("deployment") and context.text("image")):
            before = _apply(context, cluster, rollouts, manifests.read(cluster, paths))
        else:
            before = _set_image(context, cluster, rollouts)
        for one in before:
            rollouts.wait(one.namespace, one.name)
        return _outputs(context, cluster, rollouts, before)


def notes(context: Context) -> Notes:
    """Return where the deployments of an execution stood before it."""
    return Notes(context, context.need_home() / "kubernetes", hint=SAY_REVISION)


def _apply(
    context: Context, cluster: Kubectl, rollouts: Rollouts, objects: list[Object]
) -> list[Standing]:
    image = context.text("image") or _built(context)
    if image:
        placed = manifests.put_image(objects, image, context.text("container"))
        for each in placed:
            context.say(f"{each} runs {image}")
        if not placed and context.text("image"):
            message = f"no container of the manifests' deployments fits {image}"
            raise ActionFailed(message, hint="Give `with.container`.", code=2)
    named = [
        (str(one["metadata"].get("namespace", "")), str(one["metadata"]["name"]))
        for one in objects
        if one["kind"] == "Deployment"
    ]
    before = _remember(context, [rollouts.standing(*each) for each in named])
    listed = {"apiVersion": "v1", "kind": "List", "items": objects}
    said = cluster.text("apply", "--filename", "-", said=json.dumps(listed))
    for line in said.splitlines():
        context.say(line)
    return before


def _set_image(context: Context, cluster: Kubectl, rollouts: Rollouts) -> list[Standing]:
    image = context.text("image") or _built(context)
    if not image:
        places = ", ".join(f"{name}/" for name in manifests.FOLDERS)
        message = f"nothing says what to deploy: there is none of {places}, and no image"
        hint = "Write manifests there, give `with.image`, or build one with build_docker before."
        raise ActionFailed(message, hint=hint, code=2)
    name = context.text("deployment") or project.app_name(context)
    found = rollouts.deployment(context.text("namespace"), name)
    if found is None:
        message = f"there is no deployment {name} to set {image} on"
        hint = "Write its manifests in k8s/, or name another with `with.deployment`."
        raise ActionFailed(message, hint=hint)
    namespace = str(found["metadata"].get("namespace", ""))
    container = manifests.pick(found, image, context.text("container"))
    before = _remember(context, [rollouts.seen(namespace, name, found)])
    context.say(f"{name}/{container} runs {image}")
    where = ["--namespace", namespace] if namespace else []
    cluster.text("set", "image", f"deployment/{name}", f"{container}={image}", *where)
    return before


def _remember(context: Context, now: list[Standing]) -> list[Standing]:
    if not now or not context.execution:
        return now
    return of_note(notes(context).first([one.noted() for one in now]))


def _built(context: Context) -> str:
    """Return the image that this execution's build_docker left, '' where it built none."""
    left = project.images(context)
    found = left.last() if left is not None else None
    return str(found) if found else ""


def _outputs(
    context: Context, cluster: Kubectl, rollouts: Rollouts, before: list[Standing]
) -> Mapping[str, object]:
    revision, found = 0, list[str]()
    for one in before:
        now = rollouts.deployment(one.namespace, one.name)
        found += urls(context, cluster, now)
        context.say(f"{one.name}: revision {revision_of(now)}")
        revision = revision or revision_of(now)
    return {
        "urls": list(dict.fromkeys(found)),
        "deployments": [one.name for one in before],
        "revision": revision,
        "previous_revision": before[0].revision if before else 0,
    }
