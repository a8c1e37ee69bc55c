"""An agent that fails again and again is left alone, says so, and goes on after a reset."""

from tests.e2e.product import Product, product

FAILS = '[[fake]]\n{"fail": {"message": "not logged in", "kind": "auth"}}'


def test_a_broken_agent_gets_no_work_until_it_is_reset_also_over_a_kill() -> None:
    with product(up=False) as made:
        (made.work / "claude-agent.toml").write_text('[agents.instagram]\nadapter = "fake"\n')
        made.up()
        _scene(made)


def _scene(made: Product) -> None:
    for _ in range(5):
        task = made.system.tasks.submit({"prompt": FAILS, "agent": "instagram"})
        made.reaches(task["ref"], "dead")
    made.said("breaker.opened")
    waiting = made.system.tasks.submit({"prompt": "say hello", "agent": "instagram"})
    other = made.submit("true")
    made.reaches(other["ref"], "succeeded")
    assert made.task(waiting["ref"])["state"] == "ready"
    told = made.cli("status").stdout
    assert "agent:instagram is left alone for" in told
    assert "auth: " in told
    made.kill_server()
    assert made.task(waiting["ref"])["state"] == "ready"
    (breaker,) = made.json("breaker", "list")["breakers"]
    assert (breaker["name"], breaker["state"]) == ("agent:instagram", "open")
    restarts = made.json("breaker", "list")["restarts"]
    assert [one["what"] for one in restarts].count("server.started") == 2
    made.cli("breaker", "reset", "agent:instagram", "--dry-run")
    assert made.json("breaker", "reset", "agent:instagram")["state"] == "closed"
    made.reaches(waiting["ref"], "succeeded")
    assert "left alone" not in made.cli("status").stdout
    assert "closed" in made.cli("breaker", "reset", "agent:instagram", expect=6).stderr
    made.cli("breaker", "reset", "agent:nobody", expect=5)
    made.cli("event", "verify")
