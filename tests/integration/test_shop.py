"""The sample shop goes live, is replaced, and comes back: real git, npm, SQLite, processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_agent.actions.errors import TRY_LATER
from claude_agent.appd import client, history
from claude_agent.appd.paths import AppPaths
from tests.integration.deployed import App, ask, errors, visitors
from tests.unit.actions.acting import Acted, act, environment
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
NPM_CACHE = ROOT / ".test-home" / "npm-cache"


def _make_repo(target: Path, **more: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make_shop_repo.py"), str(target)],
        env={**os.environ, **more},
        check=True,
        capture_output=True,
        text=True,
    )
    lines = (line.partition(" ") for line in done.stdout.splitlines())
    return {name: sha for name, _, sha in lines}


class Checkouts:
    """Clones, tests and builds each release once, by the real actions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.repo = folder / "shop.git"
        _make_repo(self.repo)

    def copy(self, ref: str, target: Path) -> None:
        """Give a step's workspace a built checkout of `ref`."""
        made = self._folder / (ref or "head")
        if not made.exists():
            told = {"with_url": str(self.repo), "with_ref": ref}
            for name, more in (("clone_repo", told), ("run_tests", {}), ("build_frontend", {})):
                home = self._folder / "home"
                acted = act(name, folder=made, home=home, npm_config_cache=NPM_CACHE, **more)
                _skip_without_npm(acted)
                assert acted.code == 0, (name, acted)
            shutil.rmtree(made / "frontend" / "node_modules")
        shutil.copytree(made, target)


@pytest.fixture(scope="module")
def checkouts(tmp_path_factory: pytest.TempPathFactory) -> Checkouts:
    return Checkouts(tmp_path_factory.mktemp("checkouts"))


class Deployer:
    """Runs the steps of deploy_web_app.yaml as its engine would, each in its own process."""

    def __init__(self, folder: Path, checkouts: Checkouts) -> None:
        self.folder = folder
        self.checkouts = checkouts
        self.repo = checkouts.repo
        self.home = folder / "home"
        self.paths = AppPaths(home=self.home, name="shop")

    @property
    def port(self) -> int:
        """The shop's port."""
        return int(str(client.look(self.paths)["port"]))

    def step(self, name: str, execution: str, **more: object) -> Acted:
        """Perform one action for an execution."""
        told = {
            "CLAUDE_AGENT_EXECUTION_ID": execution,
            "CLAUDE_AGENT_IDEMPOTENCY_KEY": f"{execution}/{name}/1",
        }
        return act(name, folder=self.folder / execution, home=self.home, **{**told, **more})

    def prepare(self, execution: str, ref: str) -> None:
        """Clone, test, build and migrate."""
        self.checkouts.copy(ref, self.folder / execution)
        acted = self.step("setup_database", execution)
        assert acted.code == 0, acted

    def release(self, execution: str, ref: str) -> dict[str, object]:
        """Prepare and deploy; return the deployment's outputs."""
        self.prepare(execution, ref)
        acted = self.step("deploy_local", execution, with_env="staging")
        assert acted.code == 0, acted
        assert acted.outputs is not None
        return acted.outputs

    def verify(self, execution: str, deployed: dict[str, object]) -> Acted:
        """Look at what was deployed, as the last step does."""
        return self.step(
            "http_check",
            execution,
            with_url=f"{deployed['url']}/health",
            with_json={"ok": True, "release": deployed["release"]},
            with_paths=["/"],
            with_assets=True,
            with_retries=1,
            with_delay=0.1,
        )


def _skip_without_npm(acted: Acted) -> None:
    if acted.code == TRY_LATER or "no Node.js" in acted.complaint:
        pytest.skip(f"npm cannot install here: {acted.complaint.strip()}")


@pytest.fixture
def deployer(tmp_path: Path, checkouts: Checkouts) -> Iterator[Deployer]:
    found = Deployer(tmp_path, checkouts)
    yield found
    App(found.home).close()


