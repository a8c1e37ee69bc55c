"""The shipped three-step file: real agents, buildah and kubectl, a stub of the cluster."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import Product, product
from tests.servers.images import build_environment
from tests.servers.kubernetes import Kubernetes

WORKFLOW = Path(__file__).parents[2] / "src" / "claude_agent" / "workflows" / "deploy_app.yaml"
DOCKERFILE = "FROM scratch\nCOPY hello.txt /\n"
TEST = "import unittest\n\nclass One(unittest.TestCase):\n    def test_one(self):\n        pass\n"
MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:latest"}]}
"""
VARIANT = """
    with: {image: "shop:fails"}
    compensate: {action: rollback_k8s, on: attempted}
on_failure: compensate
"""


class Shop:
    """A checkout, a product whose agents may build, and a cluster."""

    def __init__(self, made: Product, cluster: Kubernetes) -> None:
        self.product, self.cluster = made, cluster
        self.folder = made.work / "shop"
        files = {"Dockerfile": DOCKERFILE, "hello.txt": "hello", "k8s/shop.yaml": MANIFEST}
        for name, text in {**files, "test_shop.py": TEST}.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def run(self, file: Path, *, expect: int) -> Any:
        config = f"kubeconfig={self.cluster.kubeconfig()}"
        words = ["workflow", "--file", str(file), "--params", config, "--wait"]
        self.product.cli(*words, expect=expect, cwd=self.folder)
        return self.product.system.executions.list(limit=1)["items"][0]


@pytest.fixture
def shop(kubernetes: Kubernetes) -> Iterator[Shop]:
    with product(up=False) as made:
        more = build_environment(made.work / "images")
        made.environ.update(more)
        names = ", ".join(f'"{name}"' for name in ("PATH", "HOME", *more))
        (made.work / "claude-agent.toml").write_text(
            f"[agents.backend-api]\nenvironment = [{names}]\n"
        )
        made.up()
        yield Shop(made, kubernetes)


def test_the_three_step_file_deploys_and_a_failed_rollout_is_undone(shop: Shop) -> None:
    execution = shop.run(WORKFLOW, expect=0)
    assert execution["state"] == "succeeded"
    assert [step["id"] for step in execution["steps"]] == ["test", "build", "deploy"]
    outputs = {
        step["id"]: shop.product.task(step["task_id"])["outputs"] for step in execution["steps"]
    }
    assert outputs["test"] == {"passed": 1, "failed": 0}
    assert outputs["build"]["builder"] in {"docker", "podman", "buildah"}
    assert outputs["deploy"]["revision"] == 1
    live = outputs["build"]["tag"]
    assert live == f"shop:{execution['id'][-12:]}"
    assert shop.cluster.image() == live, "what was built is what runs"

    variant = shop.product.work / "variant.yaml"
    variant.write_text(WORKFLOW.read_text().rstrip() + VARIANT)
    failed = shop.run(variant, expect=8)
    assert failed["state"] == "compensated", shop.product.story()
    states = {step["id"]: step["state"] for step in failed["steps"]}
    assert states == {"test": "succeeded", "build": "succeeded", "deploy": "compensated"}
    [deploy] = [step for step in failed["steps"] if step["id"] == "deploy"]
    told = shop.product.cli("task", "logs", deploy["task_id"], expect=None).stdout
    assert "the rollout of shop failed: it exceeded its progress deadline" in told
    assert shop.cluster.image() == live, "the rollout of before is back"
    assert shop.product.json("event", "verify")["ok"]
