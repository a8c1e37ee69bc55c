"""Questions as the gateway sends them."""

from typing import Any

from tests.wire_samples import NOW, Json


def question(**more: Any) -> Json:
    """Return a question that waits."""
    plain: Json = {
        "id": "018bcfe5-6800-7000-8000-0000000000b1",
        "ref": "QU01",
        "task_id": "t1",
        "run": 1,
        "execution_id": None,
        "step_id": None,
        "agent": "backend-api",
        "title": "add an endpoint",
        "what": "permission",
        "tool": "Bash",
        "input": {"command": "git push origin main"},
        "text": "push it",
        "options": [],
        "asks": "Bash git push origin main",
        "answers": ["allow", "deny"],
        "state": "open",
        "shown": {"word": "waits for an answer", "icon": "hand", "family": "waiting"},
        "created_at": NOW,
        "decision": None,
        "by": None,
        "via": None,
        "said": "",
        "note": "",
        "given": None,
        "decided_at": None,
        "delivered_at": None,
        "reason": None,
        "advisory": True,
    }
    return plain | more
