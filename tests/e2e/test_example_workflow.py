"""The example of the format, whole: cloned, tested, built, migrated, approved, deployed, undone.

Its targets are a git repository of the test, a SQLite database, buildah and a stub of the
cluster; a person answers from the command line. Only its budget is left out: this
version does not start what has one.
"""

import random
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from claude_agent.core.definition_source import parse
from tests.e2e.product import Product, product
from tests.servers.images import build_environment
from tests.servers.kubernetes import DEPLOYER, Kubernetes
from tests.waiting import wait_until

EXAMPLE = Path(__file__).parents[1] / "data" / "deploy_full_application.yaml"
LEFT_OUT = ("budget",)
SMOKE = """
name: smoke_tests
inputs: {url: {type: string}}
steps:
  - id: look
    agent: testing
    run: 'echo "$CLAUDE_AGENT_STEP $URL" >> "$LOOKED"'
    env: {URL: "${{ inputs.url }}", LOOKED: "%s"}
"""
MANIFESTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:latest"}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
    - host: shop.example
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}
    - host: www.shop.example
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}
"""
CANARY = (
    MANIFESTS.partition("---")[0].replace("shop:latest", "canary:fails").replace("shop", "canary")
)
TEST = "import unittest\n\nclass One(unittest.TestCase):\n    def test_one(self):\n        pass\n"
FILES = {
    "Dockerfile": "FROM scratch\nCOPY hello.txt /\n",
    "hello.txt": "hello",
    "k8s/shop.yaml": MANIFESTS,
    "pyproject.toml": '[project]\nname = "shop"\n',
    "migrations/001_orders.up.sql": "CREATE TABLE orders (id INTEGER);",
    "migrations/001_orders.down.sql": "DROP TABLE orders;",
} | {f"tests/test_{suite}.py": TEST for suite in ("unit", "api", "e2e")}


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@t"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


class Shop:
    """The repository, the database, the cluster and the product that deploys."""

    def __init__(self, made: Product, cluster: Kubernetes) -> None:
        self.product, self.cluster = made, cluster
        self.source = made.work / "source"
        self.database = made.work / "shop.db"
        self.looked = made.work / "looked.txt"
        for name, text in FILES.items():
            path = self.source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git(self.source, "init", "-q")
        self.commit("one")
        definition = parse(EXAMPLE.read_text()).plain()
        for key in LEFT_OUT:
            del definition[key]
        steps = {step["id"]: step for step in definition["steps"]}
        migrate = steps["setup_database"]
        migrate["with"] = {"database": str(self.database)}
        migrate["compensate"]["with"]["database"] = str(self.database)
        self.file = made.work / "example.yaml"
        self.file.write_text(yaml.safe_dump(definition, sort_keys=False))
        smoke = made.work / "smoke.yaml"
        smoke.write_text(SMOKE % self.looked)
        made.system.workflows.define(smoke.read_text())

    def commit(self, text: str) -> None:
        (self.source / "hello.txt").write_text(text)
        git(self.source, "add", "-A")
        git(self.source, "commit", "-q", "-m", text)

    def start(self) -> Any:
        params = {"repo_url": self.source.as_uri(), "env": "prod"}
        execution = self.product.system.run_workflow(self.file, params, cwd=self.product.work)
        return execution["id"]

    def approve(self, execution: str) -> None:
        found = wait_until(lambda: self._asked(execution), timeout=90, what="the approval")
        self.product.cli("approval", "approve", found["ref"], "--yes", "--note", "go")

    def _asked(self, execution: str) -> Any:
        items = self.product.system.approvals.list(execution_id=execution)["items"]
        return next((one for one in items if one["state"] == "requested"), None)

    def skip_bake(self, execution: str) -> None:
        def waits() -> bool:
            steps = self.product.system.executions.get(execution)["steps"]
            return next(s["state"] for s in steps if s["id"] == "wait_bake") == "running"

        wait_until(waits, timeout=90, what="the step that waits")
        self.product.cli("execution", "signal", execution, "skip_bake")

    def tables(self) -> set[str]:
        with closing(sqlite3.connect(self.database)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {row[0] for row in rows}


@pytest.fixture
def shop(kubernetes: Kubernetes) -> Iterator[Shop]:
    with product(up=False) as made:
        more = build_environment(made.work / "images")
        more["KUBECONFIG"] = str(kubernetes.kubeconfig())
        secrets = {f"CLAUDE_AGENT_SECRET_{n}": v for n, v in SECRETS.items()}
        made.environ.update(more | secrets)
        names = ", ".join(f'"{name}"' for name in ("PATH", "HOME", *more))
        agents = ("backend-api", "deployment", "testing", "database")
        (made.work / "claude-agent.toml").write_text(
            "".join(f"[agents.{name}]\nenvironment = [{names}]\n" for name in agents)
        )
        made.up()
        yield Shop(made, kubernetes)


SECRETS = {"KUBE_TOKEN": DEPLOYER, "DEPLOY_HOOK": "a-shared-secret"}


def test_the_example_runs_whole_and_is_undone_when_its_deploy_fails(shop: Shop) -> None:
    first = shop.start()
    shop.approve(first)
    shop.skip_bake(first)
    shop.product.execution_reaches(first, "succeeded", timeout=90)
    execution = shop.product.system.executions.get(first)
    states = {step["id"]: step["state"] for step in execution["steps"]}
    assert set(states.values()) == {"succeeded"}, states
    live = shop.cluster.image()
    assert live == execution["outputs"]["image"], "what was built is what runs"
    assert len(execution["outputs"]["sha"]) == 40
    assert len(shop.looked.read_text().splitlines()) == 2, "one sub-workflow for each address"
    assert "orders" in shop.tables()
    told = shop.product.system.events.read(limit=1000)["items"]
    assert any(one["type"] == "bus.deploy.finished" for one in told)

    shop.commit("two")
    (shop.source / "migrations/002_items.up.sql").write_text("CREATE TABLE items (id INTEGER);")
    (shop.source / "migrations/002_items.down.sql").write_text("DROP TABLE items;")
    (shop.source / "k8s/canary.yaml").write_text(CANARY)
    shop.commit("three")
    second = shop.start()
    shop.approve(second)
    shop.product.execution_reaches(second, "compensated", timeout=90)
    failed = shop.product.system.executions.get(second)
    states = {step["id"]: step["state"] for step in failed["steps"]}
    assert (states["deploy"], states["setup_database"]) == ("compensated", "compensated"), states
    assert (states["smoke"], states["notify"]) == ("skipped", "succeeded")
    undone = [e for e in shop.product.events(second) if e == "step.compensated"]
    assert len(undone) == 2
    assert shop.cluster.image() == live, "the release of before runs again"
    assert shop.tables() >= {"orders"}
    assert "items" not in shop.tables(), "the second migration is undone, the first stays"
    shop.product.cli("event", "verify")


def test_the_example_ends_the_same_though_the_server_is_killed_in_it(
    shop: Shop, prove_scale: int
) -> None:
    chance = random.Random(20261121)  # noqa: S311 - moments of a test
    rounds = 1 if prove_scale == 1 else 5  # twenty kills; more in one would be a crash loop
    for number in range(1, rounds + 1):
        shop.commit(f"release {number}")
        _killed_in_it(shop, chance)
        assert len(shop.looked.read_text().splitlines()) == 2 * number
    shop.product.cli("event", "verify")


def _killed_in_it(shop: Shop, chance: random.Random) -> None:
    """Run the example; kill the server four times in it, at moments told by the log's growth."""
    execution = shop.start()
    answered = baked = False
    for _ in range(4):
        shop.product.kill_server()
        head = shop.product.system.events.head()["cursor"]
        grown = chance.randrange(1, 12)
        if not answered and shop._asked(execution):
            shop.approve(execution)
            answered = True
        elif answered and not baked:
            shop.skip_bake(execution)
            baked = True
        _grows(shop, head, grown)
    if not answered:
        shop.approve(execution)
    if not baked:
        shop.skip_bake(execution)
    shop.product.execution_reaches(execution, "succeeded", timeout=90)
    states = {s["id"]: s["state"] for s in shop.product.system.executions.get(execution)["steps"]}
    assert set(states.values()) == {"succeeded"}, states


def _grows(shop: Shop, cursor: str, by: int) -> None:
    """Wait until the log has grown, or stands because the execution waits for somebody."""
    start = int(cursor.rpartition(":")[2])

    def probe() -> bool:
        head = int(shop.product.system.events.head()["cursor"].rpartition(":")[2])
        items = shop.product.system.executions.list(limit=1)["items"]
        return head >= start + by or items[0]["state"] in ("waiting", "succeeded")

    wait_until(probe, timeout=60, what="the log to grow")
