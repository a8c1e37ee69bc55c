"""A browser to look with, what the page shows, and how that differs from the truth."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, sync_playwright

import claude_agent
from claude_agent.cli.text import seconds_of
from tests.e2e.page_truth import Doc, Running
from tests.e2e.product import Product
from tests.waiting import wait_until

BUILT = Path(claude_agent.__file__).parent / "dashboard"
SOURCES = Path(__file__).parents[2] / "dashboard"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
TICK_MS = 1_600
"""A running time is told in whole seconds, once a second."""

_READ = """() => {
  const ROWS = '[data-agent],[data-run],[data-queue],[data-execution],[data-step],[data-undo],'
    + '[data-task],[data-event],[data-selected]';
  const fields = (row) => {
    const found = {};
    if (row.dataset.state) found.state = row.dataset.state;
    for (const one of row.querySelectorAll('[data-field]'))
      if (one.closest(ROWS) === row) found[one.dataset.field] = one.textContent;
    for (const one of row.querySelectorAll('[data-family][data-state]'))
      if (one.closest(ROWS) === row && !one.dataset.strip)
        found.sign = [one.dataset.state, one.dataset.family,
                      one.querySelector('[data-icon]').dataset.icon];
    return found;
  };
  const part = (name) => document.querySelector(`[data-testid=${name}]`);
  const rows = (root, kind) => [...root.querySelectorAll(`[data-${kind}]`)];
  const counts = (root) => Object.fromEntries(
    rows(root.querySelector('header'), 'count').map((one) => [one.dataset.count, one.textContent]));
  const note = (root) => Object.fromEntries(
    rows(root.querySelector('header'), 'field').map((one) => [one.dataset.field, one.textContent]));
  const all = (root, kind) => rows(root, kind).map(fields);
  const chosen = part('execution');
  return {
    now: Date.now(),
    phase: part('connection').dataset.phase,
    connection: part('connection').querySelector('[data-field]').textContent,
    stale: part('main').dataset.stale,
    version: part('health').querySelector('[data-field=version]').textContent,
    figures: Object.fromEntries(
      rows(part('figures'), 'field').map((one) => [one.dataset.field, one.textContent])),
    working: note(part('agents')),
    agents: rows(part('agents'), 'agent').map((one) => ({...fields(one), runs: all(one, 'run')})),
    workers: note(part('queues')),
    queues: all(part('queues'), 'queue'),
    execution_counts: counts(part('executions')),
    executions: rows(part('executions'), 'execution').map((one) => ({
      ...fields(one),
      strip: rows(one, 'strip').map((bar) => [bar.dataset.strip, bar.dataset.state,
                                              bar.dataset.family]),
    })),
    execution: chosen && {
      ...fields(chosen.querySelector('[data-selected]')),
      steps: rows(chosen, 'step').map((one) => ({...fields(one), undo: all(one, 'undo')})),
    },
    task_counts: counts(part('tasks')),
    tasks: all(part('tasks'), 'task'),
    events: rows(part('events'), 'event').map((one) => [
      Number(one.dataset.event), one.dataset.type, one.querySelector('time').textContent]),
  };
}"""

_RECORD = f"""() => {{
  const read = {_READ};
  window.firstLoss = null;
  const look = () => {{
    const main = document.querySelector('[data-testid=main]');
    const phase = document.querySelector('[data-testid=connection]').dataset.phase;
    if (!window.firstLoss && phase !== 'live' && main.dataset.stale === 'true')
      window.firstLoss = read();
  }};
  new MutationObserver(look).observe(document.body, {{attributes: true, subtree: true}});
}}"""


@dataclass(slots=True)
class Watched:
    """A page and everything that went wrong in it."""

    page: Page
    problems: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Keep errors; a lost server and a missing login are part of the tests."""
        expected = ("ERR_CONNECTION", "WebSocket connection", "status of 401", "ERR_EMPTY")
        if message.type == "error" and not any(word in message.text for word in expected):
            self.problems.append(message.text)


