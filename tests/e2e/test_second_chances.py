"""Instances, undoing and second chances through real tmux, with the server killed in between."""

import json
from typing import Any

from tests.e2e.product import Product


def start(product: Product, name: str, *made: dict[str, Any], **more: Any) -> Any:
    path = product.work / f"{name}.json"
    path.write_text(json.dumps({"name": name, "steps": made, **more}))
    return product.json("workflow", "--file", str(path))


def step(name: str, run: str, *depends_on: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "agent": "master", "run": run, "depends_on": depends_on, **more}


def steps(found: Any) -> dict[str, str]:
    return {step["id"]: step["state"] for step in found["steps"]}


def test_instances_survive_the_server_and_only_the_failed_ones_run_again(shared: Product) -> None:
    work = shared.work
    each_run = f"""{shared.entry()}
        while [ ! -e {work}/many-go ]; do sleep 0.05; done
        test "$CLAUDE_AGENT_WITH_WORD" != two || test -e {work}/many-fixed || exit 1
        printf '{{"said":"%s"}}' "$CLAUDE_AGENT_WITH_WORD" > "$CLAUDE_AGENT_OUTPUTS"
    """
    each = {"foreach": {"items": ["one", "two", "three"], "max_parallel": 2, "fail_fast": False}}
    said = " ".join(f"${{{{ steps.each[{n}].outputs.said }}}}" for n in (0, 2))
    started = start(
        shared,
        "many",
        step("first", shared.entry("many-first")),
        step("each", each_run, "first", **{**each, "with": {"word": "${{ item }}"}}),
        step(
            "join",
            f'echo "$CLAUDE_AGENT_WITH_ALL" > {work}/joined',
            "each",
            **{"with": {"all": said}},
        ),
        on_failure="fail",
    )
    shared.started("each[0]")
    shared.started("each[1]")
    shared.kill_server()
    assert not shared.entries("each[2]"), "no more than two at once"
    shared.let_go("many-go")
    found = shared.execution_reaches(started["id"], "failed")
    each = found["steps"][1]["instances"]
    assert {one["id"]: one["state"] for one in each["items"]} == {
        "each[0]": "succeeded",
        "each[1]": "failed",
        "each[2]": "succeeded",
    }
    shown = shared.cli("execution", "show", started["ref"]).stdout
    assert "each[1]" in shown
    assert '"two"' in shown
    shared.let_go("many-fixed")
    shared.cli("execution", "retry", started["ref"], "--from", "each", "--failed-only")
    found = shared.execution_reaches(started["id"], "succeeded")
    assert (found["generation"], set(steps(found).values())) == (2, {"succeeded"})
    assert [len(shared.entries(f"each[{n}]")) for n in range(3)] == [1, 2, 1]
    assert len(shared.entries("many-first")) == 1, "what is in force is not done again"
    assert (work / "joined").read_text() == "one three\n"
    shared.verify()


def test_rewind_undo_by_hand_and_its_resume_survive_the_server(shared: Product) -> None:
    work = shared.work
    undo_a = f"test -e {work}/undo-works || exit 1\n{shared.entry('undo-a')}"
    told = f'\necho "$CLAUDE_AGENT_FEEDBACK" >> {work}/told'
    started = start(
        shared,
        "undone",
        step("a", shared.entry("a"), compensate={"run": undo_a, "retry": {"max_attempts": 1}}),
        step("b", shared.entry("b") + told, "a", compensate={"run": shared.held("undo-b")}),
    )
    ref = started["ref"]
    shared.execution_reaches(started["id"], "succeeded")
    shared.cli("execution", "rewind", ref, "b", "--feedback", "Again, please.")
    shared.kill_server()
    shared.execution_reaches(started["id"], "succeeded")
    assert (work / "told").read_text() == "\nAgain, please.\n"
    assert (len(shared.entries("a")), len(shared.entries("b"))) == (1, 2)
    shared.cli("execution", "compensate", ref)
    shared.started("undo-b")
    refused = shared.cli("execution", "retry", ref, expect=None)
    assert refused.returncode != 0
    assert "not at rest" in refused.stderr
    shared.kill_server()
    shared.let_go("undo-b")
    found = shared.execution_reaches(started["id"], "compensation_failed")
    assert (steps(found), found["not_undone"]) == (
        {"a": "compensation_failed", "b": "compensated"},
        ["a"],
    )
    shared.let_go("undo-works")
    shared.cli("execution", "compensate", ref)
    found = shared.execution_reaches(started["id"], "compensated")
    assert (len(shared.entries("undo-a")), len(shared.entries("undo-b"))) == (1, 1)
    assert found["generation"] == 3
    shared.cli("execution", "retry", ref)
    found = shared.execution_reaches(started["id"], "succeeded")
    assert (len(shared.entries("a")), len(shared.entries("b"))) == (2, 3)
    events = shared.system.executions.events(started["id"])["items"]
    reopened = [each["actor"] for each in events if each["type"] == "execution.reopened"]
    assert reopened == ["operator"] * 3, "who asked is in the log"
    shared.verify()


def test_pause_skip_and_fork(shared: Product) -> None:
    started = start(
        shared,
        "held",
        step("p", shared.held("p")),
        step("q", f"test -e {shared.work}/q-works", "p"),
        step("r", shared.entry("r"), "q"),
        on_failure="pause",
    )
    ref = started["ref"]
    shared.started("p")
    assert shared.json("execution", "pause", ref)["state"] == "paused"
    shared.let_go("p")
    shared.kill_server()
    shared.said("step.succeeded", subject=started["id"])
    assert steps(shared.execution_reaches(ref, "paused"))["q"] == "pending"
    shared.cli("execution", "resume", ref)
    found = shared.execution_reaches(ref, "paused")
    assert found["reason"].startswith("q failed")
    shared.cli("execution", "skip", ref, "q")
    assert steps(shared.execution_reaches(ref, "succeeded"))["q"] == "skipped"
    (shared.work / "q-works").touch()
    fork = shared.json("execution", "fork", ref, "--from", "q")
    assert fork["id"] != started["id"]
    assert steps(shared.execution_reaches(fork["id"], "succeeded"))["q"] == "succeeded"
    assert (len(shared.entries("p")), len(shared.entries("r"))) == (1, 2)
    shared.verify()


def test_steps_that_take_no_time_have_a_history_like_any_other(shared: Product) -> None:
    steps_: list[dict[str, Any]] = [
        {"id": f"n{n}", "agent": "master", "action": "noop"} for n in range(3)
    ]
    steps_[1]["depends_on"] = ["n0"]
    started = start(shared, "nothing", *steps_, step("last", shared.entry("last"), "n1", "n2"))
    found = shared.execution_reaches(started["id"], "succeeded")
    assert {one["task_ref"] is not None for one in found["steps"]} == {True}
    told = shared.events(found["steps"][1]["task_id"])
    assert told[-1] == "task.succeeded"
    assert told.count("task.started") == 1
    assert shared.cli("execution", "logs", started["ref"]).returncode == 0
    assert shared.cli("task", "show", found["steps"][0]["task_ref"]).returncode == 0
    assert len(shared.entries("last")) == 1
    shared.verify()
