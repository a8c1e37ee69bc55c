"""Which agent takes a task that names none: keyword rules, and the reason in words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Descriptions that hold these keywords go to this agent."""

    keywords: tuple[str, ...]
    """Words or phrases; matched whole and in any case."""
    agent: str
    """Who takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The decision and why."""

    agent: str
    """Who takes it."""
    reason: str
    """One phrase for people and the record."""


DEFAULT_RULES = (
    Rule(keywords=("api", "endpoint", "rest", "auth"), agent="backend-api"),
    Rule(keywords=("database", "schema", "migration", "sql"), agent="database"),
    Rule(keywords=("ui", "page", "css", "react", "component"), agent="frontend-ui"),
    Rule(keywords=("test", "coverage", "bug"), agent="testing"),
    Rule(
        keywords=("deploy", "release", "rollback", "docker", "kubernetes"),
        agent="deployment",
    ),
    Rule(keywords=("instagram", "post", "social"), agent="instagram"),
)
"""The rules of a fresh installation."""


def route(
    description: str, rules: Sequence[Rule] = DEFAULT_RULES, fallback: str = "master"
) -> Route:
    """Return the agent whose rule has the most keywords in `description`.

    Of equals the earlier rule wins; without any match `fallback` takes it.
    """
    words = f" {' '.join(_words(description))} "
    best: Rule | None = None
    found: list[str] = []
    for rule in rules:
        matched = [keyword for keyword in rule.keywords if _holds(words, keyword)]
        if len(matched) > len(found):
            best, found = rule, matched
    if best is None:
        return Route(agent=fallback, reason="no routing keyword matches")
    noun = "keyword" if len(found) == 1 else "keywords"
    return Route(agent=best.agent, reason=f"{noun} {', '.join(found)}")


def route_task(
    description: str, rules: Sequence[Rule] = DEFAULT_RULES, fallback: str = "master"
) -> str:
    """Return only the agent's name of `route`."""
    return route(description, rules, fallback).agent


def _holds(words: str, keyword: str) -> bool:
    phrase = " ".join(_words(keyword))
    return bool(phrase) and f" {phrase} " in words


def _words(text: str) -> list[str]:
    # An underscore parts words too: a step is called run_tests or build_api.
    return re.findall(r"[^\W_]+", text.casefold())
