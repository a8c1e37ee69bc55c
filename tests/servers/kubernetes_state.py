"""What a small cluster holds, and the controller that rolls deployments out.

An image decides how its rollout goes: `…:fails` ends at its progress deadline, `…:stalls` never
moves, every other one becomes available after a moment.
"""

import copy
import hashlib
import json
import threading
from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]
Key = tuple[str, str, str]
REVISION = "deployment.kubernetes.io/revision"
MOMENT_S = 0.05
PULL = 'Back-off pulling image "{image}"'


class Cluster:
    """Objects by (resource, namespace, name); `changed` wakes those who watch."""

    def __init__(self) -> None:
        self.objects: dict[Key, Object] = {}
        self.changed = threading.Condition()
        self.version = 0
        self._timers: list[threading.Timer] = []

    def list(self, resource: str, namespace: str, labels: dict[str, str]) -> list[Object]:
        """Return the objects of a namespace that carry the labels."""
        with self.changed:
            return [
                copy.deepcopy(one)
                for (kind, where, _), one in sorted(self.objects.items())
                if (kind, where) == (resource, namespace)
                and labels.items() <= one["metadata"].get("labels", {}).items()
            ]

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        """Return an object."""
        with self.changed:
            return copy.deepcopy(self.objects.get((resource, namespace, name)))

    def put(self, resource: str, namespace: str, made: Object) -> Object:
        """Store an object; a deployment begins its rollout."""
        with self.changed:
            meta = made["metadata"]
            before = self.objects.get((resource, namespace, meta["name"]))
            meta.setdefault("uid", f"uid-{resource}-{meta['name']}")
            meta["namespace"] = namespace
            meta.setdefault("generation", 1)
            if resource == "deployments":
                made["spec"].setdefault("replicas", 1)
            if before is not None and before.get("spec") != made.get("spec"):
                meta["generation"] = before["metadata"]["generation"] + 1
            self._store(resource, namespace, made)
            if resource == "deployments":
                self._roll_out(namespace, made)
            return copy.deepcopy(self.objects[resource, namespace, meta["name"]])

    def delete(self, resource: str, namespace: str, name: str) -> Object | None:
        """Remove an object, and what a deployment owns."""
        with self.changed:
            gone = self.objects.pop((resource, namespace, name), None)
            for key in [k for k, one in self.objects.items() if _owner(one) == name]:
                del self.objects[key]
            self.version += 1
            self.changed.notify_all()
            return gone

    def watch(self, resource: str, namespace: str, name: str, stop: float) -> Iterator[Object]:
        """Yield an object each time it changes, for at most `stop` seconds without a change."""
        seen = ""
        with self.changed:
            while True:
                one = self.objects.get((resource, namespace, name))
                if one is not None and one["metadata"]["resourceVersion"] != seen:
                    seen = one["metadata"]["resourceVersion"]
                    yield copy.deepcopy(one)
                elif not self.changed.wait(stop):
                    return

    def close(self) -> None:
        """End the controller."""
        for timer in self._timers:
            timer.cancel()
            timer.join()

    def _store(self, resource: str, namespace: str, one: Object) -> None:
        self.version += 1
        one["metadata"]["resourceVersion"] = str(self.version)
        self.objects[resource, namespace, one["metadata"]["name"]] = one
        self.changed.notify_all()

    # The controller --------------------------------------------------------------------------

    def _roll_out(self, namespace: str, deployment: Object) -> None:
        name, template = deployment["metadata"]["name"], deployment["spec"]["template"]
        plain = json.dumps(_plain(template), sort_keys=True)
        digest = hashlib.sha256(plain.encode()).hexdigest()[:8]
        owned = [
            one
            for (kind, where, _), one in self.objects.items()
            if (kind, where, _owner(one)) == ("replicasets", namespace, name)
        ]
        newest = max((_revision(one) for one in owned), default=0)
        current = next((one for one in owned if one["metadata"]["name"].endswith(digest)), None)
        if current is None or _revision(current) != newest:
            newest += 1
        if current is None:
            current = _replica_set(deployment, f"{name}-{digest}")
        current["metadata"]["annotations"] = {REVISION: str(newest)}
        self._store("replicasets", namespace, current)
        deployment["metadata"].setdefault("annotations", {})[REVISION] = str(newest)
        same = deployment.get("status", {}).get("digest") == digest
        if same:
            deployment["status"]["observedGeneration"] = deployment["metadata"]["generation"]
            self._store("deployments", namespace, deployment)
            return
        image = template["spec"]["containers"][0]["image"]
        deployment["status"] = _status(deployment, digest, available=False)
        self._store("deployments", namespace, deployment)
        for key in [k for k, one in self.objects.items() if _waits(one, name)]:
            del self.objects[key]
        if image.endswith((":fails", ":stalls")):
            self._store("pods", namespace, _pod(deployment, f"{name}-{digest}", image))
        if not image.endswith(":stalls"):
            timer = threading.Timer(MOMENT_S, self._settle, (namespace, name, digest))
            self._timers.append(timer)
            timer.start()

    def _settle(self, namespace: str, name: str, digest: str) -> None:
        with self.changed:
            found = self.objects.get(("deployments", namespace, name))
            if found is None or found["status"]["digest"] != digest:
                return
            found = copy.deepcopy(found)
            image = found["spec"]["template"]["spec"]["containers"][0]["image"]
            found["status"] = _status(found, digest, available=not image.endswith(":fails"))
            if image.endswith(":fails"):
                found["status"]["conditions"] = [
                    {
                        "type": "Progressing",
                        "status": "False",
                        "reason": "ProgressDeadlineExceeded",
                        "message": f'ReplicaSet "{name}-{digest}" has timed out progressing.',
                    }
                ]
            self._store("deployments", namespace, found)


