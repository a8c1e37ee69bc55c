"""Events that start workflows, on a real server that is killed between an event and its starts."""

from collections import Counter
from typing import Any

from tests.e2e.product import Product
from tests.waiting import wait_until

MANY = 40
"""Triggers of one event: it takes a while until all have started, and the kill falls into it."""
STEPS = 'steps: [{id: a, run: "true", agent: testing}]\n'


def apply(product: Product, text: str) -> None:
    file = product.work / "flow.yaml"
    file.write_text(text)
    product.cli("workflow", "apply", str(file))


def started(product: Product) -> list[dict[str, Any]]:
    page = product.system.executions.list(limit=500)["items"]
    return [dict(one) for one in page if one["started_by"]]


def test_each_trigger_starts_once_though_the_server_is_killed_in_between(fresh: Product) -> None:
    product = fresh
    lines = "\n".join(
        f"    - {{type: release.ready, inputs: {{n: {n}, tag: '${{{{ event.data.tag }}}}'}}}}"
        for n in range(MANY)
    )
    apply(product, f"name: Ship\non:\n  event:\n{lines}\n{STEPS}")
    server = product.server
    before = product.system.events.head()["cursor"]
    said = product.system.events.publish("release.ready", {"tag": "v1"}, key="k1")
    product.kill(server)
    product.serves(not_pid=server)
    assert product.system.events.publish("release.ready", {"tag": "v1"}, key="k1") == said
    wait_until(lambda: len(started(product)) >= MANY, what="all starts")
    types = [one["type"] for one in product.system.events.read(after=before, limit=1000)["items"]]
    again = types.index("server.started")
    assert "trigger.fired" in types[again:], "the kill came too late to show anything"
    assert types.index("bus.release.ready") < again
    assert Counter(types)["trigger.fired"] == MANY
    found = started(product)
    assert Counter(one["params"]["n"] for one in found) == Counter(range(MANY))
    assert {one["started_by"]["event"] for one in found} == {said["id"]}
    assert {one["params"]["tag"] for one in found} == {"v1"}
    assert product.json("event", "verify")["ok"] is True


def test_events_are_said_by_command_and_by_a_step(fresh: Product) -> None:
    product = fresh
    second = "name: Second\non: {event: [{type: first.done, inputs: {n: '${{ event.data.n }}'}}]}\n"
    apply(product, second + STEPS)
    emit = "{id: e, type: emit, emit: {type: first.done, data: {n: '${{ inputs.n }}'}}}"
    line = "{type: ask, if: event.data.n > 1, inputs: {n: '${{ event.data.n }}'}}"
    apply(product, f"name: First\ninputs: {{n: {{}}}}\non: {{event: [{line}]}}\nsteps: [{emit}]\n")
    assert product.json("event", "emit", "ask", "--data", "n:=1", "--data", "why=no")["id"]
    said = product.json("event", "emit", "ask", "--data", '{"n": 7}')
    wait_until(lambda: len(started(product)) == 2, what="both executions")
    by_name = {one["workflow"]: one for one in started(product)}
    assert by_name["first"]["started_by"]["event"] == said["id"]
    assert by_name["second"]["params"] == {"n": 7}
    assert by_name["second"]["started_by"]["depth"] == 2
    product.execution_reaches(by_name["second"]["ref"], "succeeded")

    assert "cannot be the type" in product.cli("event", "emit", "No Type", expect=2).stderr
    assert "by the system alone" in product.cli("event", "emit", "task.done", expect=2).stderr
    assert "is not k=v" in product.cli("event", "emit", "ask", "--data", "x", expect=2).stderr
    assert "not JSON" in product.cli("event", "emit", "ask", "--data", "{x", expect=2).stderr
    status, problem = product.ask("POST", "/events", {"type": "ask", "data": {"x": "y" * 70_000}})
    assert (status, problem["code"]) == (413, "too_large")
