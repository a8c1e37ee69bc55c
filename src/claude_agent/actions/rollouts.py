"""Deployments of a cluster: where they stand, how a rollout ends, and the way back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed
from claude_agent.actions.kubectl import Kubectl, Object, refused

_REVISION = "deployment.kubernetes.io/revision"
_TIMED_OUT = "timed out waiting"
_TOLD_PODS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a deployment stands: `revision` 0 and no `replica_set` where it is not there.

    Revisions are numbered anew by every undo; the name of a replica set stays.
    """

    namespace: str
    name: str
    revision: int
    replica_set: str

    def noted(self) -> Mapping[str, object]:
        """Return it as plain data."""
        return asdict(self)


def of_note(noted: object) -> list[Standing]:
    """Return what `noted` of several once gave."""
    return [Standing(**one) for one in noted] if isinstance(noted, list) else []


class Rollouts:
    """Rollouts of one action."""

    def __init__(self, context: Context, kubectl: Kubectl) -> None:
        self._context = context
        self._kubectl = kubectl
        self._timeout_s = context.number("timeout", 300.0, low=1, high=7000)

    def standing(self, namespace: str, name: str) -> Standing:
        """Return where a deployment stands now."""
        return self.seen(namespace, name, self.deployment(namespace, name))

    def seen(self, namespace: str, name: str, found: Object) -> Standing:
        """Return where a deployment stands that was asked for just now."""
        if found is None:
            return Standing(namespace=namespace, name=name, revision=0, replica_set="")
        revision = revision_of(found)
        own = [one for one in self._replica_sets(namespace, found) if revision_of(one) == revision]
        return Standing(
            namespace=found["metadata"].get("namespace", namespace),
            name=name,
            revision=revision,
            replica_set=own[0]["metadata"]["name"] if own else "",
        )

    def deployment(self, namespace: str, name: str) -> Object:
        """Return a deployment, None where there is none."""
        found = self._kubectl.objects(
            "get", "deployment", name, "--ignore-not-found", *_in(namespace)
        )
        return found[0] if found else None

    def wait(self, namespace: str, name: str) -> None:
        """Wait for the end of a rollout; ActionFailed with its reason and what its pods say."""
        self._context.say(f"waiting for the rollout of {name}")
        answer = self._kubectl.answer(
            "rollout", "status", f"deployment/{name}", f"--timeout={self._timeout_s:g}s",
            *_in(namespace), quick=False,
        )  # fmt: skip
        for line in answer.out.splitlines():
            self._context.say(line)
        if not answer.code:
            return
        if _TIMED_OUT in answer.err:
            why = f"it was not complete after {self._timeout_s:g} s"
        elif "progress deadline" in answer.err:
            why = "it exceeded its progress deadline"
        else:
            doing = "rollout status"
            raise refused(doing, answer)
        troubles = self._troubles(namespace, name)
        message = "; ".join([f"the rollout of {name} failed: {why}", *troubles])
        raise ActionFailed(message, hint="rollback_k8s returns to the revision of before.")

    def back(self, before: Standing) -> bool:
        """Bring a deployment back to where it stood; say whether that changed anything."""
        namespace, name = before.namespace, before.name
        found = self.deployment(namespace, name)
        if not before.revision:
            if found is not None:
                self._context.say(f"{name} was not there before: it is deleted")
                self._kubectl.text("delete", "deployment", name, *_in(namespace), quick=False)
            return found is not None
        if found is None:
            message = f"the deployment {name} is gone, so it cannot return to a revision"
            raise ActionFailed(message, hint="Apply its manifests again.")
        sets = self._replica_sets(namespace, found)
        kept = [one for one in sets if one["metadata"]["name"] == before.replica_set]
        if not kept:
            message = f"revision {before.revision} of {name} is no longer kept by the cluster"
            raise ActionFailed(message, hint="Deploy the image you want; see revisionHistoryLimit.")
        return self.to_revision(namespace, name, revision_of(kept[0]))

    def to_revision(self, namespace: str, name: str, revision: int) -> bool:
        """Undo to a revision and wait; say whether there was anything to undo."""
        found = self.deployment(namespace, name)
        if found is None:
            message = f"there is no deployment {name}"
            raise ActionFailed(message, hint="Check `with.deployment` and `with.namespace`.")
        changed = revision_of(found) != revision
        if changed:
            self._context.say(f"{name}: revision {revision_of(found)} back to {revision}")
            self._kubectl.text(
                "rollout",
                "undo",
                f"deployment/{name}",
                f"--to-revision={revision}",
                *_in(namespace),
            )
        self.wait(namespace, name)
        return changed

    def _replica_sets(self, namespace: str, deployment: Object) -> list[Object]:
        uid = deployment["metadata"]["uid"]
        found: list[Object] = self._kubectl.objects(
            "get", "replicasets", *_selected(deployment), *_in(namespace)
        )
        return [one for one in found if uid in _owners(one)]

    def _troubles(self, namespace: str, name: str) -> list[str]:
        """Say what keeps the pods of a deployment from being ready."""
        found = self.deployment(namespace, name)
        if found is None:
            return []
        where = ["get", "pods", *_selected(found), *_in(namespace)]
        told = []
        for pod in self._pods(where):
            told += [f"pod {pod['metadata']['name']}: {why}" for why in _pod_troubles(pod)]
        return told[:_TOLD_PODS]

    def _pods(self, words: Sequence[str]) -> list[Object]:
        try:
            return self._kubectl.objects(*words)
        except ActionFailed as error:  # the rollout's failure is the news, not this
            self._context.say(f"its pods cannot be asked: {error.message}")
            return []


def _pod_troubles(pod: Object) -> list[str]:
    status = pod.get("status", {})
    found = []
    for one in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        state = one.get("state", {})
        past = one.get("lastState", {}).get("terminated")
        stuck = state.get("waiting") or state.get("terminated")
        if stuck and not one.get("ready"):
            ended = f" (it ended with {past['exitCode']})" if past and "exitCode" in past else ""
            found.append(
                f"{stuck.get('reason', '')}: {stuck.get('message', '')}{ended}".strip(": ")
            )
    return found + [
        f"{one.get('reason', '')}: {one.get('message', '')}"
        for one in status.get("conditions", [])
        if one.get("type") == "PodScheduled" and one.get("status") == "False"
    ]


def _selected(deployment: Object) -> list[str]:
    labels = deployment["spec"]["selector"].get("matchLabels", {})
    return ["--selector", ",".join(f"{key}={value}" for key, value in sorted(labels.items()))]


def _owners(one: Object) -> set[str]:
    return {owner["uid"] for owner in one["metadata"].get("ownerReferences", [])}


def revision_of(one: Object) -> int:
    """Return the revision of a deployment or replica set, 0 for none."""
    if one is None:
        return 0
    return int(one["metadata"].get("annotations", {}).get(_REVISION, "0"))


def _in(namespace: str) -> list[str]:
    return ["--namespace", namespace] if namespace else []
