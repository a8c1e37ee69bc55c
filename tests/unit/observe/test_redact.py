"""Secrets go, everything else stays; hostile lines cost no time."""

from time import monotonic

import pytest

from claude_agent.observe.redact import HIDDEN, Redactor

LETTERS = "abcdefghijklmnopqrst"
AWS = "AKIA" + "ABCDEFGHIJKLMNOP"
SECRETS = [
    ("Authorization: Bearer abcdef123456", "abcdef123456"),
    ('{"Authorization": "Bearer abcdef123456"}', "abcdef123456"),
    ("authorization=basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ("password=hunter22 and more", "hunter22"),
    ('"api_key": "k-12345"', "k-12345"),
    ("GITHUB_TOKEN=abc123def", "abc123def"),
    ("client_secret = 'zzz yyy'", "zzz"),
    ("GET /ui/login?ticket=t0p&x=1", "t0p"),
    ("postgresql://me:p%40ss@db:5432/x", "p%40ss"),
    (f"used sk-{LETTERS}", LETTERS),
    (f"ghp_{LETTERS}", LETTERS),
    (AWS, AWS),
    ("eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", "eyJzdWIiOiIx"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_redactor_hides_a_secret_by_its_shape(text: str, secret: str) -> None:
    told = Redactor().text(text)
    assert secret not in told
    assert HIDDEN in told
    assert Redactor().text(told) == told, "a second pass changes nothing"


@pytest.mark.parametrize(
    "text",
    [
        "task started in 12 ms by backend-api",
        "tokens_total=512 cost_usd=0.3",
        "CLAUDE_AGENT_TOKEN_FILE=/home/x/token",
        "cloned https://example.org/shop.git at 1f2e3d",
        "the bearer claims the best ready task",
        "step setup_database: 3 migrations applied",
    ],
)
def test_redactor_leaves_ordinary_text_alone(text: str) -> None:
    assert Redactor().text(text) == text


def test_redactor_hides_known_values_wherever_they_stand() -> None:
    redactor = Redactor(["the-operators-token", "short"])
    assert redactor.text("x the-operators-token y short") == f"x {HIDDEN} y short"
    data = {"a": ["the-operators-token"], "b": {"c": "z the-operators-token"}, "n": 3}
    assert redactor.data(data) == {"a": [HIDDEN], "b": {"c": f"z {HIDDEN}"}, "n": 3}


def test_redactor_hides_whole_values_under_the_name_of_a_secret() -> None:
    data = {"password": 12, "db_password": "x", "session": "claude-master", "token_file": "/t"}
    assert Redactor().data(data) == {
        "password": HIDDEN,
        "db_password": HIDDEN,
        "session": "claude-master",
        "token_file": "/t",
    }


@pytest.mark.parametrize("seed", ["token=", "a://", "-----BEGIN PRIVATE KEY-----", "eyJ", "key: "])
def test_redactor_takes_linear_time_when_a_line_is_hostile(seed: str) -> None:
    def cost(repeats: int) -> float:
        begun = monotonic()
        Redactor().text(seed * repeats)
        return monotonic() - begun

    small, large = cost(2_000), cost(20_000)
    assert large < 60 * max(small, 0.002)