def _plain(value: Any) -> Any:
    """Return a value without what says nothing: as the real server compares templates."""
    if isinstance(value, dict):
        plain = {key: _plain(each) for key, each in value.items()}
        return {key: each for key, each in plain.items() if each not in (None, {}, [], "")}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _owner(one: Object) -> str:
    owners = one["metadata"].get("ownerReferences", [])
    return str(owners[0]["name"]) if owners else ""


def _waits(one: Object, deployment: str) -> bool:
    return one["kind"] == "Pod" and _owner(one) == deployment


def _revision(one: Object) -> int:
    return int(one["metadata"]["annotations"][REVISION])


def _replica_set(deployment: Object, name: str) -> Object:
    template = copy.deepcopy(deployment["spec"]["template"])
    template["metadata"].setdefault("labels", {})["pod-template-hash"] = name.rpartition("-")[2]
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": deployment["metadata"]["namespace"],
            "uid": f"uid-{name}",
            "labels": template["metadata"]["labels"],
            "ownerReferences": [_reference(deployment)],
        },
        "spec": {
            "replicas": 1,
            "selector": deployment["spec"]["selector"],
            "template": template,
        },
    }


def _reference(deployment: Object) -> Object:
    meta = deployment["metadata"]
    said = {"apiVersion": "apps/v1", "kind": "Deployment", "controller": True}
    return {**said, "name": meta["name"], "uid": meta["uid"]}


def _pod(deployment: Object, owner: str, image: str) -> Object:
    container = deployment["spec"]["template"]["spec"]["containers"][0]["name"]
    waiting = {"reason": "ImagePullBackOff", "message": PULL.format(image=image)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{owner}-x7x7x",
            "namespace": deployment["metadata"]["namespace"],
            "labels": deployment["spec"]["template"]["metadata"].get("labels", {}),
            "ownerReferences": [_reference(deployment)],
        },
        "status": {
            "phase": "Pending",
            "containerStatuses": [
                {"name": container, "ready": False, "state": {"waiting": waiting}}
            ],
        },
    }


def _status(deployment: Object, digest: str, *, available: bool) -> Object:
    count = deployment["spec"].get("replicas", 1)
    return {
        "digest": digest,
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": count,
        "updatedReplicas": count,
        "readyReplicas": count if available else 0,
        "availableReplicas": count if available else 0,
        "conditions": [],
    }
