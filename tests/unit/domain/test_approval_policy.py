"""Every rule of the policy once, and every way round an allow-list that we know."""

from dataclasses import replace
from typing import Any

import pytest

from claude_agent.domain.approval_policy import (
    Match,
    Policy,
    Request,
    Requester,
    Rule,
    below,
    judge,
    risk_of,
)

AGENT = Requester(kind="agent", name="testing", task_id="t", trusted=False)
PLAIN = Request(requester=Requester(), agent="testing", priority="NORMAL", commands=("ls",))
ASKED = replace(PLAIN, requester=AGENT)


def at(*paths: str) -> Request:
    return replace(PLAIN, paths=paths)


def asked_at(*paths: str) -> Request:
    return replace(ASKED, paths=paths)


def runs(*commands: str) -> Request:
    return replace(ASKED, commands=commands)


def costs(request: Request, usd: float | None) -> Request:
    return replace(request, prompt=True, cost_usd=usd)


def rule(decide: str, name: str = "r", **match: Any) -> Rule:
    return Rule(name=name, match=Match(**match), decide=decide)


def decided(request: Request, *rules: Rule, **more: Any) -> tuple[str, str]:
    found = judge(Policy(rules=rules, **more), request)
    return found.decide, found.rule


def test_shipped_policy_lets_people_go_on_and_asks_about_agents() -> None:
    shipped = Rule(
        name="rule 1",
        match=Match(requester="agent", priorities=("CRITICAL", "EMERGENCY")),
        decide="auto",
        countdown_ms=10_000,
    )
    assert decided(PLAIN, shipped) == ("auto", "default")
    assert decided(ASKED, shipped) == ("manual", "agent_requests")
    for priority in ("CRITICAL", "EMERGENCY"):
        found = judge(Policy(rules=(shipped,)), replace(ASKED, priority=priority))
        assert (found.decide, found.countdown_ms, found.holds) == ("auto", 10_000, True)


