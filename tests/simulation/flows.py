"""Random workflows as people write them: plain data for the real compiler.

A new kind of step is one more entry of KINDS.
"""

import random
from collections.abc import Callable
from typing import Any

Data = dict[str, Any]
INPUTS = {
    "yes": {"type": "boolean", "default": True},
    "no": {"type": "boolean", "default": False},
    "env": {"type": "string", "default": "prod"},
}
CHILD: Data = {
    "name": "sub",
    "on_failure": "compensate",
    "steps": [
        {"id": "p", "agent": "master", "run": "x", "compensate": {"run": "undo"}},
        {"id": "q", "agent": "testing", "run": "x", "depends_on": ["p"]},
    ],
}
"""The sub-workflow that steps may start; it is stored under its name."""


GATED = ("ask-me", "ask-hard", "count-down", "no-way")
"""Commands that the policy of the simulation holds up or refuses (`asking.POLICY`)."""


def gated(chance: random.Random, plain: str) -> str:
    """Return a command, now and then one that is held up."""
    return chance.choice(GATED) if chance.random() < 0.12 else plain


def flow(chance: random.Random) -> Data:
    """Return a random workflow of one to seven steps."""
    names = [f"s{n}" for n in range(chance.choice([1, 2, 3, 3, 4, 5, 7]))]
    steps = [_step(chance, name, names[:n]) for n, name in enumerate(names)]
    _choose(chance, steps)
    if chance.random() < 0.12:  # many tasks want the same
        for step in steps:
            if "agent" in step and chance.random() < 0.7:
                step["lock"] = "the-lock"
    chance.shuffle(steps)
    made: Data = {
        "name": "sim",
        "inputs": INPUTS,
        "on_failure": chance.choice(["fail", "compensate", "compensate", "continue", "pause"]),
        "on_cancel": chance.choice(["stop", "compensate"]),
        "steps": steps,
    }
    if chance.random() < 0.3:
        made["compensation"] = {"order": "parallel"}
    if chance.random() < 0.1:
        made["compensation"] = {"timeout": "8s"}
    if chance.random() < 0.15:
        policy = chance.choice(["queue", "cancel_running", "cancel_new", "skip"])
        made["concurrency"] = {"key": "k-${{ inputs.env }}", "limit": 1, "on_conflict": policy}
    if chance.random() < 0.1:
        made["timeout"] = "40s"
    return made


def _choose(chance: random.Random, steps: list[Data]) -> None:
    """Let each switch choose among the steps that depend on it; without any it says an event."""
    for step in steps:
        if step.get("type") == "switch":
            after = [one["id"] for one in steps if step["id"] in one.get("depends_on", ())]
            condition = chance.choice(["inputs.yes", "inputs.no"])
            if after:
                some = sorted(chance.sample(after, chance.randint(1, len(after))))
                rest = [name for name in after if name not in some]
                cases: list[Data] = [{"if": f"${{{{ {condition} }}}}", "then": some}]
                step["switch"] = [*cases, *([{"then": rest}] if rest else [])]
            else:
                step.update(_emit(chance))
        asked = step.get("approval")
        if asked and asked.get("on_reject") == "rewind":
            if "depends_on" in step:
                asked["rewind_to"] = step["depends_on"][0]
            else:
                del asked["on_reject"]


def _step(chance: random.Random, name: str, before: list[str]) -> Data:
    kind = chance.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
    made: Data = {"id": name, **KINDS[kind][1](chance)}
    if before and (count := chance.choice([0, 1, 1, 2, 3])):
        made["depends_on"] = sorted(chance.sample(before, min(len(before), count)))
    made["when"] = chance.choice(["success"] * 8 + ["failure", "always", "cancelled"])
    conditions = [None] * 8 + ["success()", "failure()", "always()", "inputs.yes", "inputs.no"]
    if (condition := chance.choice(conditions)) is not None:
        made["if"] = f"${{{{ {condition} }}}}"
    return made


def _task(chance: random.Random) -> Data:
    made: Data = {"agent": chance.choice(["master", "master", "testing", "deployment"])}
    if chance.random() < 0.2:
        made["action"] = chance.choice(["noop", "setup_database"])
    else:
        made["run"] = gated(chance, "x")
    if chance.random() < 0.55:
        on = chance.choice(["succeeded", "attempted"])
        undo = "ask-me" if chance.random() < 0.04 else "undo"
        made["compensate"] = {"run": undo, "on": on}
    if chance.random() < 0.08:
        made["cache"] = chance.choice([{"key": "c"}, {"key": "c", "ttl": "5s"}])
    if chance.random() < 0.4:
        attempts = chance.choice([1, 2, 3])
        made["retry"] = {"max_attempts": attempts, "delay": "1s", "jitter": 0}
    if chance.random() < 0.15:
        made["gates"] = ["true"]
    if chance.random() < 0.3:
        made["idempotent"] = True
    if chance.random() < 0.1:
        made["lock"] = "the-lock"
    if chance.random() < 0.1:
        made["timeout"] = chance.choice([{"run": "3s"}, {"start": "4s"}, {"total": "9s"}])
    return made


def _many(chance: random.Random) -> Data:
    count = chance.choice([0, 1, 2, 3])
    most = chance.choice([None, 1, 2])
    fail_fast = chance.random() < 0.5
    if chance.random() < 0.5:
        many: Data = {"fail_fast": fail_fast, **({"max_parallel": most} if most else {})}
        return {**_task(chance), "matrix": {"x": list(range(max(1, count))), **many}}
    each: Data = {"items": list(range(count)), "fail_fast": fail_fast}
    return {**_task(chance), "foreach": each | ({"max_parallel": most} if most else {})}


def _wait(chance: random.Random) -> Data:
    how = chance.choice([{"signal": "go"}, {"for": "2s"}, {"for": "5s", "or_signal": "go"}])
    return {"type": "wait", "wait": dict(how)}


def _heard(_chance: random.Random) -> Data:
    return {"type": "wait", "wait": {"event": "told"}}


def _emit(_chance: random.Random) -> Data:
    return {"type": "emit", "emit": {"type": "told", "data": {"ok": "${{ inputs.yes }}"}}}


def _sub(chance: random.Random) -> Data:
    return {"workflow": "sub", **({"foreach": [1, 2]} if chance.random() < 0.2 else {})}


def _approval(chance: random.Random) -> Data:
    asked: Data = {"mode": chance.choice(["manual"] * 6 + ["auto", "reject"])}
    if chance.random() < 0.5:
        asked["on_reject"] = chance.choice(["fail", "compensate", "rewind", "skip"])
    if chance.random() < 0.4:
        asked["expires"] = "15s"
        asked["on_expire"] = chance.choice(["approve", "reject", "escalate"])
    if chance.random() < 0.2:
        asked["quorum"] = 2
    return {"type": "approval", "approval": asked}


def _switch(_chance: random.Random) -> Data:
    return {"type": "switch"}


KINDS: dict[str, tuple[int, Callable[[random.Random], Data]]] = {
    "task": (60, _task),
    "many": (14, _many),
    "wait": (7, _wait),
    "heard": (2, _heard),
    "emit": (4, _emit),
    "sub": (6, _sub),
    "approval": (7, _approval),
    "switch": (5, _switch),
}
"""How often each kind of step is drawn, and how it is made."""
