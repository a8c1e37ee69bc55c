import pytest

from claude_agent.api.sessions import SESSION_MS, TICKET_MS, Sessions
from claude_agent.clock import ManualClock


def sessions(token: str = "secret") -> tuple[Sessions, ManualClock]:  # noqa: S107 - a test's
    clock = ManualClock()
    return Sessions(token, clock), clock


def test_session_is_known_again_after_a_restart() -> None:
    made, clock = sessions()
    cookie, opened = made.open()
    restarted = Sessions("secret", clock)
    assert restarted.check(cookie) == opened


def test_session_ends_with_its_time() -> None:
    made, clock = sessions()
    cookie, _ = made.open()
    clock.advance(SESSION_MS - 1)
    assert made.check(cookie)
    clock.advance(1)
    assert made.check(cookie) is None


def test_session_ends_with_its_token() -> None:
    cookie, _ = sessions()[0].open()
    assert sessions("another")[0].check(cookie) is None


@pytest.mark.parametrize("cookie", ["", ".", "v1..", "v1.9.x.", "v1.x.y.z", "\u00fc.\u00fc", "\0"])
def test_session_refuses_what_it_did_not_sign(cookie: str) -> None:
    assert sessions()[0].check(cookie) is None


def test_session_refuses_a_longer_life() -> None:
    made, _ = sessions()
    cookie, opened = made.open()
    assert made.check(cookie.replace(str(opened.expires_at), str(opened.expires_at + 1))) is None


def test_sessions_have_different_csrf_values() -> None:
    made, _ = sessions()
    first, second = made.open()[1], made.open()[1]
    assert first.csrf != second.csrf


def test_ticket_works_once() -> None:
    made, _ = sessions()
    ticket = made.ticket()
    assert made.redeem(ticket)
    assert not made.redeem(ticket)
    assert not made.redeem("never made")


def test_ticket_ends_after_thirty_seconds() -> None:
    made, clock = sessions()
    ticket = made.ticket()
    clock.advance(TICKET_MS)
    assert not made.redeem(ticket)


def test_tickets_are_bounded_and_the_newest_stay() -> None:
    made, _ = sessions()
    tickets = [made.ticket() for _ in range(150)]
    assert len(made._tickets) == 100
    assert made.redeem(tickets[-1])


def test_token_is_compared_whole() -> None:
    made, _ = sessions()
    assert made.is_token("secret")
    for wrong in ("", "secre", "secrets", "Secret", "\udcff"):
        assert not made.is_token(wrong)
