"""One history: acts in a drawn order, then everything comes to its end, then what must hold."""

import sys

from claude_agent.domain.task import Task
from tests.simulation import acts, asking, limits
from tests.simulation.checks import check
from tests.simulation.world import Server, World

ROUNDS = 60
"""From wherever it stands everything must have ended after so many."""

LIMITED = 4
"""In one of so many histories agents have accounts with limits; the others are as they were."""
AGAIN = ("second_chance", "second_chance", "letters")
"""What people do, now and then, once everything has ended."""


def play(seed: int) -> World:
    """Play one history and check it; a failure tells the seed and what happened."""
    world = World(seed, asking.POLICY)
    try:
        _go(world)
        settle(world)
        check(world)
    finally:
        error = sys.exc_info()[1]
        if error is not None:
            told = "\n".join(world.lines[-120:])
            error.add_note(f"{told}\nseed {seed}: tests.simulation.play.play({seed})")
        world.close()
    return world


def _go(world: World) -> None:
    chance = world.chance
    drawn = {name: weight for name, (weight, _) in acts.ACTS.items()}
    if world.seed % LIMITED != LIMITED - 1:
        drawn = {name: drawn[name] for name in drawn if name not in limits.ACTS}
    names, weights = list(drawn), list(drawn.values())
    acts.execute(world, world.servers[0])
    for name in chance.choices(names, weights, k=chance.choice([20, 40, 60, 90])):
        if not world.servers:
            world.disk.fault = None
            world.up()
        world.arm()
        acts.ACTS[name][1](world, chance.choice(world.servers))
    world.disk.fault = None


def settle(world: World) -> None:
    """No more faults: one server brings everything to its end, or something hangs (I2)."""
    one = world.servers[0] if world.servers else world.up()
    for other in world.servers[1:]:
        world.kill(other)
    to_the_end(world, one)
    for _ in range(world.chance.choice([0, 0, 0, 1, 2])):
        for name in world.chance.choices(AGAIN, k=4):
            acts.ACTS[name][1](world, one)
        to_the_end(world, one)


def to_the_end(world: World, one: Server) -> None:
    """Bring everything on until nothing is left to be done."""
    world.say("everything comes to its end")
    for _ in range(ROUNDS):
        bring_on(world, one)
        if not unended(one):
            return
    msg = f"I2: it never ends: {unended(one)}"
    raise AssertionError(msg)


def bring_on(world: World, one: Server) -> None:
    """Do everything once that servers and people do."""
    world.clock.advance(10_000)
    acts.adopt(world, one)
    one.scheduler.tick()
    for name in asking.open_approvals(one):
        asking.decide(world, one, name, yes=world.chance.random() < 0.8)
    limits.check(one)
    limits.reset(world, one)
    acts.refresh(world)
    acts.claim(world, one)
    for task in list(one.follows.values()):
        bring_on_run(world, one, task)
    for state in ("waiting", "running", "failing", "cancelling"):
        for execution in among(one, state):
            acts.send(world, one, execution)
    for execution in among(one, "paused"):
        acts.ask(world, one, execution, "resume")
    acts.tell(world, one)


def bring_on_run(world: World, one: Server, task: Task) -> None:
    """Start a run, let it end, and take its end."""
    run = world.run_of(task)
    if task.state == "running" and run.state == "made":
        if task.attempt_started_at is not None:
            run.state = "sealed"  # its server was killed before the shim began
        elif acts.guarded(world, one, task, "starts", lambda: one.start(task)) is None:
            return
        elif one.task(task.id).state == "running":
            world.begin(run)
    if run.state == "alive":
        run.state, run.ok = "ended", world.chance.random() < 0.9
    for _ in range(4):  # lost, reaped, decided
        if (now := one.follows.get(task.id)) is not None:
            acts.settle(world, one, now)
    if (now := one.follows.get(task.id)) is not None and now.state == "uncertain":
        one.orders.answer(now.id, "failed", "", "me")
        acts.refresh(world)


def among(one: Server, state: str) -> list[str]:
    """Return the executions that are in this state."""
    found = one.disk_rows(f"SELECT id FROM executions WHERE state = '{state}'")  # noqa: S608
    return [row["id"] for row in found]


def unended(one: Server) -> list[tuple[str, str]]:
    """Return what has not ended: refs and states."""
    ended = "('succeeded','dead','cancelled','rejected','expired','discarded')"
    tasks = one.disk_rows(f"SELECT ref, state FROM tasks WHERE state NOT IN {ended}")  # noqa: S608
    over = "('succeeded','failed','cancelled','compensated','compensation_failed')"
    runs = one.disk_rows(f"SELECT ref, state FROM executions WHERE state NOT IN {over}")  # noqa: S608
    return [(row["ref"], row["state"]) for row in tasks + runs]
