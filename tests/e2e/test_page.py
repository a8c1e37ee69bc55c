"""The page shows the true state: before, during and after a kill -9 of the server."""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e import page_tools as tools
from tests.e2e.page_tools import Watched
from tests.e2e.page_truth import expected
from tests.e2e.product import Product, product
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not tools.CHROMIUM, reason="needs chromium"),
    pytest.mark.skipif(
        not (tools.BUILT / "index.html").exists(), reason="needs the dashboard: make dashboard"
    ),
]
BUDGET_JS, BUDGET_CSS = 230_000, 25_000
DEPLOY = """
name: Deploy it
inputs:
  env: {type: string, default: dev}
steps:
  - {id: fetch, run: "true", agent: backend-api}
  - {id: run_tests, agent: testing, depends_on: [fetch], run: "%s"}
  - {id: build, agent: frontend-ui, depends_on: [fetch], run: "%s"}
  - {id: deploy, run: "true", agent: deployment, depends_on: [run_tests, build]}
"""
UNDONE = """
name: Undo it
steps:
  - {id: migrate, run: "true", agent: database, compensate: {run: "true"}}
  - {id: switch, run: "true", agent: deployment, depends_on: [migrate], compensate: {run: "true"}}
  - id: verify
    run: "echo no answer; exit 3"
    agent: testing
    depends_on: [switch]
    retry: {max_attempts: 2, delay: 50ms}
"""


@pytest.fixture(scope="module")
def served() -> Iterator[Product]:
    """A product with a fake agent, on which no test changes what another one counts on."""
    with product(up=False) as made:
        (made.work / "claude-agent.toml").write_text('[agents.instagram]\nadapter = "fake"\n')
        made.up()
        yield made


@pytest.fixture
def busy(served: Product) -> Iterator[Product]:
    """Something in every state that matters: running, queued, due later, undone, dead, FAKE."""
    undone = _run(served, UNDONE)
    served.execution_reaches(undone, "compensated")
    ready = [served.submit(served.held("many"), agent="database") for _ in range(4)]
    served.submit("true", delay="1h", agent="master")
    served.system.tasks.submit({"prompt": '[[fake]]\n{"sleep": 600}', "agent": "instagram"})
    held = [_one_line(served, name) for name in ("tests", "build")]
    deploy = _run(served, DEPLOY % (held[0], held[1]), env="prod")
    for name, times in {"many": 3, "tests": 1, "build": 1}.items():
        served.started(name, times)
    for task in ready:
        served.reaches(task["id"], "ready", "running")
    wait_until(lambda: _fake_runs(served), what="the fake agent's run")
    yield served
    for name in ("many", "tests", "build"):
        served.let_go(name)
    served.execution_reaches(deploy, "succeeded")
    served.settle()
    for name in ("many", "tests", "build"):
        (served.work / name).unlink()
    served.ledger.unlink()


@pytest.fixture
def watched() -> Iterator[Watched]:
    with tools.browser() as opened:
        yield opened
        assert opened.problems == []


def _run(served: Product, source: str, **params: str) -> str:
    body = {"source": source, "file": "it.yaml", "params": params, "cwd": str(served.work)}
    status, made = served.ask("POST", "/workflows/-/execute", body)
    assert status == 201, made
    return str(made["ref"])


def _one_line(served: Product, name: str) -> str:
    script = served.work / f"{name}.sh"
    script.write_text(served.held(name))
    return f"sh {script}"


def _fake_runs(served: Product) -> bool:
    _, agent = served.ask("GET", "/agents/instagram")
    return bool(agent["state"] == "working")


def _dimmed(page: Page) -> bool:
    """Say whether the numbers of the page have the colour of captions."""
    colours: list[str] = page.evaluate(
        """() => {
          const probe = document.createElement('i');
          probe.style.color = 'var(--text-3)';
          document.body.append(probe);
          const dim = getComputedStyle(probe).color;
          probe.remove();
          const number = document.querySelector('[data-testid=figures] [data-field=busy]');
          return [dim, getComputedStyle(number).color];
        }"""
    )
    return colours[0] == colours[1]


