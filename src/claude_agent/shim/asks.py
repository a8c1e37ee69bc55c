"""Questions of the agent at work: decided by the policy at once, or held until an answer comes.

Whoever waits (a hook's client on the control socket, the driver of a two-way protocol) is called
back once. Nothing is allowed by silence: a question that runs out, loses its shim or is one too
many is denied.
"""

from claude_agent.shim import codec, machine
from claude_agent.shim.journal import Journal
from claude_agent.shim.machine import monotonic
from claude_agent.shim.mask import masked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from claude_agent.shim.codec import Plain

    Decision = Plain
    Waiter = Callable[[Decision], object]

POLICY = "policy.json"
DECISIONS = {"permission": ("allow", "deny"), "question": ("answer", "deny")}
MOST_OPEN = 64
MOST_EVER = 1000
"""An agent that asks for ever is told no from here on."""
TEXT_CHARS = 4_000
INPUT_CHARS = 32_000
OPTIONS = 50
DEPTH = 20
BROKEN = (AttributeError, ImportError, LookupError, RuntimeError, TypeError, ValueError)
"""What a policy that is none makes of its evaluation."""
WAIT_MS = 24 * 3_600_000
"""How long a question is held where the policy does not say."""


class _Held:
    """One open question."""

    def __init__(self, what: str, waiter: "Waiter", due: float) -> None:
        self.what = what
        self.waiter = waiter
        self.due = due


