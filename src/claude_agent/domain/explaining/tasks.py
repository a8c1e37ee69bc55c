"""Why a task waits: by its state, its lock, its queue and the slots."""

from collections.abc import Callable, Mapping

from claude_agent.domain.breaker import BreakerState
from claude_agent.domain.duration import format_duration
from claude_agent.domain.explaining.reasons import Around, Queue, Reason, listed, time_left
from claude_agent.domain.states import TaskState
from claude_agent.domain.task import HOST_UNREACHABLE, Task

_T = TaskState


def task_reasons(task: Task, around: Around) -> list[Reason]:
    """Return why a task is not over; nothing for one that has ended."""
    if task.terminal:
        return []
    if task.cancel_requested and task.state not in (_T.HELD, _T.SCHEDULED, _T.READY):
        text = f"It is being stopped: {task.cancel_requested}."
        return [Reason(code="stopping", text=text, command=f"claude-agent task logs {task.ref}")]
    return _OF_STATES[task.state](task, around)


def _held(task: Task, around: Around) -> list[Reason]:
    found = []
    if task.waits_for:
        refs = tuple(task.waits_for.values())
        text = (
            f"It waits for {'task' if len(refs) == 1 else 'the tasks'} {listed(refs)} to succeed."
        )
        command = f"claude-agent task explain {refs[0]}"
        found.append(Reason(code="dependency", text=text, about=refs, command=command))
    asked = not task.waits_for or task.id in around.approvals
    return [*found, *(_approval(task, around) if asked else ())]


def _approval(task: Task, around: Around) -> list[Reason]:
    approval = around.approvals.get(task.id)
    if approval is None:
        return [Reason(code="approval", text="Somebody must approve it.")]
    text = f"Approval {approval} is not decided."
    command = f"claude-agent approval approve {approval}"
    return [Reason(code="approval", text=text, about=(approval,), command=command)]


def _scheduled(task: Task, around: Around) -> list[Reason]:
    when = time_left(task.not_before, around.at)
    if task.parked:
        return [_parked(task, when)]
    if task.attempt or task.deliveries:
        most = task.spec.retry.max_attempts
        why = str((task.error or {}).get("message") or task.reason or "the attempt failed")
        code = "backoff"
        text = f"Attempt {task.attempt} of {most} failed ({why[:200]}); the next one is {when}."
    else:
        code, text = "delay", f"It was asked for later: it is due {when}."
    return [Reason(code=code, text=text, until=task.not_before)]


def _parked(task: Task, when: str) -> Reason:
    account = str(task.parked["account"])
    name = f"account:{account}"
    what = LIMITS.get(str(task.parked["kind"]), "is limited")
    whose = f"The account {account} {what}" if account else f"Its own account {what}"
    return Reason(
        code="parked",
        text=f"{whose} ({task.reason[:200]}); it goes on {when}, and no attempt is used.",
        about=(name,) if account else (),
        command=f"claude-agent breaker reset {name}" if account else "",
        until=task.not_before,
    )


LIMITS = {
    "rate": "has reached its usage limit",
    "auth": "is not let in",
    "billing": "is not paid for",
}


def _ready(task: Task, around: Around) -> list[Reason]:
    found = [*_lock(task, around), *_breaker(task, around), *_account(task, around)]
    queue = around.queues.get(task.id)
    if queue is not None:
        found += _queue(queue)
    if not found:
        found.append(Reason(code="next", text="Nothing stands in its way: it starts at once."))
    return found


def _lock(task: Task, around: Around) -> list[Reason]:
    name = task.spec.lock
    holder = around.holders.get(name) if name else None
    if holder == task.ref or not name:
        return []
    if holder is not None:
        text = f"Task {holder} holds the lock {name}."
        command = f"claude-agent task explain {holder}"
        return [Reason(code="lock", text=text, about=(name, holder), command=command)]
    first = around.first.get(name)
    if first is None or first == task.ref:
        return []
    text = f"Task {first} was submitted earlier and gets the lock {name} first."
    return [Reason(code="lock", text=text, about=(name, first))]


def _breaker(task: Task, around: Around) -> list[Reason]:
    agent = task.spec.agent
    one = around.breakers.get(agent)
    if one is None or (one.state == BreakerState.HALF_OPEN and one.probe in ("", task.id)):
        return []
    command = f"claude-agent breaker reset {one.name}"
    why = f" ({one.reason[:200]})" if one.reason else ""
    if one.state == BreakerState.OPEN:
        text = (
            f"{agent} is left alone after {one.failures} failures in a row{why}; "
            f"it is tried again {time_left(one.until, around.at)}."
        )
        return [Reason(code="breaker", text=text, about=(agent,), command=command, until=one.until)]
    text = f"{agent} is being tried with another task after its failures{why}."
    return [Reason(code="breaker", text=text, about=(agent,), command=command)]


