"""Approvals and tokens as the gateway sends them."""

from typing import Any

from tests.wire_samples import NOW, Json


def approval(**more: Any) -> Json:
    """Return an approval that waits."""
    what: Json = {
        "kind": "run",
        "text": "rm -rf build",
        "argv": ["/bin/sh", "-e", "{run}/script.sh"],
        "cwd": "/srv/shop",
        "env_names": ["PATH", "SHADE"],
        "env_set": {"SHADE": "blue"},
        "agent": "testing",
        "adapter": "shell 1",
        "gates": [],
        "verify": "",
        "limits": {"run_ms": 60_000, "total_ms": None},
        "max_attempts": 1,
        "repo": {"top": "/srv/shop", "commit": "c0ffee", "diff_sha256": "0" * 64},
        "files": {"/srv/shop/a.sh": "ab" * 32},
        "diff": "-old\n+new\n",
        "diff_cut": False,
    }
    plain: Json = {
        "id": "018bcfe5-6800-7000-8000-0000000000a1",
        "ref": "AP01",
        "subject": "task",
        "task_id": "t1",
        "execution_id": None,
        "step_id": None,
        "title": "rm -rf build",
        "prompt": "",
        "state": "requested",
        "shown": {"word": "needs approval", "icon": "hand", "family": "waiting"},
        "decide": "always_ask",
        "rule": "rule 4",
        "requester": "person",
        "requester_kind": "person",
        "agent": "testing",
        "deciders": [],
        "quorum": 1,
        "votes": [],
        "created_at": NOW,
        "due_at": None,
        "on_due": None,
        "level": 0,
        "form": {},
        "digest": "ab" * 32,
        "what": what,
        "problem": None,
        "decided_by": None,
        "decided_at": None,
        "decided_rule": None,
        "how": None,
        "note": "",
        "answers": {},
        "reason": None,
        "advisory": True,
        "url": "/ui/#/approvals/AP01",
    }
    return plain | more


def approval_rules() -> Json:
    """Return a policy of one rule."""
    rule: Json = {
        "rule": "rule 1",
        "match": {"requester": "agent", "priority": ["CRITICAL"]},
        "decide": "auto",
        "countdown_ms": 10_000,
        "deciders": [],
        "quorum": 1,
        "expires_ms": None,
        "on_expire": "reject",
    }
    return {"default": "auto", "agent_requests": "manual", "rules": [rule], "advisory": True}


def token() -> Json:
    """Return a token, without what it is."""
    return {
        "name": "ann",
        "role": "approver",
        "created_at": NOW,
        "created_by": "operator",
        "revoked_at": None,
    }
