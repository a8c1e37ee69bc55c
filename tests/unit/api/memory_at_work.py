"""What agents at work say, in memory, for tests of the gateway."""

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from claude_agent.api.asked import Caller, Wire
from claude_agent.api.services_at_work import AtWorkServices
from claude_agent.domain.json_schema import check_value
from claude_agent.errors import Invalid, Unavailable

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
LATE = "run 1 is over, run 2 took its place"


class MemoryAtWork(AtWorkServices):
    """One task, whose result is a number; what is said is kept in `said`."""

    said: list[tuple[str, object]] = []  # noqa: RUF012
    delegated: dict[str, Wire] = {}  # noqa: RUF012

    def _keep(self, caller: Caller, what: str, value: object) -> str:
        self.said.append((what, value))
        return LATE if caller.over else ""

    @override
    def work_of(self, caller: Caller) -> Wire:
        late = LATE if caller.over else ""
        return {"ref": "T1", "title": "t", "state": "running", "schema": SCHEMA, "late": late}

    @override
    def report_result(self, caller: Caller, result: Mapping[str, Any]) -> str:
        for place, wrong in [] if caller.over else check_value(SCHEMA, result):
            message = f"The result does not fit the task's schema: result{place} {wrong}."
            raise Invalid(message, hint="Correct it and call again.")
        return self._keep(caller, "complete", result)

    @override
    def report_failure(self, caller: Caller, reason: str, *, retryable: bool) -> str:
        return self._keep(caller, "fail", (reason, retryable))

    @override
    def report_progress(self, caller: Caller, text: str) -> str:
        if text == "down":
            message = "The database does not answer."
            raise Unavailable(message, hint="Try again in a moment.")
        return self._keep(caller, "progress", text)

    @override
    def count_call(self, caller: Caller) -> str:
        return self._keep(caller, "count", None)

    @override
    def ask_for(self, caller: Caller, asked: Mapping[str, Any]) -> Wire:
        self._keep(caller, "ask", dict(asked))
        return {"ref": "Q1", "state": "open", "decision": "", "text": ""}

    @override
    def asked_for(self, caller: Caller, ref: str) -> Wire:
        decision = {"Q1": "", "Q2": "allow", "Q3": "deny", "Q4": "answer"}[ref]
        state = "answered" if decision else "open"
        return {"ref": ref, "state": state, "decision": decision, "text": "because"}

    @override
    def delegate(self, caller: Caller, spec: Mapping[str, Any], key: str) -> Wire:
        made = {"ref": "T2", "agent": "testing", "state": "ready", "outputs": None, "error": None}
        return self.delegated.setdefault(key or str(spec["prompt"]), made)
