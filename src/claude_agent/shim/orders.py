"""Who may command the run, and each command once."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

COMMANDS = ("send", "interrupt", "stop", "answer")


class Orders:
    """Checks requests: the run they are for, the highest fence seen, the numbers performed."""

    def __init__(self, run: int, fence: int) -> None:
        self._run = run
        self.fence = fence
        self._performed: set[int] = set()

    def refuse(self, request: "Any") -> "dict[str, object] | None":
        """Return the answer to a request that must not be performed, None for one that may be.

        A higher fence is remembered even by a status request: its sender drives the run from now.
        """
        if not isinstance(request, dict):
            return {"ok": False, "error": "malformed"}
        run, fence, kind = request.get("run"), request.get("fence"), request.get("kind")
        if type(run) is not int or type(fence) is not int or not isinstance(kind, str):
            return {"ok": False, "error": "malformed"}
        if run != self._run:
            return {"ok": False, "error": "wrong_run"}
        if fence < self.fence:
            return {"ok": False, "error": "fenced", "fence": self.fence}
        self.fence = fence
        if kind == "status":
            return None
        if kind not in COMMANDS:
            return {"ok": False, "error": "unknown_kind"}
        return self._once(request.get("n"))

    def _once(self, n: object) -> "dict[str, object] | None":
        if type(n) is not int:
            return {"ok": False, "error": "malformed"}
        if n in self._performed:
            return {"ok": True, "again": True}
        self._performed.add(n)
        return None