@pytest.mark.parametrize(
    ("match", "fits", "does_not"),
    [
        ({"requester": "agent"}, ASKED, PLAIN),
        ({"requester": "person"}, PLAIN, ASKED),
        ({"agents": ("testing",)}, PLAIN, replace(PLAIN, agent="database")),
        ({"priorities": ("HIGH",)}, replace(PLAIN, priority="HIGH"), PLAIN),
        ({"command": "^git push"}, replace(PLAIN, commands=("git push",)), PLAIN),
        ({"path": "/srv/prod"}, at("/srv/prod/a"), PLAIN),
        ({"path": "/srv/prod"}, at("/srv/prod"), at("/srv/products")),
        ({"path": "/srv/*/db"}, at("/srv/a/db"), at("/srv/a")),
        ({"path": "/a/**"}, at("/a/b/c"), at("/b")),
        ({"cost_usd": 5.0}, costs(PLAIN, 6.0), costs(PLAIN, 4.0)),
        ({"cost_usd": 5.0}, costs(PLAIN, None), PLAIN),
        ({"risk": "high"}, replace(PLAIN, commands=("sudo id",)), PLAIN),
        ({"risk": "medium"}, replace(PLAIN, commands=("make",)), PLAIN),
        ({}, PLAIN, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("decide", ["manual", "always_ask", "reject"])
def test_each_field_of_a_rule_that_holds(
    match: dict[str, Any], fits: Request, does_not: Request | None, decide: str
) -> None:
    policy = {"default": "auto", "agent_requests": "auto"}
    assert decided(fits, rule(decide, **match), **policy) == (decide, "r")
    if does_not is not None:
        assert decided(does_not, rule(decide, **match), **policy)[0] == "auto"


@pytest.mark.parametrize(
    ("match", "fits", "does_not"),
    [
        ({"agents": ("testing",)}, ASKED, replace(ASKED, agent="database")),
        ({"path": "/srv"}, asked_at("/srv/a"), asked_at("/srv/l", "/etc")),
        ({"cost_usd": 5.0}, costs(ASKED, 4.0), costs(ASKED, None)),
        ({"risk": "low"}, ASKED, runs("ls", "make")),
        ({"risk": "medium"}, runs("make"), runs("rm -rf /")),
    ],
)  # fmt: skip
def test_a_rule_that_lets_through_must_fit_everything(
    match: dict[str, Any], fits: Request, does_not: Request
) -> None:
    assert decided(fits, rule("auto", **match)) == ("auto", "r")
    assert decided(does_not, rule("auto", **match)) == ("manual", "agent_requests")


GOES_ROUND = (
    *("pytest; id", "pytest | sh", "pytest & id", "pytest && id", "pytest $(id)", "pytest `id`"),
    *("pytest\nid", "pytest\rid", "pytest > /etc/passwd", "pytest < /dev/tcp", "pytest $HOME"),
    *("A=1 pytest", "PATH=/x pytest", "  X=1 pytest", "pytest ${IFS}x", "pytest \\\nid", "xpytest"),
)


@pytest.mark.parametrize("command", GOES_ROUND)
def test_an_allow_list_never_matches_what_a_shell_makes_more_of(command: str) -> None:
    allow = rule("auto", command="^(git status|git diff|pytest)( |$)")
    assert decided(runs("pytest -q"), allow) == ("auto", "r")
    assert decided(runs(command), allow) == ("manual", "agent_requests")


def test_an_allow_list_looks_at_gates_environment_and_prompts_too() -> None:
    allow = rule("auto", command="^pytest( |$)")
    fits = runs("pytest")
    assert decided(fits, allow)[0] == "auto"
    for changed in (
        replace(fits, commands=("pytest", "id")),
        replace(fits, sets_environment=True),
        replace(fits, prompt=True),
        replace(fits, commands=()),
    ):
        assert decided(changed, allow)[0] == "manual"


@pytest.mark.parametrize(
    "command",
    ["rm -rf x", "echo a\nrm -rf x", "rm   -rf x", "rm \\\n -rf x", 'r"m" -rf x', "rm\t-rf x"],
)
def test_a_rule_that_holds_sees_through_blanks_quotes_and_lines(command: str) -> None:
    ask = rule("always_ask", command="rm -rf")
    assert decided(replace(PLAIN, commands=(command,)), ask) == ("always_ask", "r")


def test_the_first_rule_decides_but_always_ask_wins_over_letting_through() -> None:
    first, second = rule("manual", "one"), rule("auto", "two")
    assert decided(PLAIN, first, second) == ("manual", "one")
    assert decided(PLAIN, second, first) == ("auto", "two")
    ask, no = rule("always_ask", "ask"), rule("reject", "no")
    assert decided(PLAIN, second, ask) == ("always_ask", "ask")
    assert decided(PLAIN, first, ask) == ("always_ask", "ask")
    assert decided(PLAIN, no, ask) == ("reject", "no")
    assert decided(PLAIN, ask, no) == ("always_ask", "ask")


def test_a_yes_in_advance_counts_for_operators_alone_and_never_over_always_ask() -> None:
    def wanting(wants: str, **more: Any) -> Request:
        return replace(PLAIN, requester=Requester(wants=wants, **more))

    held = rule("manual", "one")
    assert decided(wanting("auto"), held) == ("auto", "auto_approve over one")
    assert decided(wanting("auto", trusted=False), held) == ("manual", "one")
    agent = {"kind": "agent", "name": "testing", "trusted": False}
    assert decided(wanting("auto", **agent), held) == ("manual", "one")
    assert decided(wanting("auto", **{**agent, "trusted": True}), held) == ("manual", "one")
    for decide in ("always_ask", "reject"):
        assert decided(wanting("auto"), rule(decide)) == (decide, "r")
    assert decided(wanting("manual")) == ("manual", "asked for at submit")
    assert decided(wanting("manual", **agent), agent_requests="auto")[0] == "manual"


def test_a_long_command_is_a_risk_and_takes_no_time() -> None:
    long = replace(PLAIN, commands=("curl " * 50_000,))
    assert risk_of(long) == "high"
    assert risk_of(PLAIN) == "low"


def test_below_is_a_matter_of_folders() -> None:
    assert below("/a/b/../c", "/a/c")
    assert not below("/a/../b", "/a")
    assert below("/x", "/")
