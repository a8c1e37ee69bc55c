"""What is shown before a yes is what runs after it: every change in between is another digest."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from claude_agent.agents.adapter import Probe
from claude_agent.agents.adapters.shell import ShellAdapter
from claude_agent.agents.run_plan import Places, RunPlanner
from claude_agent.domain.task import Task
from tests.unit.core.stand import agent
from tests.unit.domain.making import CLAIM, after, submitted
from tests.unit.shim.harness import ShimLab, lab, shim_image
from tests.unit.shim.test_run import verdict

__all__ = ["lab", "shim_image"]
AGENT = agent("testing", 1, environment=("MINE",))
SERVER = {"PATH": "/usr/bin:/bin", "HOME": "/root", "MINE": "1"}
GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org")


def planner_at(home: Path, environment: dict[str, str] | None = None) -> RunPlanner:
    """Return a planner; another environment is another server's."""
    shim = home / "shim.pyz"
    if not shim.exists():
        shim.write_bytes(b"shim")
    places = Places(
        home=home,
        runs=home / "runs",
        workspaces=home / "workspaces",
        bell=home / "bell",
        shim=shim,
        url="http://here",
    )
    return RunPlanner(places, environment or SERVER)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A checkout outside the home, with a script and one commit."""
    top = tmp_path / "shop"
    top.mkdir()
    (top / "deploy.sh").write_text("echo fine\n")
    (top / "README").write_text("one\n")
    for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "one")):
        subprocess.run([*GIT, "-C", str(top), *words], check=True)
    (top / "untracked.sh").write_text("echo new\n")
    return top


def held(shop: Path, **more: Any) -> Task:
    """Return a task that waits for its approval."""
    text = "sh deploy.sh && sh untracked.sh"
    return submitted(approval="a", **{"cwd": str(shop), "text": text, **more})


def test_what_is_shown_is_what_runs_at_each_attempt(tmp_path: Path, shop: Path) -> None:
    (tmp_path / "home").mkdir()
    planner = planner_at(tmp_path / "home")
    one = held(shop, env={"SHADE": "blue"})
    planned = planner.preview(one, AGENT, ShellAdapter())
    claimed = after(replace(one, state=submitted().state), CLAIM)
    first = planner.prepare(claimed, AGENT, ShellAdapter(), "run.token")
    second = planner.prepare(replace(claimed, run=2, fence=2, attempt=1), AGENT, ShellAdapter())
    assert planned.digest == first.digest == second.digest
    shown = planned.shown
    assert shown["argv"] == ["/bin/sh", "-e", "{run}/script.sh"]
    assert shown["env_set"] == {"SHADE": "blue"}
    assert {"PATH", "MINE", "SHADE", "CLAUDE_AGENT_TOKEN_FILE"} <= set(shown["env_names"])
    assert set(shown["files"]) == {str(shop / "deploy.sh"), str(shop / "untracked.sh")}
    assert len(shown["repo"]["commit"]) == 40
    token = planner.folder(claimed).path / "token"
    assert (token.read_text(), token.stat().st_mode & 0o777) == ("run.token", 0o600)


def _script(shop: Path) -> None:
    (shop / "deploy.sh").write_text("echo evil\n")


def _untracked(shop: Path) -> None:
    (shop / "untracked.sh").write_text("echo evil\n")


def _gone(shop: Path) -> None:
    (shop / "untracked.sh").unlink()


def _other_file(shop: Path) -> None:
    (shop / "README").write_text("two\n")


def _commit(shop: Path) -> None:
    words = ("commit", "-q", "--allow-empty", "-m", "two")
    subprocess.run([*GIT, "-C", str(shop), *words], check=True)


@pytest.mark.parametrize("change", [_script, _untracked, _gone, _other_file, _commit])
def test_a_change_of_the_checkout_is_another_digest(
    tmp_path: Path, shop: Path, change: Callable[[Path], None]
) -> None:
    (tmp_path / "home").mkdir()
    planner, one = planner_at(tmp_path / "home"), held(shop)
    before = planner.preview(one, AGENT, ShellAdapter())
    assert planner.preview(one, AGENT, ShellAdapter()) == before
    change(shop)
    changed = planner.preview(one, AGENT, ShellAdapter())
    assert changed.digest != before.digest
    assert changed.portable != before.portable


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "sh deploy.sh"},
        {"env": {"A": "1"}},
        {"with_": {"to": "prod"}},
        {"gates": ({"name": "g", "run": "true"},)},
        {"verify": "true"},
        {"priority": 3},
        {"idempotent": True},
    ],
)
def test_a_change_of_the_request_is_another_digest(
    tmp_path: Path, shop: Path, changed: dict[str, Any]
) -> None:
    (tmp_path / "home").mkdir()
    planner = planner_at(tmp_path / "home")
    before = planner.preview(held(shop), AGENT, ShellAdapter())
    after_it = planner.preview(held(shop, **changed), AGENT, ShellAdapter())
    another = replace(held(shop), id="018bcfe5-6800-7000-8000-000000000002")
    replayed = planner.preview(another, AGENT, ShellAdapter())
    for other in (after_it, replayed):
        assert other.digest != before.digest
        assert other.portable != before.portable


def test_another_environment_of_the_server_is_another_digest(tmp_path: Path, shop: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    found = {
        planner_at(home, {**SERVER, **changed}).preview(held(shop), AGENT, ShellAdapter()).digest
        for changed in ({}, {"MINE": "2"}, {"PATH": "/evil:/bin"}, {"TERM": "x"})
    }
    assert len(found) == 4


OF_ANOTHER_HOST = {"PATH": "/opt/bin", "HOME": "/home/w", "MINE": "2", "TERM": "dumb", "TZ": "UTC"}


class Hosts:
    """The same task on two hosts that share nothing but the checkout."""

    def __init__(self, folder: Path) -> None:
        for name in ("one", "another"):
            (folder / name).mkdir()
        self.one = planner_at(folder / "one")
        self.another = planner_at(folder / "another", OF_ANOTHER_HOST)

    def same(self, task: Task, elsewhere: Task | None = None, **more: Any) -> bool:
        """Say whether what `one` draws of a task means the same as what `another` would run."""
        agent_there = more.get("agent", AGENT)
        adapter = more.get("adapter", ShellAdapter)()
        drawn = self.one.preview(task, AGENT, more.get("drawn", ShellAdapter)())
        there = self.another.preview(elsewhere or task, agent_there, adapter)
        assert drawn.digest != there.digest
        assert drawn.portable
        return drawn.portable == there.portable


def test_on_another_host_it_means_the_same_though_home_and_environment_differ(
    tmp_path: Path, shop: Path
) -> None:
    hosts = Hosts(tmp_path)
    assert hosts.same(held(shop, env={"SHADE": "blue"}, with_={"to": "prod"}))
    assert hosts.same(submitted(approval="a", kind="action", text="noop"))
    shared = hosts.one.places.workspaces / "e1"
    run = submitted(approval="a", text="ls", cwd=str(shared), execution_id="e1")
    assert hosts.same(run)
    claimed = after(replace(run, state=submitted().state), CLAIM)
    ready = hosts.another.prepare(claimed, AGENT, ShellAdapter())
    assert ready.portable == hosts.one.preview(run, AGENT, ShellAdapter()).portable


class OtherAdapter(ShellAdapter):
    """Another version of what drives the agent."""

    @override
    def probe(self) -> Probe:
        return Probe(ok=True, version="999", detail="")


def test_on_another_host_what_means_something_else_is_void(tmp_path: Path, shop: Path) -> None:
    hosts = Hosts(tmp_path)
    task = held(shop)
    (shop / "below").mkdir()
    for changed in (
        {"text": "sh deploy.sh"},
        {"env": {"PATH": "/usr/bin:/bin"}},  # the request's own, though the host's is the same
        {"with_": {"to": "prod"}},
        {"cwd": str(shop / "below")},
        {"agent": "other"},
        {"gates": ({"name": "g", "run": "true"},)},
    ):
        assert not hosts.same(task, held(shop, **changed)), changed
    assert not hosts.same(task, agent=agent("testing", 1, environment=("MINE", "YOURS")))
    assert not hosts.same(task, adapter=OtherAdapter)
    # A text that names a place of one host means something else on another one.
    named = held(shop, env={"AT": str(hosts.one.places.home / "x")})
    assert not hosts.same(named)
    assert not hosts.same(named, held(shop, env={"AT": "{home}/x"}))
    # Beside the home is not in it.
    beside = hosts.one.places.home.with_name("one-work")
    beside.mkdir()
    assert hosts.same(held(shop, cwd=str(beside), env={"AT": f"{beside}:{beside}/x"}))
    (shop / "deploy.sh").write_text("echo evil\n")
    drawn = hosts.another.preview(task, AGENT, ShellAdapter()).portable
    (shop / "deploy.sh").write_text("echo fine\n")
    assert hosts.one.preview(task, AGENT, ShellAdapter()).portable != drawn


def test_secrets_count_by_their_names_on_another_host(tmp_path: Path, shop: Path) -> None:
    hosts = [
        planner_at(tmp_path / name, {**SERVER, "CLAUDE_AGENT_SECRET_T": value, **more})
        for name, value, more in (
            ("one", "value one", {}),
            ("another", "value two", {"CLAUDE_AGENT_SECRET_U": "value three"}),
        )
        if (tmp_path / name).mkdir() is None
    ]
    task = held(shop, secrets={"KEY": "T"})
    one, another = (each.preview(task, AGENT, ShellAdapter()) for each in hosts)
    assert one.digest != another.digest
    assert one.portable == another.portable
    other = hosts[1].preview(held(shop, secrets={"KEY": "U"}), AGENT, ShellAdapter())
    assert one.portable != other.portable


@pytest.mark.parametrize("change", ["script", "digest", "commit"])
def test_the_shim_refuses_what_has_not_the_digest_of_its_command_line(
    lab: ShimLab, shop: Path, change: str
) -> None:
    commit = subprocess.run(
        [*GIT, "-C", str(shop), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    about = {"repo": {"top": str(shop), "commit": commit}, "named": {}}
    spec = replace(lab.spec(sh="touch ran"), about=about)
    folder = lab.folder(spec, {"script.sh": b"touch ran"})
    path = folder.path / "spec.json"
    approved = json.loads(path.read_bytes())["digest"]
    image = str(folder.path / "shim.pyz")
    argv = [sys.executable, "-I", "-S", image, str(folder.path), approved]
    if change == "commit":
        _commit(shop)
    else:
        other = lab.folder(lab.spec(sh="touch ran"), {"script.sh": b"touch ran; id"})
        forged = json.loads((other.path / "spec.json").read_bytes())
        (folder.path / "script.sh").chmod(0o700)
        (folder.path / "script.sh").write_bytes(b"touch ran; id")
        data = json.loads(path.read_bytes())
        if change == "digest":  # who changes the folder changes its digest too
            data["digest"] = forged["digest"]
        path.write_text(json.dumps(data))
    assert subprocess.run(argv, check=False, timeout=60).returncode == 0
    assert verdict(folder).error == "digest_mismatch"
    assert not (lab.home / "ran").exists()