def _order(url: object, product: int) -> dict[str, object]:
    body = {"customer": "Ada", "items": [{"product_id": product, "quantity": 1}]}
    request = urllib.request.Request(  # noqa: S310 - the shop on this machine
        f"{url}/api/orders",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        return dict(json.load(answer))


def test_shop_repo_is_the_same_on_every_machine(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[user]\nname = Else\n[core]\nautocrlf = true\n")
    here = _make_repo(tmp_path / "a.git")
    there = _make_repo(
        tmp_path / "b.git", TZ="Asia/Tokyo", GIT_CONFIG_GLOBAL=str(tmp_path / "config")
    )
    assert here == there
    assert list(here) == ["release-1", "release-2", "broken"]
    again = _make_repo(tmp_path / "a.git")
    assert again == here


def test_shop_goes_live_and_a_broken_release_is_undone(deployer: Deployer) -> None:
    first = deployer.release("e1", "release-1")
    assert deployer.verify("e1", first).code == 0
    assert _order(first["url"], 4)["total"] == "EUR 35.05"
    port = deployer.port

    with visitors(port, 2) as seen:
        broken = deployer.release("e2", "broken")
        assert broken["previous"] == first["release"]
        failed = deployer.verify("e2", broken)
        assert failed.code == 1
        assert failed.complaint.endswith("/ answered 503, expected 200\n")
        during = _order(first["url"], 1)  # placed by the broken release, on its schema
        assert deployer.step("rollback_local", "e2").outputs == {
            "release": first["release"],
            "changed": True,
        }
        assert ask(port)["schema"] == 4  # release 1 answers on the newer schema
        between = _order(first["url"], 6)
        assert deployer.step("migrate_down", "e2").outputs == {
            "kind": "app",
            "previous": "4",
            "current": "2",
        }
    assert errors(seen) == {}

    told = ask(port)
    assert (told["release"], told["schema"], told["ok"]) == (first["release"], 2, True)
    assert told["environment"] == "staging"
    for order, total in ((during, "EUR 12.50"), (between, "EUR 0.95")):
        assert ask(port, f"/api/orders/{order['id']}")["total"] == total
    story = [(e["event"], e.get("release")) for e in history.read(deployer.paths.history)]
    switches = [line for line in story if line[0] in {"switched", "rolled_back"}]
    assert switches == [
        ("switched", first["release"]),
        ("switched", broken["release"]),
        ("rolled_back", first["release"]),
    ]


def test_shop_is_replaced_by_its_next_release(deployer: Deployer) -> None:
    first = deployer.release("e1", "release-1")
    port = deployer.port
    order = _order(first["url"], 2)
    second = deployer.release("e2", "release-2")
    assert (second["previous"], second["url"]) == (first["release"], first["url"])
    assert deployer.verify("e2", second).code == 0
    assert ask(port, f"/api/orders/{order['id']}")["total"] == "EUR 28.00"
    found = ask(port, "/api/products?search=apron")["items"]
    assert isinstance(found, list)
    assert [(one["price"], one["price_cents"]) for one in found] == [("EUR 35.05", 3505)]
    folders = {path.name for path in deployer.paths.releases.iterdir()}
    assert {first["release"], second["release"]} <= folders


def test_a_killed_deployment_is_repeated_without_a_second_release(deployer: Deployer) -> None:
    first = deployer.release("e1", "release-1")
    deployer.prepare("e2", "release-2")
    told = environment(
        deployer.home,
        {
            "CLAUDE_AGENT_EXECUTION_ID": "e2",
            "CLAUDE_AGENT_IDEMPOTENCY_KEY": "e2/deploy_local/1",
        },
    )
    shown = deployer.folder / "shown"
    with shown.open("wb") as output:
        doomed = subprocess.Popen(
            [sys.executable, "-m", "claude_agent.actions", "deploy_local"],
            cwd=deployer.folder / "e2",
            env=told,
            stdout=output,
            stderr=output,
        )
    wait_until(lambda: b"started" in shown.read_bytes(), what="the start of the release")
    doomed.send_signal(signal.SIGKILL)
    doomed.wait()
    again = deployer.step("deploy_local", "e2")
    assert again.code == 0, again
    assert again.outputs is not None
    assert again.outputs["previous"] == first["release"]
    assert ask(deployer.port)["release"] == again.outputs["release"]
    made = [path.name for path in deployer.paths.releases.iterdir() if path.name[0].isdigit()]
    assert sorted(made) == sorted([str(first["release"]), str(again.outputs["release"])])
    assert deployer.step("rollback_local", "e2").outputs == {
        "release": first["release"],
        "changed": True,
    }
    assert deployer.step("rollback_local", "e2").outputs == {
        "release": first["release"],
        "changed": False,
    }


def test_rollback_without_any_deployment_is_a_success(deployer: Deployer) -> None:
    deployer.step("clone_repo", "e1", with_url=str(deployer.repo))
    acted = deployer.step("rollback_local", "e1")
    assert (acted.code, acted.outputs) == (0, {"release": "", "changed": False})
    assert not deployer.paths.folder.exists()


def test_deploy_names_what_was_not_built(deployer: Deployer) -> None:
    deployer.step("clone_repo", "e1", with_url=str(deployer.repo))
    acted = deployer.step("deploy_local", "e1")
    assert acted.code == 1
    assert "app.toml includes frontend/dist, which is not in the checkout" in acted.complaint
    assert "hint: Was the front end built?" in acted.complaint
    assert client.apps(deployer.home) == []


def test_shop_lock_file_names_no_registry() -> None:
    lock = json.loads((ROOT / "examples/shop/frontend/package-lock.json").read_text())
    assert "node_modules/esbuild" in lock["packages"]
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-")
