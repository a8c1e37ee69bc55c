"""What is kept of a run while it goes on: enough for its end, and never much."""

from claude_agent.agents import spending
from claude_agent.agents.adapter import AgentEvent, Ending, EventKind
from claude_agent.agents.adapters.claude import ClaudeAdapter
from claude_agent.agents.seen import TEXT_CHARACTERS, Seen

START = AgentEvent(kind=EventKind.STARTED, data={"conversation": "c1"})
GOOD = AgentEvent(kind=EventKind.FINAL)
BAD = AgentEvent(kind=EventKind.ERROR, text="late", ok=False, data={"error_kind": "auth"})


def text(said: str, *, delta: bool = False) -> AgentEvent:
    return AgentEvent(kind=EventKind.TEXT, text=said, data={"delta": delta})


def tool() -> AgentEvent:
    return AgentEvent(kind=EventKind.TOOL_START, text="Bash", data={"id": "x" * 9_000})


def part(count: int) -> AgentEvent:
    return AgentEvent(kind=EventKind.USAGE, data={"input": count, "cost_usd": 0.5, "more": True})


def test_conclusion_is_that_of_the_whole_stream() -> None:
    whole = [START, text("first"), tool(), text("I ", delta=True), text("did it", delta=True)]
    whole += [GOOD, text("afterwards"), BAD]
    kept = Seen(whole).events()
    for events in (whole, kept):
        found = ClaudeAdapter().finish(events, Ending(code=0))
        assert (found.ok, found.outputs) == (True, {"summary": "I did it"})
    assert spending.conversation(kept) == "c1"


def test_first_of_two_ends_counts() -> None:
    seen = Seen([START, BAD, GOOD])
    assert ClaudeAdapter().finish(seen.events(), Ending(code=0)).kind == "auth"


def test_flood_of_events_is_not_kept() -> None:
    seen = Seen([START])
    raw = AgentEvent(kind=EventKind.RAW, data={"x": "y" * 1_000})
    for _ in range(2_000):
        seen.add([raw, tool(), text("z" * 500, delta=True), part(2), START, GOOD])
    kept = seen.events()
    assert seen.count == 12_001
    assert len(kept) < 30
    assert sum(len(event.text) for event in kept) <= TEXT_CHARACTERS
    found = spending.total(kept)
    assert found is not None
    assert (found.input, found.cost_usd) == (4_000, 1_000.0)


def test_deltas_are_joined_up_to_a_limit() -> None:
    seen = Seen([text("a" * 1_000, delta=True) for _ in range(400)])
    assert len(seen.events()[0].text) == TEXT_CHARACTERS


def test_when_a_limit_ends_is_kept_until_something_else_is_said_of_it() -> None:
    said = AgentEvent(kind=EventKind.RETRY, ok=False, data={"kind": "rate", "resets_at": 7})
    words = AgentEvent(kind=EventKind.RETRY, ok=False, text="You've hit your limit")
    (kept,) = Seen([said, words]).events()
    assert (kept.text, kept.data) == ("You've hit your limit", {"resets_at": 7})
    later = AgentEvent(kind=EventKind.RETRY, ok=False, data={"resets_at": 9})
    (kept,) = Seen([said, words, later]).events()
    assert kept.data["resets_at"] == 9
