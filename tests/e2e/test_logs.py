"""Every line that the main job leaves in the logs: ECS JSON, with its ids, without a secret."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from tests.e2e.main_job import SECRET, STEPS, MainJob
from tests.e2e.product import Product

LEVELS = {"debug", "info", "warning", "error", "critical"}
TASK_LINE = re.compile(r"task [0-9A-Z]{4,} ")
EXECUTION_LINE = re.compile(r"execution [0-9A-Z]{4,} ")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def lines_of(product: Product) -> list[dict[str, Any]]:
    """Return every line of the server's log, parsed."""
    raw = (product.home / "logs" / "server.jsonl").read_text(encoding="utf-8")
    assert raw.endswith("\n")
    return [json.loads(line) for line in raw.splitlines()]


def of_task(lines: list[dict[str, Any]], task_id: str | None) -> list[dict[str, Any]]:
    """Return the lines about one task."""
    return [line for line in lines if line.get("labels", {}).get("task_id") == task_id]


def leaves(value: Any) -> Iterator[str]:
    """Yield every text in nested data."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield str(value)


def test_every_line_of_the_main_job_is_valid_ecs(main_job: MainJob) -> None:
    lines = lines_of(main_job.product)
    assert len(lines) > 3 * len(STEPS)
    for line in lines:
        moment = datetime.fromisoformat(line["@timestamp"])
        assert moment.utcoffset() is not None
        assert line["log.level"] in LEVELS
        assert line["message"]
        assert line["ecs.version"]
        assert line["service"] == {"name": "claude-agent", "version": line["service"]["version"]}
        assert line["log"]["logger"]
        assert line["process"]["pid"] > 0
        assert all(isinstance(value, str) for value in line.get("labels", {}).values())
        known = {"@timestamp", "log.level", "message", "ecs.version", "service", "log", "process"}
        assert set(line) <= known | {"labels", "error", "claude_agent"}
        assert ("error" in line) <= (line["log.level"] in ("error", "critical"))
    moments = [datetime.fromisoformat(line["@timestamp"]).timestamp() for line in lines]
    # Threads may overtake each other between the stamp and the file.
    assert all(later - earlier > -0.5 for earlier, later in pairwise(moments))


def test_lines_about_work_carry_its_ids(main_job: MainJob) -> None:
    lines = lines_of(main_job.product)
    for line in lines:
        labels = line.get("labels", {})
        if TASK_LINE.match(line["message"]):
            assert UUID.fullmatch(labels["task_id"]), line
            assert labels["agent"], line
        if EXECUTION_LINE.match(line["message"]):
            assert UUID.fullmatch(labels["execution_id"]), line
    for execution in main_job.product.system.executions.list()["items"]:
        of_execution = [
            line for line in lines if line.get("labels", {}).get("execution_id") == execution["id"]
        ]
        assert {line["labels"].get("step_id") for line in of_execution} >= set(STEPS)
        for step in execution["steps"]:
            said = of_task(of_execution, step["task_id"])
            words = [line["message"].split()[2].rstrip(":") for line in said]
            assert words[0] == "accepted"
            assert "started" in words
            begun = [line for line in said if "run_id" in line["labels"]]
            assert {line["labels"]["run_id"] for line in begun} == {f"{step['task_id']}.1"}


def test_request_is_found_again_by_its_id(main_job: MainJob) -> None:
    product = main_job.product
    headers = {"X-Request-Id": "find-me-again"}
    body = {"run": "true", "agent": "testing"}
    status, task = product.ask("POST", "/tasks/submit", body, **headers)
    assert status == 201
    product.reaches(task["id"], "succeeded")
    [line] = [
        x for x in lines_of(product) if x.get("labels", {}).get("request_id") == "find-me-again"
    ]
    assert line["labels"]["task_id"] == task["id"]


@pytest.mark.parametrize(
    "leak",
    [
        f"echo password={SECRET}; exit 3",
        f"echo https://user:{SECRET}@example.invalid/x.git; exit 3",
        f"echo 'Authorization: Bearer {SECRET}'; exit 3",
        'cat "$HOME_OF_PRODUCT/token"; exit 3',
    ],
)
def test_secret_that_a_command_prints_never_reaches_the_log(main_job: MainJob, leak: str) -> None:
    product = main_job.product
    environ = {"HOME_OF_PRODUCT": str(product.home)}
    task = product.submit(leak, env=environ, title=f"leak password={SECRET}")
    ended = product.reaches(task["id"], "dead")
    said = of_task(lines_of(product), task["id"])
    failed = next(line for line in said if "attempt 1 failed" in line["message"])
    assert "[redacted]" in failed["message"], (
        "what the command said last is told, without the secret"
    )
    assert ended["error"]["message"]
    _no_secret(product)


def test_no_secret_stands_in_any_log(main_job: MainJob) -> None:
    product = main_job.product
    ran = product.entries("run_tests")[-1]
    printed = (product.folder(ran["run_id"]) / "output.log").read_text()
    assert SECRET in printed, "the secret was really planted in what the tests print"
    product.ask("GET", f"/tasks?token={SECRET}")
    product.ask("GET", "/tasks", token=f"{product.token}x")
    _no_secret(product)


def _no_secret(product: Product) -> None:
    for path in (product.home / "logs").iterdir():
        raw = path.read_text(encoding="utf-8")
        assert SECRET not in raw, path.name
        assert product.token not in raw, path.name
    for line in lines_of(product):
        assert not [text for text in leaves(line) if SECRET in text or product.token in text]