class Asks:
    """The questions of one run; every one is answered exactly once."""

    def __init__(self, journal: Journal, needles: "Callable[[], list[bytes]]") -> None:
        self._journal = journal
        self._needles = needles
        self._open: dict[str, _Held] = {}
        self._count = 0
        self._closed = False
        self._policy: Plain | None = {"default": "not read yet"}

    def load(self, *, home: str, cwd: str) -> None:
        """Read the policy, before the command starts: what changes in the folder later is void.

        `home` and `cwd` of the command are what `~` and `./` mean in it.
        """
        found = read_policy()
        self._policy = None if found is None else {"home": home, "cwd": cwd, **found}

    @property
    def open(self) -> "list[str]":
        """The ids of the questions that wait, oldest first."""
        return list(self._open)

    @property
    def due(self) -> float | None:
        """When the first open question runs out, on the monotonic clock."""
        return min((held.due for held in self._open.values()), default=None)

    def raise_(self, ask: "Plain", waiter: "Waiter") -> "Decision | None":
        """Return the decision where there is one at once; else None, and `waiter` gets it later.

        `ask` is `{what: permission|question, tool, input, text, options, cwd, always}`; `always`:
        where only the default allows it, it is asked all the same. A decision is `{ask, decision:
        allow|deny|answer, text, by, via: policy|person|gone}`, with `input` where a person changed
        it. What the policy allows leaves no line: the tool call itself is one.
        """
        what = "question" if ask.get("what") == "question" else "permission"
        word, rule, why = self._by_policy(what, ask)
        if word == "allow" and not rule and ask.get("always"):
            word = "ask"  # it wants a person's yes, whatever else it may do
        if word == "ask" and ask.get("only") == ["deny"]:  # its program asks by itself
            word, rule = "allow", ""
        if word == "allow":
            return _decision("", "allow", why, rule, "policy")
        self._count += 1
        name = str(self._count)
        full = len(self._open) >= MOST_OPEN or self._count > MOST_EVER
        if full and self._count > MOST_EVER + MOST_OPEN:
            return _decision(name, "deny", "It asks too often.", "limit", "policy")
        self._journal.lifecycle("asked", ask=name, what=what, **self._shown(ask))
        if full:
            word, rule, why = "deny", "limit", "Too many questions: this one is not asked."
        if word == "deny" or self._closed:
            return self._tell(_decision(name, "deny", why, rule, "policy"))
        wait_ms = int((self._policy or {}).get("wait_ms") or WAIT_MS)
        self._open[name] = _Held(what, waiter, monotonic() + wait_ms / 1000)
        return None

    def answer(self, data: object) -> tuple[bool, str]:
        """Perform `{ask, decision, text?, input?, by?}`; return whether, and how it was taken."""
        if not isinstance(data, dict) or not isinstance(data.get("ask"), str):
            return False, "malformed"
        name, word = data["ask"], data.get("decision")
        held = self._open.get(name)
        if held is None:
            return False, "no_such_ask"
        if word not in DECISIONS[held.what]:
            return False, "unknown_decision"
        decision = _decision(
            name, str(word), str(data.get("text") or ""), str(data.get("by") or ""), "person"
        )
        if isinstance(data.get("input"), dict):
            decision["input"] = data["input"]
        self._settle(name, decision)
        return True, "answered"

    def withdraw(self, waiter: "Waiter") -> None:
        """Close the questions of somebody who waits no more."""
        for name in [each for each in self._open if self._open[each].waiter == waiter]:
            self._settle(name, _decision(name, "deny", "It waits no more.", "", "gone"))

    def close(self) -> None:
        """The run ends: nothing is asked any more, and what is open is denied."""
        self._closed = True
        for name in self.open:
            self._settle(name, _decision(name, "deny", "The run has ended.", "", "gone"))

    def tick(self, now: float) -> None:
        """Deny what nobody answered in time."""
        for name in self.open:
            if now >= self._open[name].due:
                text = "Nobody answered in time."
                self._settle(name, _decision(name, "deny", text, "wait", "policy"))

    def _settle(self, name: str, decision: "Decision") -> None:
        held = self._open.pop(name)
        self._tell(decision)
        held.waiter(decision)

    def _tell(self, decision: "Decision") -> "Decision":
        """Write a decision down before anybody acts on it."""
        self._journal.lifecycle("answered", **decision)
        return decision

    def _by_policy(self, what: str, ask: "Plain") -> tuple[str, str, str]:
        """Return `(allow|deny|ask, rule, reason)`; what cannot be evaluated is denied."""
        if what == "question":
            return "ask", "", ""
        try:
            from claude_agent.shim import policy  # noqa: PLC0415 - most runs never ask

            return policy.decide(self._policy, ask)
        except BROKEN as error:
            return "deny", "policy", f"The policy cannot be evaluated: {type(error).__name__}."

    def _shown(self, ask: "Plain") -> "Plain":
        """Return what the journal keeps of a question: bounded, and without secrets."""
        options = ask.get("options")
        shown: Plain = {
            "tool": self._clean(str(ask.get("tool") or ""))[:200],
            "text": self._clean(str(ask.get("text") or ""))[:TEXT_CHARS],
            "options": [self._clean(str(each))[:200] for each in options][:OPTIONS]
            if isinstance(options, list)
            else [],
        }
        given = ask.get("input")
        shown["input"] = given = self._scrub(given, DEPTH) if isinstance(given, dict) else {}
        text = codec.dumps(given)
        if len(text) > INPUT_CHARS:
            shown["input"] = {"shortened": text[:INPUT_CHARS], "characters": len(text)}
        return shown

    def _scrub(self, value: object, depth: int) -> object:
        if isinstance(value, str):
            return self._clean(value)
        if isinstance(value, (dict, list)) and not depth:
            return "(deeper)"
        if isinstance(value, dict):
            return {self._clean(each): self._scrub(value[each], depth - 1) for each in value}
        if isinstance(value, list):
            return [self._scrub(each, depth - 1) for each in value]
        return value

    def _clean(self, text: str) -> str:
        raw = masked(text.encode("utf-8", "replace"), self._needles())
        return raw.decode("utf-8", "replace")


def read_policy() -> "Plain | None":
    """Return the policy of the current folder, None where there is none.

    One that cannot be read stands as one that nothing can be decided by: all is denied.
    """
    try:
        found = codec.loads(machine.read_bytes(POLICY).decode("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        found = None
    return found if isinstance(found, dict) else {"default": "unreadable"}


def _decision(name: str, word: str, text: str, by: str, via: str) -> "Decision":
    return {"ask": name, "decision": word, "text": text, "by": by, "via": via}
