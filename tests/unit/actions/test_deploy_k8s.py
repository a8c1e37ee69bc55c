"""A real kubectl deploys on a stub of the Kubernetes API."""

from pathlib import Path

import pytest

from claude_agent.actions import project
from claude_agent.actions.context import Context
from tests.servers.kubernetes import DEPLOYER, READER, Kubernetes
from tests.unit.actions.acting import Acted, act

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: shop}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: shop}}}}
  template:
    metadata: {{labels: {{app: shop}}}}
    spec:
      containers:
        - {{name: web, image: "{image}"}}
        - {{name: sidecar, image: "proxy:1"}}
---
apiVersion: v1
kind: Service
metadata: {{name: shop}}
spec: {{type: LoadBalancer, selector: {{app: shop}}, ports: [{{port: 80}}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: shop}}
spec:
  tls: [{{hosts: [shop.example]}}]
  rules:
    - host: shop.example
      http:
        paths:
          - path: /buy
            pathType: Prefix
            backend: {{service: {{name: shop, port: {{number: 80}}}}}}
"""


class Shop:
    """A checkout with manifests that is deployed by executions."""

    def __init__(self, place: Path, cluster: Kubernetes) -> None:
        self.folder, self.home, self.cluster = place / "shop", place / "h", cluster
        self.manifest = self.folder / "k8s" / "shop.yaml"
        self.manifest.parent.mkdir(parents=True)
        self.config: object = cluster.kubeconfig()

    def deploy(self, image: str = "", execution: str = "e1", **more: object) -> Acted:
        if image:
            self.manifest.write_text(MANIFEST.format(image=image))
        return self._act("deploy_k8s", execution, f"{execution}/deploy/1", more)

    def undo(self, execution: str = "e1", **more: object) -> Acted:
        return self._act("rollback_k8s", execution, f"{execution}/deploy/1/undo", more)

    def _act(self, name: str, execution: str, key: str, more: dict[str, object]) -> Acted:
        told = {
            "CLAUDE_AGENT_EXECUTION_ID": execution,
            "CLAUDE_AGENT_IDEMPOTENCY_KEY": key,
            "with_kubeconfig": self.config,
            "HOME": self.home,
        }
        told = {**told, **more}
        told["with_kubeconfig"] = str(told["with_kubeconfig"])
        return act(name, folder=self.folder, home=self.home, **told)


@pytest.fixture
def shop(tmp_path: Path, kubernetes: Kubernetes) -> Shop:
    return Shop(tmp_path, kubernetes)


def test_deploy_k8s_applies_the_manifests_and_waits(shop: Shop) -> None:
    first = shop.deploy("shop:1")
    assert first.outputs == {
        "urls": ["https://shop.example/buy"],
        "deployments": ["shop"],
        "revision": 1,
        "previous_revision": 0,
    }, first
    second = shop.deploy("shop:2", "e2").outputs
    assert second is not None
    assert (second["revision"], second["previous_revision"]) == (2, 1)
    assert shop.cluster.image() == "shop:2"
    assert shop.deploy("", "e2").outputs == second, "a repetition says the same"


def test_rollback_k8s_returns_to_the_revision_of_before(shop: Shop) -> None:
    shop.deploy("shop:1")
    shop.deploy("shop:2", "e2")
    undone = shop.undo("e2")
    assert undone.outputs == {"revision": 3, "changed": True}, undone
    assert shop.cluster.image() == "shop:1"
    assert shop.undo("e2").outputs == {"revision": 0, "changed": False}
    assert shop.cluster.image() == "shop:1", "undone twice is undone once"


def test_rollback_k8s_goes_on_where_it_was_killed(shop: Shop) -> None:
    shop.deploy("shop:1")
    shop.deploy("shop:2", "e2")
    [notes] = [path for path in (shop.home / "kubernetes").iterdir() if '"e2/' in path.read_text()]
    kept = notes.read_text()
    shop.undo("e2")
    notes.write_text(kept)  # as a kill between the rollout and the forgetting leaves it
    assert shop.undo("e2").outputs == {"revision": 3, "changed": False}
    assert shop.cluster.image() == "shop:1"


def test_deploy_k8s_fails_with_what_the_pods_say_and_is_undone(shop: Shop) -> None:
    shop.deploy("shop:1")
    failed = shop.deploy("shop:fails", "e2")
    assert (failed.code, failed.outputs) == (1, None)
    assert "error: the rollout of shop failed: it exceeded its progress deadline; pod shop-" in (
        failed.complaint
    )
    assert ': ImagePullBackOff: Back-off pulling image "shop:fails"\n' in failed.complaint
    assert shop.undo("e2").outputs == {"revision": 3, "changed": True}
    assert shop.cluster.image() == "shop:1"


def test_deploy_k8s_fails_when_a_rollout_stands_still(shop: Shop) -> None:
    failed = shop.deploy("shop:stalls", with_timeout=1)
    assert failed.code == 1
    assert "the rollout of shop failed: it was not complete after 1 s; pod" in failed.complaint
    assert shop.undo().outputs == {"revision": 0, "changed": True}
    assert shop.cluster.cluster.get("deployments", "web", "shop") is None, "it was not there before"


def test_deploy_k8s_sets_an_image_on_a_deployment(shop: Shop) -> None:
    shop.deploy("registry/team/shop:1")
    digest = f"registry/team/shop:2@sha256:{'0' * 64}"
    acted = shop.deploy("", "e2", with_image=digest, with_deployment="shop")
    assert acted.outputs is not None, acted
    assert acted.outputs["revision"] == 2
    assert shop.cluster.image() == digest, "on the container that runs the same repository"
    named = shop.deploy(
        "", "e3", with_image="proxy:2", with_deployment="shop", with_container="sidecar"
    )
    assert named.code == 0, named
    back = shop.undo("", with_deployment="shop", with_revision=1)
    assert back.outputs == {"revision": 4, "changed": True}, back
    assert shop.cluster.image() == "registry/team/shop:1"


def test_deploy_k8s_deploys_the_image_that_its_execution_built(shop: Shop) -> None:
    shop.deploy("shop:1")
    built = Context(
        values={},
        workspace=shop.folder,
        environment={"CLAUDE_AGENT_EXECUTION_ID": "e2"},
        home=shop.home,
    )
    notes = project.images(built)
    assert notes is not None
    notes.replace("shop:built")
    acted = shop.deploy("shop:latest", "e2")
    assert acted.code == 0, acted
    assert "shop/web runs shop:built" in acted.shown
    assert shop.cluster.image() == "shop:built"


def test_deploy_k8s_reads_the_token_from_its_secret(shop: Shop) -> None:
    shop.config = shop.cluster.kubeconfig("")
    unknown = shop.deploy("shop:1")
    assert (unknown.code, unknown.outputs) == (1, None)
    assert "error: the cluster does not know who asks: " in unknown.complaint
    assert "KUBE_TOKEN as a secret" in unknown.complaint
    acted = shop.deploy("shop:1", KUBE_TOKEN=DEPLOYER)
    assert acted.code == 0, acted
    assert DEPLOYER not in acted.shown + acted.complaint


def test_deploy_k8s_says_what_a_token_may_not(shop: Shop) -> None:
    shop.config = shop.cluster.kubeconfig(READER)
    acted = shop.deploy("shop:1")
    assert (acted.code, acted.outputs) == (1, None)
    assert "error: the cluster forbids kubectl apply: " in acted.complaint
    assert 'User "reader" cannot' in acted.complaint
    assert "hint: Give the user of the kubeconfig" in acted.complaint
    assert shop.cluster.cluster.objects == {}
    assert shop.undo().code == 0, "there is nothing to undo"


def test_deploy_k8s_says_that_the_server_does_not_answer(shop: Shop) -> None:
    text = Path(str(shop.config)).read_text()
    away = shop.folder / "away"
    away.write_text(text.replace(f":{shop.cluster.server_port}", ":9"))
    acted = shop.deploy("shop:1", with_kubeconfig=away)
    assert acted.code == 75, "the network may heal"
    assert "error: the Kubernetes API server does not answer: " in acted.complaint
    assert "Check `with.kubeconfig` and `with.context`." in acted.complaint


def test_rollback_k8s_leaves_alone_what_its_execution_did_not_deploy(shop: Shop) -> None:
    shop.deploy("shop:1")
    before = list(shop.cluster.asked)
    assert shop.undo("stranger").outputs == {"revision": 0, "changed": False}
    assert shop.cluster.asked == before
    by_hand = shop.undo("")
    assert (by_hand.code, "Give `with.deployment` and `with.revision`." in by_hand.complaint) == (
        2,
        True,
    )


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"with_manifest": "none.yaml"}, "with.manifest: there is no "),
        ({"with_manifest": "../"}, "with.manifest: there is no "),
        ({"with_kubeconfig": "none"}, "with.kubeconfig: there is no file "),
        ({"with_context": "no such"}, "with.context: 'no such' is no name of a context"),
        ({"with_namespace": "-x"}, "with.namespace: '-x' is no name of a namespace"),
        ({"with_context": "other"}, "context was not found for specified context: other"),
        ({"with_path": "empty"}, "nothing says what to deploy: there is none of k8s/, kubernetes/"),
        ({"with_path": "empty", "with_image": "a:1"}, "there is no deployment empty to set a:1 on"),
        ({"with_image": "other:1"}, "no container of the manifests' deployments fits other:1"),
        ({"with_timeout": 0}, "with.timeout: 0 is not between 1 and 7000"),
        ({"PATH": "/nowhere"}, "kubectl is not installed"),
    ],
)
def test_deploy_k8s_says_what_it_cannot_use(
    shop: Shop, more: dict[str, object], complaint: str
) -> None:
    (shop.folder / "empty").mkdir()
    acted = shop.deploy("shop:1", **more)
    assert acted.code in {1, 2}
    assert complaint in acted.complaint
    assert "Traceback" not in acted.complaint
    assert acted.outputs is None
    assert shop.cluster.asked == []
