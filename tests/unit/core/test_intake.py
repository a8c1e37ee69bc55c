"""Every bad input is answered with its place and its remedy, and leaves no row."""

from pathlib import Path
from typing import Any

import pytest

from claude_agent.core.intake import MAX_TEXT, check_text, spec_of
from claude_agent.domain.definition import Timeouts
from claude_agent.domain.priority import Priority
from claude_agent.domain.retry import RetryPolicy
from claude_agent.errors import ClaudeAgentError, Invalid, NotPromptable, TooLarge, UnknownName
from tests.unit.core.stand import Stand, catalogue

CATALOGUE = catalogue()
HUGE = "x" * (MAX_TEXT + 1)

BAD: list[tuple[dict[str, Any], type[ClaudeAgentError], str, str]] = [
    ({}, Invalid, "exactly one of prompt, run, action; 0", "/"),
    ({"run": "a", "action": "noop"}, Invalid, "exactly one of prompt, run, action; 2", "/"),
    ({"run": ""}, Invalid, "The run is empty", "/run"),
    ({"run": "  \n"}, Invalid, "The run is empty", "/run"),
    ({"run": 5}, Invalid, "The run is empty", "/run"),
    ({"run": ["a"]}, Invalid, "The run is empty", "/run"),
    ({"run": "a\0b"}, Invalid, "NUL", "/run"),
    ({"run": "a\ud800b"}, Invalid, "half of a character", "/run"),
    ({"run": HUGE}, TooLarge, "over 256 KiB", "/run"),
    ({"prompt": "x", "agent": "testing"}, NotPromptable, "takes no prompt", "/agent"),
    ({"prompt": "x"}, NotPromptable, "takes no prompt", "/agent"),
    ({"run": "a", "agent": "tseting"}, UnknownName, "no agent named tseting", "/agent"),
    ({"run": "a", "agent": 5}, Invalid, "field agent", "/agent"),
    ({"run": "a", "queue": "nowhere"}, UnknownName, "no queue named nowhere", "/queue"),
    ({"run": "a", "queue": ["x"]}, Invalid, "field queue", "/queue"),
    ({"run": "a", "priority": "URGENT"}, UnknownName, "no priority named URGENT", "/priority"),
    ({"run": "a", "priority": 3}, Invalid, "field priority", "/priority"),
    ({"run": "a", "title": {}}, Invalid, "field title", "/title"),
    ({"action": "deploy_k9s"}, UnknownName, "no action named deploy_k9s", "/action"),
    ({"action": "clone_repo"}, Invalid, "needs the parameter url", "/with/url"),
    ({"action": "setup_database", "with": {"two": 1}}, UnknownName, "parameter", "/with/two"),
    ({"run": "a", "with": "text"}, Invalid, "field with", "/with"),
    ({"run": "a", "with": {"x": "a\0"}}, Invalid, "NUL", "/"),
    ({"run": "a", "with": {"a\ud800": 1}}, Invalid, "half of a character", "/"),
    ({"run": "a", "with": {"x": {1, 2}}}, Invalid, "is not JSON", "/"),
    ({"run": "a", "with": {"x": float("nan")}}, Invalid, "is not JSON", "/"),
    ({"run": "a", "with": {1: 2}}, Invalid, "field with", "/with"),
    ({"run": "a", "cwd": "relative"}, Invalid, "existing absolute folder", "/cwd"),
    ({"run": "a", "cwd": "/no/such/folder"}, Invalid, "existing absolute folder", "/cwd"),
    ({"run": "a", "cwd": "/srv\0x"}, Invalid, "existing absolute folder", "/cwd"),
    ({"run": "a", "cwd": 7}, Invalid, "field cwd", "/cwd"),
    ({"run": "a", "env": {"A B": "x"}}, Invalid, "environment variable", "/env/A B"),
    ({"run": "a", "env": {"CLAUDE_AGENT_FENCE": "1"}}, Invalid, "set by the system", "/env/"),
    ({"run": "a", "env": ["A=1"]}, Invalid, "mapping", "/env"),
    ({"run": "a", "env": {"A": "x\0"}}, Invalid, "NUL", "/"),
    ({"run": "a", "timeout": "soon"}, Invalid, "no duration", "/timeout"),
    ({"run": "a", "timeout": 0}, Invalid, "longer than nothing", "/timeout"),
    ({"run": "a", "timeout": {"rnu": "5m"}}, Invalid, "rnu", "/timeout"),
    ({"run": "a", "timeout": {"run": "-5m"}}, Invalid, "no duration", "/timeout/run"),
    ({"run": "a", "timeout": ["5m"]}, Invalid, "mapping", "/timeout"),
    ({"run": "a", "retry": {"max_attempts": 0}}, Invalid, "max_attempts", "/retry/max_attempts"),
    ({"run": "a", "retry": {"max_attempts": 10**9}}, Invalid, "max_attempts", "/retry/"),
    ({"run": "a", "retry": {"factor": -1}}, Invalid, "factor", "/retry/factor"),
    ({"run": "a", "retry": {"jitter": 2}}, Invalid, "jitter", "/retry/jitter"),
    ({"run": "a", "retry": {"attempts": 2}}, Invalid, "attempts", "/retry"),
    ({"run": "a", "retry": {"on": ["(a+)+$"]}}, Invalid, "no kind of failure", "/retry/on"),
    ({"run": "a", "retry": 3}, Invalid, "mapping", "/retry"),
    ({"run": "a", "retry": {"if": "failure."}}, Invalid, "where a name", "/retry/if"),
    ({"run": "a", "retry": {"if": "inputs.x == 1"}}, Invalid, "knows only `failure`", "/retry/if"),
    ({"run": "a", "retry": {"if": "failure.code"}}, Invalid, "failure holds kind", "/retry/if"),
    ({"run": "a", "retry": {"prompt": "${{ env.X }}"}}, Invalid, "only `failure`", "/retry/prompt"),
    ({"run": "a", "retry": {"agent": "tseting"}}, Invalid, "tseting", "/retry/agent"),
    (
        {"prompt": "a", "agent": "chat", "retry": {"agent": "testing"}},
        NotPromptable,
        "takes no prompt",
        "/retry/agent",
    ),
    ({"run": "a", "gates": ["true", " "]}, Invalid, "Gate 2 has no command", "/gates/1/run"),
    ({"run": "a", "gates": [{"name": "x"}]}, Invalid, "Gate 1 has no command", "/gates/0/run"),
    ({"run": "a", "gates": [5]}, Invalid, "Gate 1 has no command", "/gates/0/run"),
    ({"run": "a", "gates": "make test"}, Invalid, "field gates", "/gates"),
    ({"run": "a", "outputs": {"x": "string"}}, Invalid, "mapping", "/outputs/x"),
    ({"run": "a", "outputs": {"x": {"type": "strnig"}}}, Invalid, "strnig", "/outputs/x/type"),
    ({"run": "a", "outputs": {"x": {"$ref": "http://x"}}}, Invalid, "ref", "/outputs/x"),
    ({"run": "a", "outputs": {"x": {"pattern": "(a+)+$"}}}, Invalid, "pattern", "/outputs/x"),
    ({"run": "a", "verify": 1}, Invalid, "field verify", "/verify"),
    ({"run": "a", "on_uncertain": "guess"}, UnknownName, "on_uncertain", "/on_uncertain"),
    ({"run": "a", "delay": "whenever"}, Invalid, "no duration", ""),
    ({"run": "a", "with": {"x": "y" * 1_100_000}}, TooLarge, "over 1 MiB", ""),
]