def test_page_agrees_with_the_api_before_during_and_after_a_kill(
    busy: Product, watched: Watched
) -> None:
    page = watched.page
    tools.enter(page, busy)
    before = tools.agrees(page, lambda: expected(busy))
    assert _has_something_of_everything(before) == []
    assert not _dimmed(page)
    tools.record_loss(page)

    busy.kill_server()

    during = tools.first_loss(page)
    assert during["phase"] == "waiting"
    assert re.fullmatch(r"Reconnecting( in \d+ s)?", during["connection"])
    assert tools.compare(before, during) == [], "the last values stay, and say when they were true"
    page.wait_for_selector("[data-testid=connection][data-phase=live]", timeout=20_000)
    after = tools.agrees(page, lambda: expected(busy), timeout=20)
    assert not _dimmed(page)
    assert after["execution"]["steps"] == before["execution"]["steps"], "adopted, not started again"
    adopted = [event for event in after["events"] if event[1] == "task.adopted"]
    assert len(adopted) == 6

    for name in ("many", "tests", "build"):
        busy.let_go(name)
    busy.execution_reaches(before["execution"]["ref"], "succeeded")
    tools.agrees(page, lambda: expected(busy))
    page.get_by_role("button", name="Every event").click()
    tools.agrees(page, lambda: expected(busy, every_event=True))


def _has_something_of_everything(wanted: dict[str, Any]) -> list[str]:
    """Name what the state lacks: a comparison of nothing would prove nothing."""
    steps = wanted["execution"]["steps"]
    seen = {
        "running steps": [step for step in steps if step["state"] == "running"],
        "pending steps": [step for step in steps if step["state"] == "pending"],
        "rolled back": [x for x in wanted["executions"] if x["state"] == "compensated"],
        "a ready task": [queue for queue in wanted["queues"] if queue["ready"] == "1"],
        "a scheduled task": [queue for queue in wanted["queues"] if queue["scheduled"] == "1"],
        "a fake agent at work": [agent for agent in wanted["agents"] if "fake" in agent],
        "a dead letter": wanted["task_counts"].get("dead"),
        "a second attempt": [task for task in wanted["tasks"] if task["attempt"] == "2"],
    }
    return [name for name, found in seen.items() if not found]


def test_page_keeps_dimmed_values_and_counts_down_while_the_server_is_away(
    busy: Product, watched: Watched
) -> None:
    page = watched.page
    tools.enter(page, busy)
    before = tools.agrees(page, lambda: expected(busy))
    tries: list[str] = []
    page.on("websocket", lambda socket: tries.append(socket.url))
    keeper, server = busy.keeper, busy.server
    os.kill(keeper, signal.SIGSTOP)
    try:
        os.kill(server, signal.SIGKILL)
        page.wait_for_selector("[data-testid=main][data-stale=true]")
        lost = tools.read(page)["now"]
        assert wait_until(lambda: _dimmed(page), what="dimmed values")
        offline = re.compile(r"Offline since \d\d:\d\d · reconnecting( in \d+ s)?")
        wait_until(
            lambda: offline.fullmatch(tools.read(page)["connection"]),
            timeout=20,
            what="word that it is offline",
        )
        shown = tools.read(page)
        assert len(tries) > 1
        assert tools.compare(before, shown, now=lost) == []
    finally:
        os.kill(keeper, signal.SIGCONT)
    busy.serves(not_pid=server)
    page.wait_for_selector("[data-testid=connection][data-phase=live]", timeout=30_000)
    tools.agrees(page, lambda: expected(busy), timeout=20)


def test_page_follows_one_socket_and_asks_nothing_while_nothing_happens(
    served: Product, watched: Watched
) -> None:
    page = watched.page
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    tools.enter(page, served)
    tools.agrees(page, lambda: expected(served))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2_500)
    assert asked == []
    assert len(sockets) == 1
    task = served.submit("true", title="seen at once")
    page.wait_for_selector(f"[data-task='{task['ref']}'][data-state=succeeded]")
    began = served.ask("GET", "/events/head")[1]["cursor"]
    asked.clear()
    last = [served.submit("true") for _ in range(25)][-1]
    served.reaches(last["id"], "succeeded")
    tools.agrees(page, lambda: expected(served))
    ended = served.ask("GET", "/events/head")[1]["cursor"]
    changes = int(ended.rpartition(":")[2]) - int(began.rpartition(":")[2])
    assert changes >= 100
    assert len(asked) < changes / 2, "many changes are read together"
    assert len(sockets) == 1


def test_login_takes_the_token_and_refuses_a_wrong_one(served: Product, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{served.address().url}/ui/")
    form = page.get_by_test_id("login")
    form.wait_for()
    assert "Paste the token from <home>/token, or run: claude-agent open" in form.inner_text()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.get_by_text("The token is wrong.").wait_for()
    page.get_by_label("Paste the token").fill(served.token)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=connection][data-phase=live]")
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert served.token not in kept
    page.get_by_role("button", name="Log out").click()
    form.wait_for()