@contextmanager
def browser(**context: Any) -> Iterator[Watched]:
    """Open a page of a new headless browser."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        how = {"viewport": {"width": 1440, "height": 900}, "timezone_id": "UTC", **context}
        page = opened.new_context(**how).new_page()
        watched = Watched(page)
        page.on("console", lambda message: watched.hear(message))  # noqa: PLW0108 - it marks methods
        page.on("pageerror", lambda error: watched.problems.append(str(error)))
        try:
            yield watched
        finally:
            opened.close()


def enter(page: Page, product: Product, place: str = "") -> None:
    """Log in by a one-use ticket and wait until the page is live."""
    url = product.address().url
    status, ticket = product.ask("POST", "/session/ticket", {})
    assert status == 201, ticket
    page.goto(url + ticket["url"])
    if place:
        page.goto(f"{url}/ui/{place}")
    page.wait_for_selector("[data-testid=connection][data-phase=live]")
    page.wait_for_selector("[data-testid=main] [data-agent]")


def read(page: Page) -> Doc:
    """Return everything that the page shows, read in one moment."""
    shown: Doc = page.evaluate(_READ)
    return shown


def record_loss(page: Page) -> None:
    """From now on the page itself keeps what it shows when it first notices a lost server."""
    page.evaluate(_RECORD)


def first_loss(page: Page) -> Doc:
    """Return what the page showed when it noticed that the server was gone."""
    found: Doc = wait_until(lambda: page.evaluate("window.firstLoss"), what="the page's notice")
    return found


def differences(wanted: Any, shown: Any, now: int, place: str = "") -> Iterator[str]:
    """Name every place in which the page differs; `now`: the page's clock when it was read."""
    if isinstance(wanted, Running):
        if not _ticks(wanted, shown, now):
            yield f"{place}: running since {now - wanted.since} ms, shown {shown!r}"
    elif isinstance(wanted, dict) and isinstance(shown, dict):
        for name in sorted(wanted.keys() | shown.keys()):
            yield from differences(wanted.get(name), shown.get(name), now, f"{place}.{name}")
    elif isinstance(wanted, list) and isinstance(shown, list) and len(wanted) == len(shown):
        for number, (one, other) in enumerate(zip(wanted, shown, strict=True)):
            yield from differences(one, other, now, f"{place}[{number}]")
    elif wanted != shown:
        yield f"{place}: the API says {wanted!r}, the page shows {shown!r}"


def _ticks(wanted: Running, shown: object, now: int) -> bool:
    if not isinstance(shown, str):
        return False
    try:
        seconds = sum(seconds_of(part) for part in shown.split())
    except ValueError:
        return False
    # Minutes and hours are cut, so what is shown is never ahead by more than a moment.
    coarse = 60_000 if "h" in shown else 1_000
    return -TICK_MS < now - wanted.since - seconds * 1000 < TICK_MS + coarse


def compare(wanted: Doc, shown: Doc, now: int | None = None) -> list[str]:
    """Return every difference between what the API says and what the page shows."""
    relevant = {name: shown.get(name) for name in wanted}
    return list(differences(wanted, relevant, shown["now"] if now is None else now))


def agrees(page: Page, want: Callable[[], Doc], *, timeout: float = 10.0) -> Doc:
    """Wait until the page shows what the API says; the API must say the same before and after."""
    last: list[Sequence[str]] = [["never compared"]]

    def probe() -> Doc | None:
        before = want()
        shown = read(page)
        last[0] = [*compare(before, shown)] or (
            ["the API's answer changed meanwhile"] if want() != before else []
        )
        return None if last[0] else before

    try:
        return wait_until(probe, timeout=timeout, what="page and API to agree", every=0.1)
    except AssertionError:
        raise AssertionError("the page differs:\n" + "\n".join(last[0])) from None
