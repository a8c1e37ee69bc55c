"""Schedules on a real server: by the command line, and with kills around their times."""

import json
import time
from collections import Counter
from datetime import UTC, datetime

from tests.e2e.product import Product
from tests.waiting import wait_until

EVERY_SECOND = """
name: Pulse
on:
  schedule:
    - {cron: "* * * * * *", overlap: allow, inputs: {at: "${{ event.at }}"}}
steps: [{id: a, run: "true", agent: testing}]
"""


def apply(product: Product, text: str, *, expect: int = 0) -> str:
    file = product.work / "flow.yaml"
    file.write_text(text)
    return product.cli("workflow", "apply", str(file), expect=expect).stderr


def test_each_second_starts_one_execution_whatever_is_killed(fresh: Product) -> None:
    product = fresh
    apply(product, EVERY_SECOND)
    for n in range(3):
        done = 2 * (n + 1)
        wait_until(lambda done=done: len(started(product)) >= done, what=f"{done} firings")
        product.kill_server()
    product.serves()
    before = int(time.time() * 1000)
    wait_until(lambda: max(started(product)) > before, what="a firing after the kills")
    product.cli("schedule", "pause", "pulse", "--reason", "enough")
    ticks = started(product)
    assert max(Counter(ticks).values()) == 1
    # None is missing either: the server was away for less than a minute.
    first, last = min(ticks), max(ticks)
    assert sorted(ticks) == list(range(first, last + 1000, 1000))
    assert product.json("event", "verify")["ok"] is True


def started(product: Product) -> list[int]:
    """Return the times (epoch milliseconds) that started an execution."""
    page = product.system.executions.list(limit=500)["items"]
    return [one["started_by"]["tick"] for one in page if one["started_by"]]


def test_people_see_pause_trigger_and_backfill_schedules(fresh: Product) -> None:
    product = fresh
    text = """
    name: Nightly Report
    on: {schedule: [{cron: "*/5 * * * *", tz: Europe/Rome, overlap: allow}]}
    steps: [{id: a, run: "true", agent: testing}]
    """
    apply(product, text)
    (one,) = product.json("schedule", "list")["items"]
    assert (one["id"], one["state"], one["tz"]) == ("nightly-report.1", "active", "Europe/Rome")
    assert one["next"][0] > time.time() * 1000
    shown = product.cli("schedule", "show", "nightly-report").stdout
    assert "*/5 * * * * (Europe/Rome)" in shown
    assert shown.count("next  2") == 5
    assert (
        "paused: a freeze"
        in product.cli("schedule", "pause", "nightly-report", "--reason", "a freeze").stdout
    )
    apply(product, text.replace("*/5", "*/10"))  # a newer version: the pause stays
    assert product.json("schedule", "show", "nightly-report")["state"] == "paused"
    product.cli("schedule", "resume", "nightly-report")

    ref = product.json("schedule", "trigger", "nightly-report")["ref"]
    product.execution_reaches(ref, "succeeded")

    last = int(time.time()) // 600 * 600
    span = [datetime.fromtimestamp(at, UTC).isoformat() for at in (last - 3_000, last)]
    words = ("schedule", "backfill", "nightly-report", "--from", span[0], "--to", span[1])
    would = product.json(*words, "--dry-run")
    assert len(would["ticks"]) == 6
    assert product.json(*words)["ticks"] == would["ticks"]
    wait_until(lambda: len(started(product)) == 7, what="six executions")
    assert product.json(*words)["ticks"] == []
    assert "more than 2 times" in product.cli(*words, "--limit", "2", expect=2).stderr
    assert "is no time" in product.cli(*words[:3], "--from", "soon", expect=2).stderr
    assert "no schedule" in product.cli("schedule", "show", "other", expect=5).stderr
    wrong = apply(product, text.replace("*/5 * * * *", "0 0 31 2 *"), expect=2)
    assert "is no cron expression: bad day-of-month" in wrong
    assert json.loads(product.cli("schedule", "list", "-o", "json").stdout)["items"]