def test_addresses_of_the_command_line_open_what_they_name(
    served: Product, watched: Watched
) -> None:
    page = watched.page
    undone = _run(served, UNDONE)
    ended = served.execution_reaches(undone, "compensated")
    task = served.submit("echo hello from the task; exit 4", title="say hello")
    served.reaches(task["id"], "dead")
    tools.enter(page, served, ended["url"].removeprefix("/ui/"))
    chosen = page.locator(f"[data-testid=execution] [data-selected='{undone}']")
    chosen.wait_for()
    assert [one.inner_text() for one in chosen.locator("[data-field=order]").all()] == ["2", "1"]
    page.goto(f"{served.address().url}{task['url']}")
    page.locator("[data-field=log]").filter(has_text="hello from the task").wait_for()
    assert "exited with 4" in page.locator("[data-testid=task] [data-field=error]").inner_text()
    page.goto(f"{served.address().url}/ui/#/tasks/NOPE")
    page.locator("[data-testid=task]").get_by_role("alert").wait_for()
    assert all("404" in problem for problem in watched.problems), watched.problems
    watched.problems.clear()


def test_cancel_asks_once_more_and_carries_the_csrf_value(
    served: Product, watched: Watched
) -> None:
    page = watched.page
    task = served.submit("sleep 300")
    served.reaches(task["id"], "running")
    tools.enter(page, served, f"#/tasks/{task['ref']}")
    page.get_by_role("button", name="Cancel task").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    page.wait_for_selector("[data-testid=task] [data-state=cancelled]", timeout=30_000)
    assert served.task(task["id"])["state"] == "cancelled"


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_page_fits_every_width_and_passes_axe(served: Product, scheme: str) -> None:
    axe = tools.SOURCES / "node_modules/axe-core/axe.min.js"
    background = {"dark": "rgb(14, 17, 21)", "light": "rgb(245, 246, 248)"}[scheme]
    _run(served, UNDONE)
    with tools.browser(color_scheme=scheme, reduced_motion="reduce") as watched:
        page = watched.page
        tools.enter(page, served)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert colour == background
        page.evaluate(axe.read_text())
        for width in (390, 768, 1100, 1440, 2560):
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{wide} px of content at {width} px"
            if width in (390, 1440):
                found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag22aa']})")
                assert [_told(one) for one in found["violations"]] == [], f"at {width} px"
        assert watched.problems == []


def _told(violation: dict[str, Any]) -> str:
    return f"{violation['id']}: {[node['html'][:200] for node in violation['nodes']]}"


def test_everything_can_be_reached_with_the_keyboard(served: Product, watched: Watched) -> None:
    page = watched.page
    tools.enter(page, served)
    reached: list[str] = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                  const one = document.activeElement;
                  const ring = getComputedStyle(one).outlineStyle;
                  return `${one.textContent.trim()}|${ring}`;
                }"""
            )
        )
    assert reached[0].startswith("Skip to the content|")
    assert any(one.startswith("Log out|solid") for one in reached)
    assert not any(one.endswith("|none") for one in reached), "a ring shows where one is"


def test_built_page_keeps_its_budget_and_has_nothing_inline() -> None:
    index = (tools.BUILT / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)", index) == []
    assert "<style" not in index
    for pattern, budget in (("*.js", BUDGET_JS), ("*.css", BUDGET_CSS)):
        files = list((tools.BUILT / "assets").glob(pattern))
        assert files
        assert sum(len(gzip.compress(file.read_bytes())) for file in files) < budget
        for file in files:
            packed = file.with_name(file.name + ".gz")
            assert gzip.decompress(packed.read_bytes()) == file.read_bytes()


def test_types_of_the_page_are_those_of_the_servers_openapi(
    served: Product, tmp_path: Path
) -> None:
    node = shutil.which("node")
    if node is None or not (tools.SOURCES / "node_modules").exists():
        pytest.skip("needs node and the dashboard's packages: make dashboard")
    source, out = tmp_path / "openapi.json", tmp_path / "made.ts"
    source.write_text(json.dumps(served.ask("GET", "/openapi.json")[1]))
    made = subprocess.run(
        [node, "scripts/api-types.mjs", str(source), str(out)],
        cwd=tools.SOURCES,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert made.returncode == 0, made.stderr
    kept = (tools.SOURCES / "src/api/schema.gen.ts").read_text()
    assert out.read_text() == kept, "the API has changed: npm run types (in dashboard/)"
