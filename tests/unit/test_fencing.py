"""The fencing hook: real commands about a host that plays silent."""

from pathlib import Path
from typing import Any

import pytest

from claude_agent.core.foundation import Foundation
from claude_agent.domain.states import TaskState
from claude_agent.fencing import Fencing, Hook
from claude_agent.hook_environment import HookEnvironment
from claude_agent.storage.databases.postgresql import open_postgresql
from claude_agent.storage.duty import Duty
from claude_agent.storage.secrets import SecretStore
from tests.unit.core.stand import Stand
from tests.unit.core.test_hosts import Other, shared
from tests.waiting import wait_until

__all__ = ["shared"]


class Scene:
    """Host `here` runs a task and falls silent; `far` has a hook."""

    def __init__(self, stand: Stand, folder: Path, command: str, **hook: Any) -> None:
        self.stand = stand
        self.asked = folder / "asked"
        self.other = Other(stand, "far")
        foundation = Foundation(
            database=stand.database,
            clock=stand.clock,
            ids=stand.ids,
            notifier=stand.notifier,
            catalogue=stand.catalogue,
        )
        text = f'echo "$CLAUDE_AGENT_HOST" >> {self.asked}\n{command}' if command else ""
        self.fencing = Fencing(
            foundation,
            stand.bus,
            Hook(command=text, **{"after_s": 0.0, **hook}),
            confirm=self.other.hosts.declare_lost,
        )

    def tick(self) -> None:
        """Look, and let the hook end."""
        self.fencing.tick()
        thread = self.fencing._thread
        if thread is not None:
            thread.join(20)

    def times(self) -> int:
        """How often the hook was asked."""
        return len(self.asked.read_text().split()) if self.asked.exists() else 0

    def shown(self) -> tuple[str, str]:
        """Return the state and the words of the hook, as `host list` has them."""
        [found] = [one for one in self.other.hosts.listing() if one["name"] == "here"]
        hook = found["fencing"]
        return (hook["state"], hook["said"]) if hook else ("", "")


def test_host_that_the_hook_confirms_is_lost_in_its_name(shared: Stand, tmp_path: Path) -> None:
    one = shared.running()
    scene = Scene(shared, tmp_path, "echo power is off")
    scene.tick()
    assert scene.times() == 0  # it beats
    scene.other.watch(shared, 20)
    scene.tick()
    assert scene.asked.read_text() == "here\n"
    assert scene.shown() == ("confirmed", "power is off")
    after = shared.task(one.id)
    assert (after.state, after.host) == (TaskState.UNCERTAIN, "there")
    said = {x.event.type: x.event for x in shared.history() if x.event.stream == "system/hosts"}
    assert {name: event.actor for name, event in said.items()} == {
        "host.fencing_asked": "fencing",
        "host.lost": "fencing",
        "host.fencing_confirmed": "fencing",
    }
    scene.tick()
    assert scene.times() == 1


def test_hook_that_confirms_nothing_is_asked_again_later_and_later(
    shared: Stand, tmp_path: Path
) -> None:
    one = shared.running()
    scene = Scene(shared, tmp_path, "echo still on >&2; exit 3")
    scene.other.watch(shared, 20)
    for _ in range(4):
        scene.tick()
    assert scene.times() == 1
    assert scene.shown() == ("failed", "It exited with 3. It said: still on")
    for pause, times in ((59_000, 1), (1_000, 2), (119_000, 2), (1_000, 3), (239_000, 3)):
        shared.clock.advance(pause)
        scene.tick()
        assert scene.times() == times
    waits = shared.task(one.id)
    assert (waits.state, waits.reason) == (TaskState.UNCERTAIN, "host unreachable")
    assert shared.claims.beat()  # it is back: what the hook said is forgotten
    scene.tick()
    assert scene.shown() == ("", "")


def test_hook_that_hangs_is_ended_with_all_it_started(shared: Stand, tmp_path: Path) -> None:
    shared.running()
    mark = tmp_path / "child"
    scene = Scene(shared, tmp_path, f"sleep 300 & echo $! > {mark}; wait", timeout_s=0.5)
    scene.other.watch(shared, 20)
    scene.tick()
    assert scene.shown() == ("failed", "It took too long.")
    child = Path(f"/proc/{mark.read_text().strip()}")
    wait_until(lambda: not child.exists() or ") Z" in (child / "stat").read_text(), what="its end")


def test_host_that_is_back_before_the_hook_ends_is_not_lost(shared: Stand, tmp_path: Path) -> None:
    one = shared.running()
    scene = Scene(shared, tmp_path, f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done")
    scene.other.watch(shared, 20)
    scene.fencing.tick()
    wait_until(lambda: scene.times() == 1, what="the hook to be asked")
    assert shared.claims.beat()
    (tmp_path / "go").touch()
    wait_until(lambda: scene.shown()[0] == "refused", what="the hook's end")
    assert "is alive" in scene.shown()[1]
    assert shared.task(one.id).host == "here"


@pytest.mark.parametrize("what", ["without runs", "without a hook"])
def test_nobody_is_asked_about_a_host(shared: Stand, tmp_path: Path, what: str) -> None:
    if what == "without a hook":
        shared.running()
    scene = Scene(shared, tmp_path, "" if what == "without a hook" else "true")
    scene.other.watch(shared, 20)
    scene.tick()
    assert scene.times() == 0
    assert scene.shown() == ("", "")


def test_of_several_processes_one_asks_and_only_after_a_while(
    shared: Stand, tmp_path: Path
) -> None:
    shared.running()
    scene = Scene(shared, tmp_path, "exit 1", after_s=30.0)
    assert shared.url is not None
    leader = open_postgresql(shared.url)
    assert leader.leads(Duty.FENCING)
    scene.other.watch(shared, 20)
    scene.tick()
    shared.clock.advance(60_000)
    scene.tick()
    assert scene.times() == 0
    leader.close()
    wait_until(lambda: shared.database.leads(Duty.FENCING), what="the duty")
    scene.tick()  # the new one counts from its own first look
    assert scene.times() == 0
    shared.clock.advance(31_000)
    scene.tick()
    assert scene.times() == 1


def test_hook_gets_the_secrets_that_it_names_and_what_it_says_is_kept_without_them(
    shared: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_AGENT_SECRET_OTHER", "unasked-for")
    shared.running()
    store = SecretStore(tmp_path, {"CLAUDE_AGENT_SECRET_BMC": "bmc-word-1"})
    command = f'env | grep -c unasked-for > {tmp_path}/others; echo "with $BMC"; exit 1'
    named = HookEnvironment(store, ["BMC"])
    scene = Scene(shared, tmp_path, command, environment=named)
    scene.other.watch(shared, 20)
    scene.tick()
    assert scene.shown() == ("failed", "It exited with 1. It said: with ***")
    assert (tmp_path / "others").read_text() == "0\n"


def test_hook_whose_secret_is_nowhere_is_not_started_and_says_so(
    shared: Stand, tmp_path: Path
) -> None:
    shared.running()
    absent = HookEnvironment(SecretStore(tmp_path, {}), ["BMC"])
    scene = Scene(shared, tmp_path, "true", environment=absent)
    scene.other.watch(shared, 20)
    scene.tick()
    assert scene.times() == 0
    state, said = scene.shown()
    assert state == "failed"
    assert said.startswith("It was not started. It said: The secret BMC is nowhere")
