"""Locks over real runs: one at a time, in order, also over the death of the server."""

from tests.e2e.product import Product


def test_lock_is_held_by_a_run_over_the_death_of_the_server(shared: Product) -> None:
    refs = []
    for name in ("lock-1", "lock-2"):
        text = shared.held(name)
        document = shared.json(
            "submit", "--run", text, "--agent", "testing", "--lock", "e2e", "--title", name
        )
        refs.append(document["ref"])
    shared.started("lock-1")
    shared.kill_server()
    shared.reaches(refs[0], "running")
    other = shared.submit("true", title="behind the lock")
    shared.reaches(other["ref"], "succeeded")
    assert shared.entries("lock-2") == []
    waiting = shared.task(refs[1])
    assert waiting["state"] == "ready"
    assert waiting["lock"] == {"name": "e2e", "holder": refs[0]}
    assert f"e2e (held by {refs[0]})" in shared.cli("task", "show", refs[1]).stdout
    shared.let_go("lock-1")
    shared.started("lock-2")
    assert shared.task(refs[0])["state"] == "succeeded"
    shared.let_go("lock-2")
    assert shared.reaches(refs[1], "succeeded")["lock"]["holder"] is None
