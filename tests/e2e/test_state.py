"""Shared state by the command line and the SDK, over a server that is killed in between."""

import json
import threading

import pytest

from claude_sdk import ClaudeSystem, VersionConflict
from tests.e2e.product import Product
from tests.waiting import wait_until


def test_state_is_set_read_watched_and_restored_also_over_a_kill(fresh: Product) -> None:
    product = fresh
    out = product.cli("state", "set", "deploy.target", '{"env": "prod", "n": 3}', "-o", "json")
    assert json.loads(out.stdout)["version"] == 1
    product.cli("state", "set", "deploy.note", "3", "--text")
    assert product.cli("state", "get", "deploy.note").stdout == "3\n"
    taken = product.cli("state", "snapshot", "take", "good", "-o", "json").stdout
    assert json.loads(taken)["items"][0]["keys"] == 2

    seen: list[tuple[str, object]] = []
    with ClaudeSystem(home=product.home) as system:
        cursor = system.events.head()["cursor"]

        def watch() -> None:
            with system.live(["state"], after=cursor) as live:
                for frame in live:
                    if frame["type"] in ("state.changed", "state.deleted"):
                        seen.append((str(frame["id"]), frame["data"].get("value")))
                    if len(seen) == 4:
                        return

        watcher = threading.Thread(target=watch)
        watcher.start()
        entry = system.state.get("deploy.target")
        system.state.set("deploy.target", "changed", version=entry["version"])
        with pytest.raises(VersionConflict, match="at version 2"):
            system.state.set("deploy.target", "late", version=entry["version"])
        product.kill_server()
        assert system.state.get("deploy.target")["value"] == "changed"
        system.state.delete("deploy.note")
        restored = system.state.restore("good")
        assert (restored["changed"], restored["deleted"]) == (2, 0)
        watcher.join(30)
        assert [key for key, _ in seen] == [
            "deploy.target",
            "deploy.note",
            "deploy.note",
            "deploy.target",
        ]
        assert [one["key"] for one in system.state] == ["deploy.note", "deploy.target"]
        told = [one["type"] for one in system.state.history("deploy.note")]
        assert told == ["state.changed", "state.deleted", "state.changed"]


def test_state_expires_and_refuses_what_it_cannot_keep(fresh: Product) -> None:
    product = fresh
    product.cli("state", "set", "short", "1", "--ttl", "300ms")
    wait_until(
        lambda: product.cli("state", "get", "short", expect=None).returncode == 5, what="the expiry"
    )
    for name in ("a/b", "a b", "snapshots"):
        wrong = product.cli("state", "set", name, "1", expect=2)
        assert "cannot be a key" in wrong.stderr
    late = product.cli("state", "set", "new", "1", "--version", "4", expect=6)
    assert "does not exist, not at version 4" in late.stderr
    assert "claude-agent state get new" in late.stderr
    assert product.cli("state", "list", "-o", "name").stdout == ""
    assert product.cli("state", "snapshot", "restore", "none", expect=5).stderr
