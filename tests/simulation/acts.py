"""Everything that can happen in a world: people, workers, runs, crashes, time.

A new command or news of the product is one more function with `@act(how often)`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from claude_agent.core.second_chances import Chance, SecondChances
from claude_agent.domain.deciding.news import Signalled
from claude_agent.domain.task import Task
from claude_agent.errors import Conflict, FencedOut
from tests.simulation import limits
from tests.simulation.flows import flow, gated
from tests.simulation.world import Server, World
from tests.unit.core.stand import NO

T = TypeVar("T")
Act = Callable[[World, Server], object]
ACTS: dict[str, tuple[int, Act]] = {}
AGENTS = ("master", "testing", "deployment", "database")


def act(weight: int) -> Callable[[Act], Act]:
    """Let this be drawn so often."""

    def put(one: Act) -> Act:
        ACTS[one.__name__] = (weight, one)
        return one

    return put


def pick(world: World, found: list[T]) -> T | None:
    return world.chance.choice(found) if found else None


def ref(task: Task) -> str:
    return f"{task.ref}.{task.run}"


# People -------------------------------------------------------------------------------------


@act(3)
def execute(world: World, one: Server) -> None:
    made = flow(world.chance)
    found = world.call(one, f"executes {made}", lambda: one.engine.execute(made))
    if found:
        world.accepted[found] = "execution"
        world.executions.append(found)


@act(3)
def submit(world: World, one: Server) -> None:
    chance = world.chance
    given: dict[str, Any] = {
        "run": gated(chance, "true"),
        "priority": chance.choice(["LOW", "NORMAL", "EMERGENCY"]),
        "retry": {"max_attempts": chance.choice([1, 2, 3]), "delay": 1, "jitter": 0},
    }
    if chance.random() < 0.3:
        given["gates"] = ["true"]
    if chance.random() < 0.4:
        hurry = {"timeout": {"start": "4s"}}
        lock = {"lock": "the-lock"}
        given |= chance.choice([{"delay": 3}, {"timeout": 4}, hurry, lock, lock])
    who = chance.choice(AGENTS)
    found = world.call(one, f"submits to {who}", lambda: one.bus.publish_task(who, given))
    if found:
        world.accepted[found] = "task"


@act(1)
def cancel_task(world: World, one: Server) -> None:
    tasks = [name for name, kind in world.accepted.items() if kind == "task"]
    if (name := pick(world, tasks)) is not None:
        order = one.orders.cancel
        world.call(one, "cancels a task", lambda: order(name, reason="no", actor="me"))


@act(1)
def cancel_execution(world: World, one: Server) -> None:
    if (name := pick(world, world.executions)) is not None:
        how = world.chance.choice([None, True, False])
        cancel = one.engine.cancel
        world.call(
            one,
            f"cancels an execution, compensate={how}",
            lambda: cancel(name, compensate=how, actor="me", reason="no"),
        )


def send(world: World, one: Server, name: str, message_id: str = "") -> None:
    news = Signalled(name="go", data={"n": 1}, source="me", message_id=message_id)
    context = one.desk.context("me")
    links = one.links
    world.call(
        one,
        "passes on a signal",
        lambda: one.database.write(lambda tx: links.signals.send(tx, name, news, context)),
    )


@act(2)
def signal(world: World, one: Server) -> None:
    if (name := pick(world, world.executions)) is not None:
        send(world, one, name, world.chance.choice(["", "1"]))


@act(1)
def tell(world: World, one: Server) -> None:
    world.call(one, "tells everybody", lambda: one.bus.broadcast_event("told", {"ok": True}))


@act(2)
def letters(world: World, one: Server) -> None:
    rows = one.disk_rows("SELECT id FROM tasks WHERE state = 'dead' AND purpose = 'task'")
    if (name := pick(world, [row["id"] for row in rows])) is None:
        return
    context = one.desk.context("me")
    letter = ("task", name)
    if world.chance.random() < 0.7:
        how = "re-drives"
        do: Callable[[Any], object] = lambda tx: one.letters.redrive(tx, letter, context)  # noqa: E731
    else:
        how = "discards"
        do = lambda tx: one.letters.discard(tx, letter, context, reason="no")  # noqa: E731
    world.call(one, f"{how} a letter", lambda: one.database.write(do))


# Workers ------------------------------------------------------------------------------------


@act(10)
def claim(world: World, one: Server) -> None:
    found = world.call(one, "claims", one.claims.claim)
    for task in found or ():
        world.run_of(task)
        world.follow(one, task)


@act(14)
def start(world: World, one: Server) -> None:
    waiting = [
        t for t in one.follows.values() if t.state == "running" and t.attempt_started_at is None
    ]
    waiting = [t for t in waiting if world.run_of(t).state == "made"]
    if (task := pick(world, waiting)) is None:
        return
    after = guarded(world, one, task, "starts", lambda: one.start(task))
    if after is None or after.state != "running":
        return
    if world.chance.random() < 0.06:
        world.kill(one, "before the shim began")
        return
    world.begin(world.run_of(after))


@act(14)
def run_ends(world: World, _one: Server) -> None:
    if (run := pick(world, [r for r in world.runs.values() if r.state == "alive"])) is not None:
        run.state, run.ok = "ended", world.chance.random() < 0.75
        limits.meet(world, run)
        world.say(f"run {ref(run.task)} ends {'well' if run.ok else run.met or 'badly'}")


@act(1)
def shim_dies(world: World, _one: Server) -> None:
    run = pick(world, [run for run in world.runs.values() if run.state == "alive"])
    if run is not None:
        run.state = "orphaned"
        world.say(f"the shim of {ref(run.task)} dies, its command lives")


@act(16)
def notice(world: World, one: Server) -> None:
    """A server looks at one of the runs it follows."""
    if (task := pick(world, [t for t in one.follows.values() if t.run])) is not None:
        settle(world, one, task)


def settle(world: World, one: Server, task: Task) -> None:
    """Bring a task on as far as its run allows it, as recovery does."""
    run = world.run_of(task)
    if task.state == "verifying":
        failure = None if world.chance.random() < 0.8 else NO
        end = one.control.gates_ended
        guarded(world, one, task, "ends gates", lambda: end(task.id, task.fence, failure, ("E1",)))
    elif task.state == "uncertain":
        settle_uncertain(world, one, task)
    elif run.state == "ended":
        failure = limits.failure(world, run)
        guarded(world, one, task, "ends", lambda: one.end(task, failure, n=1))
    elif run.state in ("orphaned", "reaped"):
        lost = one.control.lost
        guarded(world, one, task, "loses", lambda: lost(task.id, task.fence, "gone"))
    elif run.state == "sealed":
        guarded(world, one, task, "releases", lambda: one.control.release(task, "sealed"))


def settle_uncertain(world: World, one: Server, task: Task) -> None:
    run = world.run_of(task)
    if task.reaped_run == task.run:
        if task.spec.idempotent or task.cancel_requested or run.state == "sealed":
            outcome = "failed" if task.cancel_requested else "retry"
            resolve = one.control.resolve
            guarded(world, one, task, "decides", lambda: resolve(task, outcome, how="rule"))
        return
    if run.state == "made":
        run.state = "sealed"
    if run.state != "sealed":
        run.state = "reaped"
    guarded(world, one, task, "reaps", lambda: one.control.reaped(task.id, task.fence, 0))


@act(2)
def answer(world: World, one: Server) -> None:
    """A person says what happened in an uncertain run, also before it is proved ended."""
    tasks = [task for each in world.servers for task in each.follows.values()]
    task = pick(world, [task for task in tasks if task.state == "uncertain"])
    if task is None:
        return
    outcome = world.chance.choice(["succeeded", "retry", "failed"])
    order = one.orders.answer
    world.call(one, f"is told {ref(task)} {outcome}", lambda: order(task.id, outcome, "", "me"))
    look_again(world, task.id)


def look_again(world: World, task_id: str) -> None:
    """Whoever follows a task sees what others decided of it."""
    for each in world.servers:
        if task_id in each.follows:
            world.follow(each, each.task(task_id))


# Crashes ------------------------------------------------------------------------------------


@act(2)
def killed(world: World, one: Server) -> None:
    world.kill(one)


@act(2)
def another(world: World, _one: Server) -> None:
    if world.shared and len(world.servers) < 3:
        world.up()


@act(5)
def adopt(world: World, one: Server) -> None:
    """Look who is gone, and take over what they drove."""
    world.call(one, "looks around", one.hosts.look)
    if one not in world.servers:
        return
    for task in one.control.orphans():
        if one not in world.servers:
            return
        if task.id in one.follows and one.follows[task.id].fence == task.fence:
            continue
        run = world.run_of(task)
        if run.state == "made":
            run.state = "sealed"
        alive = run.state in ("alive", "ended")
        took = guarded(
            world, one, task, "adopts", lambda t=task, a=alive: one.control.adopt(t, alive=a)
        )
        if took is not None:
            assert took.fence == task.fence + 1
            assert took.run == task.run
            if took.state == "verifying":  # they were reaped: they are repeatable
                restart_gates(world, one, took)


def restart_gates(world: World, one: Server, task: Task) -> None:
    guarded(world, one, task, "restarts gates", lambda: one.control.restart_gates(task))


@act(2)
def speak_late(world: World, one: Server) -> None:
    """An owner that lost its task speaks of it: nobody listens (I4)."""
    if (task := pick(world, world.stale)) is None:
        return
    now = one.task(task.id)
    if now.fence == task.fence:
        return
    before = one.rows("log.head")
    world.disk.fault = None
    try:
        one.end(task, None)
    except (FencedOut, Conflict):
        assert one.rows("log.head") == before
    else:
        msg = f"I4: the lost owner (fence {task.fence}) of {ref(task)} changed it"
        raise AssertionError(msg)


def guarded(
    world: World, one: Server, task: Task, what: str, work: Callable[[], Task]
) -> Task | None:
    """Let a server do something with a task that it drives; it learns where it does not."""
    if one not in world.servers:
        return None
    after: Task | None = world.call(one, f"{what} {ref(task)}", work)
    if one not in world.servers:
        return None
    if after is None:
        after = one.task(task.id)
        if after.fence != task.fence:
            world.lose(one, task)
        else:
            world.follow(one, after)
        return None
    return world.follow(one, after)


# Time ---------------------------------------------------------------------------------------


@act(10)
def tick(world: World, one: Server) -> None:
    world.clock.advance(world.chance.choice([1, 500, 1_000, 3_000, 6_000]))
    world.call(one, "ticks", one.scheduler.tick)
    refresh(world)


@act(1)
def jump(world: World, one: Server) -> None:
    milliseconds = world.chance.choice([-3_600_000, 3_600_000])
    world.clock.jump(milliseconds)
    world.say(f"the clock jumps by {milliseconds} ms")
    for each in list(world.servers):
        if world.chance.random() < 0.3:
            world.kill(each, "before it sees that")
        else:
            world.call(each, "follows the clock", each.scheduler.tick)
    for each in list(world.servers):  # one of them may lead only since the other died
        world.call(each, "follows the clock", each.scheduler.tick)
    refresh(world)


@act(5)
def deliver(world: World, one: Server) -> None:
    world.call(one, "delivers", one.links.orchestrator.drain)
    refresh(world)


def refresh(world: World) -> None:
    """Let every server see what became of its tasks (as its followers of runs do)."""
    for each in world.servers:
        for task in list(each.follows.values()):
            now = each.task(task.id)
            if now.fence != task.fence:
                world.lose(each, task)
            else:
                world.follow(each, now)


# Second chances -----------------------------------------------------------------------------

CHANCES: dict[str, dict[str, Any]] = {
    "pause": {},
    "resume": {},
    "retry": {},
    "rewind": {"feedback": "do it otherwise"},
    "skip": {},
    "set_output": {"outputs": {"n": 5}},
    "compensate": {},
    "fork": {},
}
"""What people may ask of an execution, each with what it takes."""


def ask(world: World, one: Server, name: str, what: str, step: str = "") -> object:
    chances = SecondChances(one.executions, one.desk, one.engine)
    asked = Chance(ref=name, actor="me", step=step)
    given = CHANCES[what]
    return world.call(
        one,
        f"is asked for {what} of {one.execution(name).ref} {step}",
        lambda: one.database.write(lambda tx: getattr(chances, what)(tx, asked, **given)),
    )


@act(5)
def second_chance(world: World, one: Server) -> None:
    if (name := pick(world, world.executions)) is None:
        return
    what = world.chance.choice(sorted(CHANCES))
    stuck = one.disk_rows("SELECT id FROM executions WHERE state = 'compensation_failed'")
    if stuck and world.chance.random() < 0.6:
        ask(world, one, stuck[0]["id"], "resume")
        return
    whole = [""] if what not in ("rewind", "skip", "set_output") else []
    step = world.chance.choice([*whole, *one.execution(name).steps])
    found = ask(world, one, name, what, step)
    if found and what == "fork":
        world.accepted[str(found)] = "execution"
        world.executions.append(str(found))
