"""What the control socket answers: checks the order, performs it once, writes it down."""

from claude_agent.shim.bell import Bell
from claude_agent.shim.journal import Journal
from claude_agent.shim.orders import Orders
from claude_agent.shim.spec import Spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from claude_agent.shim.run import Run

STOPS = ("ladder", "kill")


class Desk:
    """Serves one run."""

    def __init__(self, run: "Run", spec: Spec, journal: Journal, bell: Bell) -> None:
        self._run = run
        self._orders = Orders(spec.run, spec.fence)
        self._journal = journal
        self._bell = bell

    def answer(self, request: "Any") -> "dict[str, object]":
        """Answer one request; a command's `ack` line is on disk before its answer goes out."""
        refusal = self._orders.refuse(request)
        if refusal is not None:
            return refusal
        if request["kind"] == "status":
            return {"ok": True, "fence": self._orders.fence, **self._run.state()}
        ok, detail = self._perform(request["kind"], request.get("data"))
        durable = self._journal.lifecycle(
            "ack", cmd=request["n"], request=request["kind"], ok=ok, detail=detail
        )
        self._bell.ring()
        answer: dict[str, object] = {"ok": ok, "detail" if ok else "error": detail}
        if not durable:  # a full disk: the line waits in memory
            answer["durable"] = False
        return answer

    def _perform(self, kind: str, data: "Any") -> tuple[bool, str]:
        if kind == "interrupt":
            return (True, "interrupted") if self._run.interrupt() else (False, "not_running")
        if kind == "stop":
            stage = data.get("stage", "ladder") if isinstance(data, dict) else "ladder"
            if stage not in STOPS:
                return False, "unknown_stage"
            return True, "stopping" if self._run.stop(at_once=stage == "kill") else "ended"
        return False, "no_input"  # plain commands have their whole input from the start
