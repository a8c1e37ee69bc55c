"""`trigger list` on a real server: what starts which workflow, and what became of it last."""

import json
from typing import Any

from tests.e2e.product import Product
from tests.e2e.test_webhooks import SECRET, post
from tests.waiting import wait_until

FLOW = """
name: Ship
secrets: [DEPLOY_HOOK, UNSET_HOOK]
inputs: {tag: {type: string, required: true}}
on:
  schedule: [{cron: "30 2 * * *", tz: Europe/Rome, inputs: {tag: nightly}}]
  webhook:
    - {path: deploy, secret: DEPLOY_HOOK, inputs: {tag: "${{ event.body.tag }}"}}
    - {path: other, secret: UNSET_HOOK}
  event: [{type: release.ready, if: event.data.tag != 'v0'}]
steps: [{id: a, run: "true", agent: testing}]
"""


def listed(product: Product) -> dict[str, Any]:
    return {one["name"]: one for one in product.json("trigger", "list")["items"]}


def test_list_says_what_starts_which_workflow_and_what_became_of_it(empty: Product) -> None:
    product = empty
    product.environ["CLAUDE_AGENT_SECRET_DEPLOY_HOOK"] = SECRET
    product.up()
    assert "claude-agent workflow apply FILE" in product.cli("trigger", "list").stdout
    (product.work / "ship.yaml").write_text(FLOW)
    product.cli("workflow", "apply", "ship.yaml")
    assert list(listed(product)) == ["ship.1", "deploy", "other", "release.ready"]

    assert post(product, json.dumps({"tag": "v1"}).encode())[0] == 202
    ref = listed(product)["deploy"]["last"]["execution_ref"]
    product.execution_reaches(ref, "succeeded")
    product.cli("event", "emit", "release.ready", "--data", "tag=v1")
    wait_until(
        lambda: listed(product)["release.ready"]["last"]["state"] == "refused",
        what="the event's end: its workflow misses a parameter",
    )

    table = product.cli("trigger", "list", "--workflow", "ship").stdout
    assert "30 2 * * * (Europe/Rome)" in table
    assert f"{ref} succeeded" in table
    assert "refused: " in table
    assert "other: The secret UNSET_HOOK is nowhere" in table
    names = product.cli("trigger", "list", "--kind", "webhook", "-o", "name").stdout.split()
    assert names == ["deploy", "other"]
    found = product.system.triggers.list(kind="event")
    assert [(one["on"], one["if"]) for one in found] == [
        ("event release.ready", "event.data.tag != 'v0'")
    ]
    product.cli("trigger", "list", "--kind", "door", expect=2)
