"""A campaign of random kills, and what must hold after it."""

import contextlib
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from claude_sdk.errors import ServerUnreachable
from tests.e2e.product import TERMINAL, Product, lives
from tests.waiting import wait_until

TEAM = (
    *("master", "supervisor", "backend-api", "frontend-ui"),
    *("database", "testing", "deployment", "instagram"),
)
KINDS = ("idempotent", "asks", "fails", "gated", "probed")
AT_ONCE = 200
"""How many open tasks one look asks for."""


@dataclass(slots=True, kw_only=True)
class Campaign:
    """One seeded run: submits while it kills, then waits for the end of everything."""

    product: Product
    chance: random.Random
    tasks: int
    kills: int
    accepted: dict[str, str] = field(default_factory=dict)
    """Task id to its kind."""
    killed: list[str] = field(default_factory=list)

    def body(self, number: int) -> tuple[str, dict[str, object]]:
        """Return the kind and the body of a task."""
        kind = KINDS[number % len(KINDS)]
        step = f"n{number}"
        mark = self.product.work / f"mark-{number}"
        run = f"{self.product.entry(step)}\nsleep {self.chance.uniform(0.0, 0.4):.2f}\ntouch {mark}"
        kinds: dict[str, dict[str, object]] = {
            "idempotent": {"idempotent": True},
            "asks": {},
            "fails": {"on_uncertain": "fail"},
            "gated": {"idempotent": True, "gates": [f"test -e {mark}"]},
            "probed": {"verify": f"test -e {mark}"},
        }
        body: dict[str, object] = {
            "run": run,
            "cwd": str(self.product.work),
            "agent": self.chance.choice(TEAM),
        }
        return kind, body | kinds[kind]

    def submit_all(self) -> None:
        """Submit everything, killing at random moments; each task is sent until accepted."""
        moments = sorted(self.chance.randrange(3, self.tasks) for _ in range(self.kills))
        every = [self.kill_server, self.kill_keeper, self.kill_shim, self.kill_tmux]
        plan = [*every, *self.chance.choices(every, k=self.kills)][: self.kills]
        self.chance.shuffle(plan)
        for number in range(self.tasks):
            kind, body = self.body(number)
            self.accepted[self._accepted(body, f"campaign-{number}")] = kind
            while moments and moments[0] <= number:
                moments.pop(0)
                self._strike(plan.pop())

    def _accepted(self, body: dict[str, object], key: str) -> str:
        def send() -> str | None:
            with contextlib.suppress(ServerUnreachable):
                return self.product.system.tasks.submit(body, key=key)["id"]
            self.revive()
            return None

        return wait_until(send, timeout=60, what="a task to be accepted")

    def _strike(self, kill: Callable[[], str]) -> None:
        """Kill as soon as a random number of further commands has begun."""
        target = len(self.product.entries()) + self.chance.randrange(1, 6)
        ready = min(target, len(self.accepted) - 1)
        with contextlib.suppress(AssertionError):  # nothing may be left to begin: strike anyway
            wait_until(lambda: len(self.product.entries()) >= ready, timeout=3)
        self.killed.append(kill())

    def kill_server(self) -> str:
        """kill -9 the server, if one runs just now."""
        with contextlib.suppress(AssertionError):
            self.product.kill(self.product.server)
        return "server"

    def kill_keeper(self) -> str:
        """kill -9 the keeper and, at once, `up`."""
        self.product.kill(self.product.keeper)
        self.revive()
        return "keeper"

    def kill_shim(self) -> str:
        """kill -9 the shim of some run."""
        if not (shims := self.product.shims()):
            return "no shim"
        self.product.kill(shims[self.chance.choice(sorted(shims))])
        return "shim"

    def kill_tmux(self) -> str:
        """kill -9 the tmux server, if it answers."""
        if (pid := self.product.tmux()) is None:
            return "no tmux"
        self.product.kill(pid)
        return "tmux"

    def revive(self) -> None:
        """Type `up` where there is no keeper."""
        if not lives(self.product.keeper):
            self.product.up()

    def end_all(self) -> dict[str, Any]:
        """Wait until every task is at rest, answering for the uncertain ones; return them."""
        self.revive()
        self.product.serves()
        waiting = set(self.accepted)
        ended: dict[str, Any] = {}

        def look() -> bool:
            for task_id in list(itertools.islice(sorted(waiting), AT_ONCE)):
                task = self.product.task(task_id)
                if task["state"] in TERMINAL:
                    ended[task_id] = task
                    waiting.discard(task_id)
                elif task["state"] == "uncertain" and self.accepted[task_id] == "asks":
                    self._answer(task_id)
            return not waiting

        wait_until(look, timeout=90 + self.tasks / 4, what="every task at rest", every=0.3)
        return ended

    def _answer(self, task_id: str) -> None:
        """A person looks and says what happened; too early is a conflict and asked again."""
        number = self.product.events(task_id)
        if "task.reaped" in number:
            done = self.chance.choice(("succeeded", "retry"))
            self.product.ask("POST", f"/tasks/{task_id}/resolve", {"outcome": done})


def check(campaign: Campaign, ended: dict[str, Any]) -> None:
    """Assert the invariants, and that the ledger and the log tell the same story."""
    product = campaign.product
    frames = list(product.system.events.all())
    assert [frame["pos"] for frame in frames] == list(range(1, len(frames) + 1)), "I11"
    told: dict[str, list[str]] = {}
    for frame in frames:
        told.setdefault(frame["id"].rpartition("/")[2], []).append(frame["type"])
    entries = product.entries()
    starts = Counter(line["task_id"] for line in entries)
    numbers = {line["task_id"]: line["step"].removeprefix("n") for line in entries}
    assert set(starts) <= set(campaign.accepted), "only what was accepted has run"
    for task_id, kind in campaign.accepted.items():
        counts = Counter(told[task_id])
        last = sum(counts[f"task.{state}"] for state in TERMINAL)
        assert last == 1, f"I12: {task_id} ended {last} times: {told[task_id]}"
        losses = counts["task.reaped"] + counts["task.released"] + counts["task.attempt_failed"]
        assert starts[task_id] <= 1 + losses, f"I6: {task_id} {told[task_id]}"
        task = ended[task_id]
        if task["state"] == "succeeded" and kind != "asks":
            mark = product.work / f"mark-{numbers[task_id]}"
            assert mark.exists(), f"I3: {task_id} succeeded without its effect: {told[task_id]}"
        if task["state"] == "dead":
            assert kind == "fails", f"I2: {task_id} is dead: {task['error']}, {told[task_id]}"
    assert product.verify()["starts"] >= len(campaign.accepted)


def run(product: Product, *, seed: int, tasks: int, kills: int) -> None:
    """Run a campaign on a product of its own and end it."""
    campaign = Campaign(
        product=product,
        chance=random.Random(seed),  # noqa: S311 - it must repeat
        tasks=tasks,
        kills=kills,
    )
    try:
        campaign.submit_all()
        ended = campaign.end_all()
        assert len(campaign.killed) == campaign.kills
        assert len(ended) == len(campaign.accepted) == campaign.tasks
        check(campaign, ended)
    except AssertionError as error:
        error.add_note(f"seed {seed}, killed {campaign.killed}\n{product.story()}")
        raise
    product.down("--stop-agents")
    product.is_gone()


def counts(scale: int, *, tasks: int, kills: int) -> dict[str, int]:
    """Return how much is done: 10,000 tasks and 30 kills at a scale of 10."""
    if scale == 1:
        return {"tasks": tasks, "kills": kills}
    return {"tasks": 1000 * scale, "kills": 3 * scale}
