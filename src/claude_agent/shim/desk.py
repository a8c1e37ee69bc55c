"""What the control socket answers: checks the order, performs it once, writes it down."""

import posix

from claude_agent.shim import machine
from claude_agent.shim.asks import Asks
from claude_agent.shim.bell import Bell
from claude_agent.shim.control import Client
from claude_agent.shim.journal import Journal
from claude_agent.shim.orders import Orders
from claude_agent.shim.spec import Spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from claude_agent.shim.codec import Plain
    from claude_agent.shim.run import Run

STOPS = ("ladder", "kill")


class Desk:
    """Serves one run."""

    def __init__(self, run: "Run", spec: Spec, journal: Journal, bell: Bell, asks: Asks) -> None:
        self._run = run
        self._number = spec.run
        self._asks = asks
        self._orders = Orders(spec.run, spec.fence)
        self._journal = journal
        self._bell = bell

    def answer(self, request: object, client: Client) -> "dict[str, object] | None":
        """Answer one request, None: later; a command's `ack` line is on disk before its answer."""
        if isinstance(request, dict) and request.get("kind") == "ask":
            return self._ask(request, client)
        if isinstance(request, dict) and request.get("kind") == "answer" and _ours(client):
            return {"ok": False, "error": "own_run"}
        refusal = self._orders.refuse(request)
        if refusal is not None or not isinstance(request, dict):
            return refusal or {"ok": False, "error": "malformed"}
        if request["kind"] == "status":
            asks = self._asks.open
            return {"ok": True, "fence": self._orders.fence, "asks": asks, **self._run.state()}
        ok, detail = self._perform(request["kind"], request.get("data"))
        durable = self._journal.lifecycle(
            "ack", cmd=request["n"], request=request["kind"], ok=ok, detail=detail
        )
        self._bell.ring()
        answer: dict[str, object] = {"ok": ok, "detail" if ok else "error": detail}
        if not durable:  # a full disk: the line waits in memory
            answer["durable"] = False
        return answer

    def _ask(self, request: "Plain", client: Client) -> "dict[str, object] | None":
        """Take a question of the agent at work; its client waits at the socket for the answer."""
        data = request.get("data")
        if request.get("run") != self._number or not isinstance(data, dict):
            return {"ok": False, "error": "malformed"}

        def tell(decision: "Plain") -> None:
            client.reply({"ok": True, **decision})

        if client.gone is not None:
            return {"ok": False, "error": "one_at_a_time"}
        decision = self._asks.raise_(data, tell)
        if decision is not None:
            return {"ok": True, **decision}
        client.gone = lambda: self._asks.withdraw(tell)
        self._bell.ring()
        return None

    def _perform(self, kind: str, data: object) -> tuple[bool, str]:
        if kind == "interrupt":
            return (True, "interrupted") if self._run.interrupt() else (False, "not_running")
        if kind == "stop":
            stage = data.get("stage", "ladder") if isinstance(data, dict) else "ladder"
            if stage not in STOPS:
                return False, "unknown_stage"
            return True, "stopping" if self._run.stop(at_once=stage == "kill") else "ended"
        if kind == "answer":
            return self._asks.answer(data)
        return self._run.send(data)


def _ours(client: Client) -> bool:
    """Say whether a client is the agent itself: a process below this one. It decides nothing."""
    me, pid = posix.getpid(), 0
    try:
        pid = client.peer()
        while pid > 1 and pid != me:
            pid = machine.parent_of(pid)
    except (OSError, ValueError):  # it has ended: nobody knows whose it was
        return True
    return pid == me and client.peer() != me
