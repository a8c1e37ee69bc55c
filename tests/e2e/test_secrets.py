"""Secrets over a whole product: whatever a step does with one, its value is found nowhere."""

import base64
import contextlib
import sqlite3
import subprocess
from pathlib import Path
from urllib.parse import quote

from claude_agent.agents.run_files import place_of
from claude_agent.storage import approval_rows, execution_rows, log, task_rows
from claude_agent.storage.databases.sqlite import SqliteDatabase
from tests.e2e.product import Product

TOKEN = "tok/En+vält=9876"  # noqa: S105 - of the test
FILED = "from-the-file-4711"
FLOW = """
name: Secretive
secrets: [TOKEN, FILED]
steps:
  - id: shows
    agent: testing
    secrets: [TOKEN]
    env: {OTHER: "${{ secrets.FILED }}"}
    outputs: {said: {type: string}}
    gates: [{name: again, run: 'echo "gate: $TOKEN"'}]
    run: |
      [ "${#OTHER}" = 18 ]
      echo "whole: $TOKEN"
      printf 'halves: %s' "${TOKEN%9876}"; sleep 0.3; echo 9876
      printf 'user:%s' "$TOKEN" | base64
      b=$(printf %s "$TOKEN" | base64); cut=${b%????????}
      printf 'base64: %s' "$cut"; sleep 0.2; echo "${b#"$cut"}"
      printf 'hex: '; printf %s "$TOKEN" | od -An -v -tx1 | tr -d ' \\n'; echo
      quote='import os, urllib.parse as u; print(u.quote(os.environ["TOKEN"], safe=""))'
      q=$(python3 -c "$quote"); cut=${q%????????}
      printf 'url: https://host/?t=%s' "$cut"; sleep 0.2; echo "${q#"$cut"}"
      printf '{"said": "%s and %s"}' "$TOKEN" "$OTHER" > "$CLAUDE_AGENT_OUTPUTS"
  - id: other
    agent: testing
    depends_on: [shows]
    env: {SAID: "${{ steps.shows.outputs.said }}"}
    run: |
      echo "it got: $SAID"
      ! env | grep -q -e 'tok/En' -e 'from-the-file'
  - id: fails
    agent: testing
    depends_on: [other]
    secrets: [TOKEN]
    retry: {max_attempts: 1}
    run: |
      echo "changed to $TOKEN" >> README
      echo "it broke with $TOKEN" >&2
      exit 3
"""
NOT_THERE = """
name: Nowhere
secrets: [ABSENT]
steps: [{id: a, agent: testing, secrets: [ABSENT], run: "true"}]
"""
GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org")


def forms() -> list[bytes]:
    """Return what nobody may find: the values, and what encodings make of one."""
    inside = base64.b64encode(b"user:" + TOKEN.encode())
    quoted = quote(TOKEN, safe="").encode()
    found = [TOKEN.encode(), FILED.encode(), inside[8:24], TOKEN.encode("unicode_escape")]
    return [*found, quoted, quoted.replace(b"%2F", b"%2f")[:12], TOKEN.encode().hex().encode()]


def from_the_log(database: Path) -> str:
    """Return every projection as the log alone makes it again."""
    opened = SqliteDatabase(database, durable=False)
    try:
        history = opened.read(lambda r: list(log.everything(r)))
    finally:
        opened.close()
    assert len(history) > 20
    folds = (task_rows.fold_tasks, execution_rows.fold_executions, approval_rows.fold_approvals)
    return "".join(repr(fold(history)) for fold in folds)


def leaks(home: Path) -> list[str]:
    """Return the files of a home that hold a value."""
    files = [each for each in home.rglob("*") if each.is_file() and each.name != "secrets.toml"]
    assert len(files) > 20
    return [str(each) for each in files if any(form in content(each) for form in forms())]


def content(file: Path) -> bytes:
    """Return what stands in a file; nothing if it went away (a home that is up)."""
    with contextlib.suppress(FileNotFoundError):
        return file.read_bytes()
    return b""


