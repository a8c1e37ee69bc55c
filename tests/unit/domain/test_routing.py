import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_agent.domain.routing import DEFAULT_RULES, Route, Rule, route, route_task


@pytest.mark.parametrize(
    ("description", "agent"),
    [
        ("Create user auth system", "backend-api"),
        ("Write a MIGRATION for the orders table", "database"),
        ("Make the page blue with CSS", "frontend-ui"),
        ("fix the bug", "testing"),
        ("roll out: docker, then deploy!", "deployment"),
        ("post it on instagram", "instagram"),
        ("run_test", "testing"),
        ("think about life", "master"),
        ("", "master"),
    ],
)
def test_route_task_picks_the_agent_of_the_keywords(description: str, agent: str) -> None:
    assert route_task(description) == agent


def test_route_matches_whole_words_only() -> None:
    assert route_task("capital restaurant latest building") == "master"


def test_route_takes_most_keywords_and_gives_the_reason() -> None:
    assert route("test the api: schema and sql") == Route(
        agent="database", reason="keywords schema, sql"
    )


def test_route_counts_a_keyword_once() -> None:
    assert route_task("bug bug bug in the sql schema") == "database"


def test_route_takes_the_earlier_rule_of_equals() -> None:
    assert route("test the api") == Route(agent="backend-api", reason="keyword api")


def test_route_falls_back_with_a_reason() -> None:
    found = route("nothing known", DEFAULT_RULES, "supervisor")
    assert found == Route(agent="supervisor", reason="no routing keyword matches")


def test_route_takes_rules_with_phrases() -> None:
    rules = (Rule(keywords=("pull request", "!"), agent="reviewer"),)
    assert route_task("open a Pull-Request now!", rules) == "reviewer"
    assert route_task("pull a big request", rules) == "master"
    assert route_task("!", rules) == "master"


@given(st.text())
def test_route_answers_any_text_with_a_known_agent(description: str) -> None:
    assert route_task(description) in {rule.agent for rule in DEFAULT_RULES} | {"master"}