@pytest.mark.parametrize(("fields", "kind", "said", "pointer"), BAD, ids=range(len(BAD)))
def test_bad_input_is_answered_with_its_place_and_leaves_no_row(
    stand: Stand, fields: dict[str, Any], kind: type[ClaudeAgentError], said: str, pointer: str
) -> None:
    before = stand.everything()
    with pytest.raises(kind) as caught:
        stand.bus.publish_task("", fields)
    error = caught.value
    assert said in f"{error.detail} {error.hint}"
    assert (error.pointer or "").startswith(pointer)
    assert error.status in (413, 422)
    assert stand.everything() == before
    assert not stand.notifier.wait({"ready"}, 0.0)


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"run": "a", "agent": "tseting"}, "Did you mean testing?"),
        (
            {"run": "a", "agent": "zzzzzz"},
            "Known: chat, claude, database, deployment, master, spare, testing, twin.",
        ),
        ({"run": "a", "priority": "HIHG"}, "Did you mean HIGH?"),
        ({"action": "nop"}, "Did you mean noop?"),
        ({"action": "clone_repo", "with": {"ulr": "x"}}, "Did you mean url?"),
        ({"prompt": "x", "agent": "testing"}, "--run"),
    ],
)
def test_hint_names_the_next_step(fields: dict[str, Any], hint: str) -> None:
    with pytest.raises(ClaudeAgentError) as caught:
        spec_of(fields, CATALOGUE)
    assert hint in caught.value.hint


