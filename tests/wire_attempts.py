"""The attempts of a task, as the gateway sends them."""

from tests.wire_samples import NOW, Json


def attempts() -> Json:
    spent = dict.fromkeys(("input", "output", "cache_read", "cache_write"), 7)
    spent |= {"runs": 1, "cost_usd": 0.25}
    one = {
        "run": 1,
        "attempt": 1,
        "generation": 1,
        "agent": "master",
        "adapter": "claude",
        "started_at": NOW - 3000,
        "ended_at": NOW,
        "outcome": "failed",
        "error": {"kind": "rate", "message": "too many requests"},
        "evidence": ["E1"],
        "spent": spent,
        "late": {"at": NOW + 1000, "outcome": "succeeded"},
    }
    return {"items": [one], "spent": spent}