def prepared(product: Product) -> Path:
    """Give a product its secrets; return a checkout to work in."""
    product.environ["CLAUDE_AGENT_SECRET_TOKEN"] = TOKEN
    product.home.mkdir(mode=0o700, exist_ok=True)
    file = product.home / "secrets.toml"
    file.write_text(f'FILED = "{FILED}"\n')
    file.chmod(0o600)
    checkout = product.work / "checkout"
    checkout.mkdir()
    (checkout / "README").write_text("one\n")
    for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "one")):
        subprocess.run([*GIT, "-C", str(checkout), *words], check=True)
    product.up()
    return checkout


def hides_it_everywhere(product: Product) -> None:
    """Look into the files of a home that is up and of one that is down, and into a backup."""
    assert leaks(product.home) == []  # with its write-ahead log
    product.down("--stop-agents")
    database = product.home / "claude-agent.db"
    (product.home / "backups").mkdir(exist_ok=True)
    copy = product.home / "backups" / "copy.db"
    with contextlib.closing(sqlite3.connect(database)) as source:
        sink = sqlite3.connect(copy)
        source.backup(sink)
        sink.close()
    rebuilt = from_the_log(copy)
    assert "'said': '*** and ***'" in rebuilt
    assert not [form for form in forms() if form.decode() in rebuilt]
    assert leaks(product.home) == []
    runs = [each for each in (product.home / "runs").glob("*/*") if each.is_dir()]
    assert not [each for each in runs if place_of(each).exists()]


def test_a_value_is_found_nowhere_whatever_a_step_does_with_it(empty: Product) -> None:
    product, checkout = empty, prepared(empty)

    status, problem = product.ask("POST", "/workflows/-/execute", {"source": NOT_THERE})
    assert (status, problem["code"]) == (422, "secret_missing"), problem
    assert "CLAUDE_AGENT_SECRET_ABSENT" in problem["detail"]

    started = product.system.workflows.execute(source=FLOW, cwd=str(checkout))
    ended = product.execution_reaches(started["id"], "failed", "succeeded", timeout=60)
    steps = {step["id"]: step for step in ended["steps"]}
    assert [steps[name]["state"] for name in ("shows", "other", "fails")] == [
        *("succeeded", "succeeded", "failed")
    ], steps
    assert steps["shows"]["outputs"] == {"said": "*** and ***"}
    shown = product.cli("task", "logs", steps["shows"]["task_id"]).stdout
    assert "whole: ***" in shown
    assert "halves: ***" in shown
    assert "base64: ***" in shown
    assert "hex: ***" in shown
    assert "url: https://host/?t=***" in shown
    failed = product.task(steps["fails"]["task_id"])
    assert "it broke with ***" in str(failed)
    diff = product.home / "runs" / failed["id"] / "1" / "diff.patch"
    assert "+changed to ***" in diff.read_text()

    said = []
    for path in everywhere(product, ended):
        status, answer = product.ask("GET", path)
        assert status == 200, (path, answer)
        said.append(str(answer))
    said += [shown, str(product.system.events.all())]
    assert not [one for one in said for form in (TOKEN, FILED) if form in one]
    product.kill_server()
    product.cli("event", "verify")
    hides_it_everywhere(product)


def everywhere(product: Product, execution: dict[str, object]) -> list[str]:
    """Return the addresses at which the execution and its tasks can be read."""
    found = [f"/executions/{execution['id']}", f"/executions/{execution['id']}/explain"]
    found += [f"/executions/{execution['id']}/events", "/tasks?limit=100", "/dead-letters"]
    found += ["/executions", "/agents/testing", "/agents/testing/logs", "/dead-letters/export"]
    steps = execution["steps"]
    assert isinstance(steps, list)
    for step in steps:
        task = f"/tasks/{step['task_id']}"
        found += [task, f"{task}/log", f"{task}/result", f"{task}/explain"]
    letters = product.ask("GET", "/dead-letters")[1]
    assert letters["items"]
    found += [f"/dead-letters/{one['kind']}/{one['ref']}" for one in letters["items"]]
    return found