def test_whole_task_is_read(tmp_path: Path) -> None:
    found = spec_of(
        {
            "run": "make test",
            "with": {"n": 1},
            "agent": "testing",
            "queue": "database",
            "priority": "high",
            "title": "T" * 200,
            "cwd": str(tmp_path),
            "env": {"A": "1", "N": 2, "B": True},
            "timeout": {"start": "1m", "run": "5m", "total": 3600, "idle": "30s"},
            "retry": {
                "max_attempts": 3,
                "delay": "2s",
                "factor": 3,
                "on": ["exit"],
                "if": "failure.exit_code != 2",
                "agent": "database",
                "prompt": "It said: ${{ failure.summary }}",
            },
            "gates": ["true", {"name": "lint", "run": "ruff"}],
            "outputs": {"o": {"type": "string"}, "any": None},
            "verify": "test -f x",
            "idempotent": True,
            "on_uncertain": "fail",
        },
        CATALOGUE,
    )
    assert (found.kind, found.text, found.agent) == ("run", "make test", "testing")
    assert (found.queue, found.priority, found.title) == ("database", Priority.HIGH, "T" * 120)
    assert (found.cwd, found.with_) == (str(tmp_path), {"n": 1})
    assert found.env == {"A": "1", "N": "2", "B": "true"}
    assert found.limits == Timeouts(
        start_ms=60_000, run_ms=300_000, total_ms=3_600_000, idle_ms=30_000
    )
    assert found.retry == RetryPolicy(
        max_attempts=3,
        delay_ms=2_000,
        factor=3,
        on=("exit",),
        if_="failure.exit_code != 2",
        prompt="It said: ${{ failure.summary }}",
        agent="database",
    )
    assert found.gates == ({"name": "gate 1", "run": "true"}, {"name": "lint", "run": "ruff"})
    assert found.outputs == {"o": {"type": "string"}, "any": {}}
    assert (found.verify, found.idempotent, found.on_uncertain) == ("test -f x", True, "fail")
    assert (found.routed_by, found.purpose) == ("you named it", "task")


def test_task_without_an_agent_is_routed_by_its_title_or_text() -> None:
    assert spec_of({"run": "run the tests"}, CATALOGUE).agent == "testing"
    routed = spec_of({"run": "run the tests", "title": "think"}, CATALOGUE)
    assert (routed.agent, routed.queue, routed.routed_by) == ("master", "master", "by its words")


def test_title_is_the_first_line_that_says_something() -> None:
    assert spec_of({"run": "\n\n  make test \nmake lint"}, CATALOGUE).title == "make test"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"action": "noop"}, (True, "ask")),
        ({"action": "noop", "idempotent": False}, (False, "ask")),
        ({"action": "setup_database"}, (False, "ask")),
        ({"run": "true"}, (False, "ask")),
        ({"run": "true", "verify": "test -f x"}, (False, "verify")),
    ],
)
def test_what_happens_after_a_lost_run_has_a_careful_default(
    fields: dict[str, Any], expected: tuple[bool, str]
) -> None:
    found = spec_of(fields, CATALOGUE)
    assert (found.idempotent, found.on_uncertain) == expected


def test_prompt_is_taken_by_an_agent_that_takes_one() -> None:
    found = spec_of({"prompt": "say hi", "agent": "chat"}, CATALOGUE)
    assert (found.kind, found.text, found.agent) == ("prompt", "say hi", "chat")


def test_short_timeout_bounds_one_attempt() -> None:
    assert spec_of({"run": "a", "timeout": "5m"}, CATALOGUE).limits == Timeouts(run_ms=300_000)


def test_backslash_zero_as_text_is_no_nul() -> None:
    assert spec_of({"run": "printf '\\u0000'"}, CATALOGUE).text == "printf '\\u0000'"
    check_text({"a": ["\\x00", 1, None, {"b": "ä𝄞"}]}, "/")


@pytest.mark.parametrize(
    ("schema", "wrong"),
    [
        ({"type": "array"}, "must say 'type: object'"),
        ({"properties": {}}, "must say 'type: object'"),
        ({"type": "object", "pattern": "x"}, "pattern"),
        ("text", "result_schema"),
    ],
)
def test_result_schema_must_be_one_of_an_object(schema: Any, wrong: str) -> None:
    with pytest.raises(Invalid, match=wrong):
        spec_of({"run": "a", "result_schema": schema}, CATALOGUE)
