"""The main job as `make run` does it, on a shop whose tests write the ledger and can be held."""

import importlib.util
import json
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from tests.e2e.product import PROGRAM, Product

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "src" / "claude_agent" / "workflows" / "deploy_web_app.yaml"
STEPS = ["clone_repo", "run_tests", "build_frontend", "setup_database", "deploy", "verify"]
AGENTS = ["backend-api", "testing", "frontend-ui", "database", "deployment", "testing"]
SECRET = "planted-Secret-51f0c2"  # noqa: S105 - planted on purpose
GATE = '''"""Says that the tests began, and waits while a file `hold` is there."""

import json
import os
import time
import unittest
from pathlib import Path

LEDGER, HOLD = Path({ledger!r}), Path({hold!r})


class Gate(unittest.TestCase):
    def test_gate(self):
        run_id = os.environ["CLAUDE_AGENT_RUN_ID"]
        task_id, _, run = run_id.partition(".")
        entry = {{"run_id": run_id, "task_id": task_id, "run": int(run),
                 "attempt": int(os.environ["CLAUDE_AGENT_ATTEMPT"]), "step": "run_tests"}}
        with LEDGER.open("a") as ledger:
            ledger.write(json.dumps(entry) + "\\n")
        print("password={secret}")
        while HOLD.exists():
            time.sleep(0.05)
'''


class MainJob:
    """Deploys releases of the shop through the agents of a product."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.repository = product.work / "shop.git"
        self.hold = product.work / "hold"
        self._make_repository()

    def _make_repository(self) -> None:
        shop = self.product.work / "shop"
        skipped = shutil.ignore_patterns("node_modules", "dist", "__pycache__", "*.db")
        shutil.copytree(ROOT / "examples" / "shop", shop, ignore=skipped)
        gate = GATE.format(ledger=str(self.product.ledger), hold=str(self.hold), secret=SECRET)
        (shop / "tests" / "test_gate.py").write_text(gate)
        path = ROOT / "scripts" / "make_shop_repo.py"
        found = importlib.util.spec_from_file_location("make_shop_repo", path)
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        module.make(self.repository, shop)

    def words(self, release: str) -> list[str]:
        """Return the command line that deploys a release."""
        given = ["--params", f"repo_url={self.repository}", "--params", f"ref={release}"]
        return ["workflow", "--file", str(WORKFLOW), *given, "--watch"]

    def deploy(self, release: str, *, expect: int) -> str:
        """Deploy a release to its end and return what the command line said."""
        return self.product.cli(*self.words(release), expect=expect, timeout=110).stdout

    def begin(self, release: str) -> subprocess.Popen[str]:
        """Begin a deployment whose tests wait until `hold` is removed."""
        self.hold.touch()
        return subprocess.Popen(
            [str(PROGRAM), *self.words(release)],
            cwd=self.product.work,
            env=self.product.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def latest(self) -> Any:
        """Return the newest execution."""
        return self.product.system.executions.list(limit=1)["items"][0]

    def shop(self, path: str = "/health") -> Any:
        """Ask the live shop."""
        [app] = self.product.system.apps.list()
        address = f"{app['url']}{path}"
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own
            body = answer.read()
        return json.loads(body) if path.startswith(("/health", "/api")) else body.decode()
