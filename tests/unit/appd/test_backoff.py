from claude_agent.appd.backoff import FIRST_S, LONGEST_S, STEADY_S, Backoff


def test_backoff_doubles_up_to_its_limit() -> None:
    backoff = Backoff()
    waits = [backoff.after(0.1) for _ in range(12)]
    assert waits[:4] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S, 8 * FIRST_S]
    assert waits[-1] == LONGEST_S


def test_backoff_starts_anew_after_a_steady_life() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.after(1)
    assert backoff.after(STEADY_S) == FIRST_S