def _account(task: Task, around: Around) -> list[Reason]:
    limit = around.limits.get(task.spec.agent) if task.spec.kind == "prompt" else None
    if limit is None or limit.breaker.probe == task.id:
        return []
    one = limit.breaker
    name, account = (one.name,), one.name.removeprefix("account:")
    if limit.next_at is not None:
        when = time_left(limit.next_at, around.at)
        text = f"The agents of the account {account} start at a distance; the next one {when}."
        return [Reason(code="launches", text=text, about=name, until=limit.next_at)]
    command = f"claude-agent breaker reset {one.name}"
    why = f" ({one.reason[:200]})" if one.reason else ""
    code = "usage_limit" if one.kind == "rate" else "breaker"
    if one.state == BreakerState.OPEN:
        what = LIMITS.get(one.kind, f"is left alone after {one.failures} failures in a row")
        when = time_left(one.until, around.at)
        text = f"The account {account} {what}{why}; it is tried again {when}."
        return [Reason(code=code, text=text, about=name, command=command, until=one.until)]
    text = f"The account {account} is being tried with another task{why}."
    return [Reason(code=code, text=text, about=name, command=command)]


def _queue(queue: Queue) -> list[Reason]:
    about = (queue.name,)
    found = []
    if queue.paused:
        command = f"claude-agent queue resume {queue.name}"
        text = f"The queue {queue.name} is paused."
        found.append(Reason(code="queue_paused", text=text, about=about, command=command))
    if queue.running >= queue.most:
        text = f"The queue {queue.name} runs {queue.running} of at most {queue.most} tasks."
        command = f"claude-agent queue limit {queue.name} {queue.most + 1}"
        found.append(Reason(code="queue_limit", text=text, about=about, command=command))
    if not queue.slots:
        text = f"No worker serves the queue {queue.name}."
        command = "claude-agent worker"
        found.append(Reason(code="no_worker", text=text, about=about, command=command))
    elif not queue.free:
        text = f"All {queue.slots} slots that serve the queue {queue.name} are busy."
        command = "claude-agent status"
        found.append(Reason(code="no_slot", text=text, about=about, command=command))
    if found and queue.ahead:
        text = f"{queue.ahead} ready tasks of the queue come first."
        found.append(Reason(code="line", text=text, about=about))
    return found


def _running(task: Task, around: Around) -> list[Reason]:
    if task.taken_over:
        by = str(task.takeover["by"])
        text = f"{by} has taken it over and goes on in the agent's conversation; no time runs out."
        command = f"claude-agent task handback {task.ref}"
        return [Reason(code="taken_over", text=text, about=(by,), command=command)]
    about, command = (task.spec.agent,), f"claude-agent task logs --follow {task.ref}"
    if task.attempt_started_at is None:
        text = f"{task.spec.agent} is about to begin it."
        return [Reason(code="starting", text=text, about=about, command=command)]
    asked = around.questions.get(task.id)
    if asked is not None:
        ref, what = asked
        code = "needs_approval" if what == "permission" else "needs_input"
        verb = "allow" if what == "permission" else "answer"
        text = f"{task.spec.agent} asks and waits for somebody to {verb} it: question {ref}."
        command = f"claude-agent question show {ref}"
        return [Reason(code=code, text=text, about=(task.spec.agent, ref), command=command)]
    most = task.spec.retry.max_attempts
    text = f"{task.spec.agent} works on it, attempt {task.attempt} of {most}."
    since = around.quiet.get(task.id)
    if since is not None:
        ago = format_duration((around.at - since) // 1_000 * 1_000)
        text = f"{task.spec.agent} works on it (attempt {task.attempt} of {most}) but has printed"
        text += f" nothing for {ago}: it may be stuck. Nothing is stopped by that."
        return [Reason(code="stuck", text=text, about=about, command=command)]
    until = task.deadline_at
    if until is not None:
        text = f"{text[:-1]}; its time runs out {time_left(until, around.at)}."
    return [Reason(code="running", text=text, about=about, command=command, until=until)]


def _verifying(task: Task, _around: Around) -> list[Reason]:
    names = tuple(str(gate.get("name") or gate.get("run")) for gate in task.spec.gates)
    text = f"Its run ended well; gates are checked: {', '.join(names)[:200] or 'none'}."
    return [Reason(code="verifying", text=text, about=names)]


def _uncertain(task: Task, _around: Around) -> list[Reason]:
    if task.reason == HOST_UNREACHABLE:
        text = f"Its host {task.host} cannot be reached; whether its run has ended is unproved."
        command = f"claude-agent host lost {task.host}"
        return [Reason(code="uncertain", text=text, about=(task.host,), command=command)]
    if task.reaped_run < task.run:
        text = f"It is being proved that run {task.run} has ended: nothing of it may live on."
        return [Reason(code="uncertain", text=text)]
    way, command = task.spec.when_uncertain, ""
    text = f"Run {task.run} is proved ended, but not how: "
    match way:
        case "verify":
            text += f"its probe is asked: {task.spec.verify[:200]}"
        case "ask":
            text += "a person must say."
            command = f"claude-agent task resolve {task.ref} succeeded|retry|failed"
        case _:
            text += "its rule says that it failed." if way == "fail" else "it is tried again."
    return [Reason(code="uncertain", text=text, command=command)]


_OF_STATES: Mapping[TaskState, Callable[[Task, Around], list[Reason]]] = {
    _T.HELD: _held,
    _T.SCHEDULED: _scheduled,
    _T.READY: _ready,
    _T.RUNNING: _running,
    _T.VERIFYING: _verifying,
    _T.UNCERTAIN: _uncertain,
}
