"""What was stored once is read for ever, and keeps its hash."""

from claude_agent.domain.definition import Definition
from claude_agent.domain.definition_kinds import Approval, Case, Emit, Wait
from claude_agent.domain.definition_parts import (
    Cache,
    Fallback,
    Foreach,
    Matrix,
    Timeouts,
    Workspace,
)
from claude_agent.domain.definition_start import (
    Budget,
    Concurrency,
    EventTrigger,
    Schedule,
    Triggers,
    Webhook,
)
from claude_agent.domain.definition_step import Step
from claude_agent.domain.retry import RetryPolicy
from tests.unit.domain.compiling import compiled
from tests.unit.domain.test_compile import SMALLEST, WHOLE

DIGESTS = {
    SMALLEST: "9403148187f692ed20c720fb486c7e7c8a676289df04738ef98c7fca37489513",
    WHOLE: "6ee236ef80a23fd498372f73b55b7deda55c1e392fe819868bb45fe89e0271da",
}
"""As the first release that stored definitions computed them."""

EVERYTHING = Definition(
    name="Everything",
    slug="everything",
    on=Triggers(
        schedule=(Schedule(cron="0 6 * * *", tz="Europe/Rome", catchup_ms=1, inputs={"a": 1}),),
        webhook=(Webhook(path="deploy", secret="HOOK", if_="event.body.ok"),),  # noqa: S106 - a name
        event=(EventTrigger(type="x.y", inputs={"a": "${{ event.data.a }}"}),),
    ),
    secrets=("TOKEN", "HOOK"),
    concurrency=Concurrency(key="k-${{ inputs.env }}", limit=2, on_conflict="skip"),
    budget=Budget(usd=5.0, tokens=7, on_exceed="stop"),
    compensation_timeout_ms=9,
    steps=(
        Step(id="ask", kind="approval", approval=Approval(show=("diff",), form={"note": {}})),
        Step(id="wait", kind="wait", wait=Wait(for_=600_000, or_signal="skip", if_="event.ok")),
        Step(id="say", kind="emit", emit=Emit(type="x.y", data={"ok": "${{ success() }}"})),
        Step(
            id="pick",
            kind="switch",
            switch=(Case(if_="inputs.a", then=("many",)), Case(then=("each",))),
        ),
        Step(
            id="many",
            kind="run",
            run="x",
            depends_on=("pick",),
            matrix=Matrix(
                axes={"b": [1, 2], "a": "${{ inputs.list }}"},
                include=({"b": 3},),
                exclude=({"b": 1},),
                max_parallel=3,
                fail_fast=False,
            ),
            agents=("one", "two"),
            fallback=(Fallback(agent="two", kind="run", run="y", with_={}), Fallback()),
            lock="db-${{ inputs.env }}",
            cache=Cache(key="k", ttl_ms=5),
            secrets={"TOKEN": "TOKEN"},
            timeout=Timeouts(heartbeat_ms=60_000),
            retry=RetryPolicy(if_="failure.kind == 'crash'", prompt="again", agent="two"),
            workspace="worktree",
            place=Workspace(mode="worktree", repo="r", base="main", setup="make", copy=(".env",)),
        ),
        Step(
            id="each",
            kind="workflow",
            workflow="smoke",
            depends_on=("pick",),
            foreach=Foreach(items="${{ inputs.list }}", max_parallel=2),
            capabilities=("python",),
        ),
    ),
)


def test_a_definition_without_younger_fields_keeps_its_hash() -> None:
    assert {text: compiled(text).digest for text in DIGESTS} == DIGESTS


def test_every_younger_field_survives_its_stored_form() -> None:
    again = Definition.from_data(EVERYTHING.to_data())
    assert again == EVERYTHING
    assert again.digest == EVERYTHING.digest


def test_younger_fields_are_stored_only_where_they_are_set() -> None:
    data = compiled(SMALLEST).to_data()
    assert not {"on", "secrets", "concurrency", "budget"} & set(data)
    assert not {"approval", "matrix", "agents", "place"} & set(data["steps"][0])
    assert "heartbeat_ms" not in data["steps"][0]["timeout"]
    assert not {"if", "prompt", "agent"} & set(data["steps"][0]["retry"])
