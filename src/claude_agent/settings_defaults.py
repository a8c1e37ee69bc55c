"""The lowest layer of the configuration: the eight agents, their routes and the shipped rules.

Names are stored data and do not change.
"""

from typing import Any, TypeAlias

Table: TypeAlias = dict[str, Any]


def default_layer() -> Table:
    """Return the lowest layer: what the sections' own defaults do not say."""
    return {
        "agents": {name: dict(agent) for name, agent in _AGENTS.items()},
        "routing": {"rules": [dict(rule) for rule in _ROUTES]},
        "approvals": {"rules": [dict(rule) for rule in _RULES]},
    }


_AGENTS: dict[str, Table] = {
    "master": {
        "capabilities": ["planning", "documentation"],
        "instructions": "You plan work for the other agents and write documents.",
    },
    "supervisor": {
        "capabilities": ["review"],
        "instructions": "You review changes and approve what the policy lets you approve.",
    },
    "backend-api": {
        "capabilities": ["python", "http"],
        "instructions": "You build and change back-end services.",
    },
    "frontend-ui": {
        "capabilities": ["javascript", "css"],
        "instructions": "You build and change user interfaces.",
    },
    "database": {
        "capabilities": ["sql", "migrations"],
        "instructions": "You design schemas, write migrations and tune queries.",
    },
    "testing": {
        "capabilities": ["tests"],
        "instructions": "You write and run tests and find the causes of failures.",
    },
    "deployment": {
        "capabilities": ["releases"],
        "instructions": "You build, release, watch and roll back.",
    },
    "instagram": {
        "capabilities": ["social"],
        "instructions": "You write posts for social media.",
    },
}

_ROUTES: tuple[Table, ...] = (
    {"keywords": ["api", "endpoint", "rest", "auth"], "agent": "backend-api"},
    {"keywords": ["database", "schema", "migration", "sql"], "agent": "database"},
    {"keywords": ["ui", "page", "css", "react", "component"], "agent": "frontend-ui"},
    {"keywords": ["test", "coverage", "bug"], "agent": "testing"},
    {
        "keywords": ["deploy", "release", "rollback", "docker", "kubernetes"],
        "agent": "deployment",
    },
    {"keywords": ["instagram", "post", "social"], "agent": "instagram"},
)

_RULES: tuple[Table, ...] = (
    {
        "match": {"requester": "agent", "priority": ["CRITICAL", "EMERGENCY"]},
        "decide": "auto",
        "countdown": "10s",
    },
)
