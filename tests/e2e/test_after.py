"""Tasks after tasks, over real runs and the death of the server."""

from tests.e2e.product import Product


def after(shared: Product, refs: str, name: str) -> str:
    text = shared.held(name)
    given = ("--run", text, "--agent", "testing", "--title", name)
    return str(shared.json("submit", *given, "--after", refs)["ref"])


def test_task_waits_for_others_over_the_death_of_the_server(shared: Product) -> None:
    refs = []
    for name in ("after-1", "after-2"):
        text = shared.held(name)
        document = shared.json("submit", "--run", text, "--agent", "testing", "--title", name)
        refs.append(document["ref"])
        shared.started(name)
    last = after(shared, ",".join(refs), "after-3")
    waiting = shared.task(last)
    assert (waiting["state"], waiting["waits_for"]) == ("held", refs)
    assert f"waits for  {refs[0]}, {refs[1]}" in shared.cli("task", "show", last).stdout
    shared.kill_server()
    shared.let_go("after-1")
    shared.reaches(refs[0], "succeeded")
    explained = shared.cli("task", "explain", last).stdout
    assert f"It waits for task {refs[1]} to succeed." in explained
    assert shared.entries("after-3") == []
    shared.let_go("after-2")
    shared.kill_server()
    shared.started("after-3")
    shared.let_go("after-3")
    assert shared.reaches(last, "succeeded")["waits_for"] == []


def test_a_failed_one_cancels_and_wrong_names_are_refused(shared: Product) -> None:
    first = shared.held("after-fails")
    given = ("submit", "--agent", "testing", "--title", "after-fails")
    ref = shared.json(*given, "--run", first)["ref"]
    shared.started("after-fails")
    last = after(shared, ref, "after-never")
    shared.cli("task", "cancel", ref)
    ended = shared.reaches(last, "cancelled")
    assert ended["reason"] == f"task {ref}, which it waited for, ended as cancelled"
    assert shared.entries("after-never") == []
    refused = shared.cli("submit", "--run", "true", "--after", ref, expect=None)
    assert refused.returncode != 0
    assert "has ended already" in refused.stderr
    unknown = shared.cli("submit", "--run", "true", "--after", "ZZZZZZ", expect=None)
    assert unknown.returncode != 0
    assert "There is no task ZZZZZZ" in unknown.stderr
