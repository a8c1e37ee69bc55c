"""What limits of accounts make of tasks and steps: parked, moved with the clock, due again."""

from tests.unit.core.stand import Stand
from tests.unit.core.test_accounts import HOUR, REFUSED, begin, limit, prompt
from tests.unit.core.test_execution_desk import workflow


def play_limits(stand: Stand) -> None:
    """Let each of it happen once; afterwards nothing waits."""
    stand.scheduler.tick()
    parked = stand.end(begin(stand, prompt(stand)), limit(after_ms=HOUR))
    stand.clock.jump(60_000)
    stand.scheduler.tick()
    stand.clock.advance(stand.task(parked.id).not_before - stand.clock.now())
    stand.scheduler.tick()
    stand.end(begin(stand, parked))
    step = {"id": "a", "agent": "claude", "prompt": "do it"}
    flow = stand.engine.execute(workflow(step))
    stand.end(begin(stand, stand.step_task(flow, "a")), limit(at=stand.clock.now() + HOUR))
    assert stand.execution(flow).steps["a"].reason == "parked"
    stand.accounts.reset("account:a", actor="me")
    stand.end(begin(stand, stand.step_task(flow, "a")))
    stand.end(begin(stand, prompt(stand)), REFUSED)
    stand.accounts.reset("account:a", actor="me")
