"""Stored histories of earlier versions fold today to what they folded to then."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from claude_agent.domain.definition import Definition
from claude_agent.domain.events import Event, decode, kinds
from claude_agent.domain.execution_events import ExecutionSubmitted
from claude_agent.storage.chain import GENESIS, canonical, data_hash, link
from claude_agent.storage.log import Recorded, envelope
from tests.golden.folding import Folded, folded, lost, opened
from tests.golden.make import HISTORIES, optional
from tests.integration.every_event import NOT_YET, known_types

FILES = sorted(HISTORIES.glob("*.jsonl"))
GONE: dict[str, str] = {}
"""Columns (`tasks.refunds`) that a migration has removed or renamed, and which one."""
WHAT_TO_DO = """
What earlier versions have stored must stay readable, and mean the same. So:
- a field of an event that is renamed or means something else: raise its V and add an `upcaster`;
- a new field of an event: give it a default; a default that there is: keep it;
- a fold that was wrong: say so in the commit, and keep the old way for old events (by their v);
- a column that a migration removed: name it in GONE of tests/golden/test_golden.py.
Never edit a golden file. For new events add one: python -m tests.golden.make NAME
"""


class Golden:
    """One stored history."""

    def __init__(self, file: Path) -> None:
        first, *lines = file.read_text("utf-8").splitlines()
        self.about: dict[str, Any] = json.loads(first)
        self.lines: list[dict[str, Any]] = [json.loads(line) for line in lines]
        self.folded: Folded = json.loads(file.with_suffix(".folded.json").read_text("utf-8"))
        names = {item.name for item in fields(Event)}
        self.history = [
            Recorded(pos=line["pos"], event=Event(**{name: line[name] for name in names}))
            for line in self.lines
        ]

    def changed(self, change: Any) -> list[Recorded]:
        """Return the history with every event's data changed."""
        return [
            replace(one, event=replace(one.event, data=change(one.event))) for one in self.history
        ]

    def lean(self, event: Event) -> Mapping[str, Any]:
        """Return the data as one wrote it who knew none of the fields with defaults."""
        without = self.about["types"].get(event.type, {}).get("optional", {})
        return {
            name: value
            for name, value in event.data.items()
            if name not in without or value != without[name]
        }


@pytest.fixture(scope="module", params=FILES, ids=lambda file: file.stem)
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(request.param)


def tell(problems: list[str]) -> None:
    shown = "\n".join(problems[:20])
    assert not problems, f"{len(problems)} differences:\n{shown}\n{WHAT_TO_DO}"


def test_history_folds_to_what_it_folded_to(golden: Golden) -> None:
    tell(lost(golden.folded, folded(golden.history), GONE))


def test_fields_that_were_not_there_yet_have_their_defaults(golden: Golden) -> None:
    lean = golden.changed(golden.lean)
    assert lean != golden.history
    try:
        now = folded(lean)
    except TypeError as error:  # a field that was optional is needed
        error.add_note(WHAT_TO_DO)
        raise
    tell(lost(golden.folded, now, GONE))


def test_every_field_of_a_stored_event_is_known_still(golden: Golden) -> None:
    """What is not known is dropped without a word: so a renamed field loses what was stored."""
    problems = set()
    for one in golden.history:
        said = decode(one.event)
        if said is None or one.event.v != type(said).V:  # an upcaster may rename
            assert one.event.type not in golden.about["types"] or said is not None, (
                f"events {one.event.type} are not known any more.{WHAT_TO_DO}"
            )
            continue
        known = {item.name for item in fields(said)}
        problems |= {f"{one.event.type}: {name} is unknown" for name in {*one.event.data} - known}
    tell(sorted(problems))


def test_defaults_are_the_same_still(golden: Golden) -> None:
    """Also of those that fold to nothing: an old event must not come to say something else."""
    problems = []
    for type_, said in golden.about["types"].items():
        kind = kinds().get(type_)
        if kind is None or said["v"] != kind.V:
            continue
        now = json.loads(json.dumps(optional(kind)))
        problems += [
            f"{type_}: without {name} it was {value!r}, and is {now.get(name, 'an error')!r}"
            for name, value in said["optional"].items()
            if name not in now or now[name] != value
        ]
    tell(problems)


def test_what_a_newer_version_wrote_changes_nothing_that_is_known(golden: Golden) -> None:
    """Unknown fields and unknown types, in every stream, are left alone."""
    tomorrow = golden.changed(lambda event: {**event.data, "of_tomorrow": {"n": 1}})
    last = {one.event.stream: one for one in tomorrow}
    for n, one in enumerate(last.values(), start=1):
        type_ = f"{one.event.stream.partition('/')[0]}.said_tomorrow"
        event = replace(one.event, seq=one.event.seq + 1, type=type_, v=7, data={"step": "a"})
        tomorrow.append(Recorded(pos=len(golden.history) + n, event=event))
    tell(lost(golden.folded, folded(tomorrow), GONE))


def test_chain_of_a_stored_log_holds(golden: Golden) -> None:
    chain = GENESIS
    for line in golden.lines:
        chain = link(chain, line["pos"], envelope(line), data_hash(canonical(line["data"])))
        assert chain == line["hash"], f"the chain breaks at {line['pos']}.{WHAT_TO_DO}"


def test_stored_definitions_are_read_and_drive_their_executions(golden: Golden) -> None:
    found = {}
    for row in golden.about["definitions"]:
        data = json.loads(row["data"])
        found[row["hash"]] = Definition.from_data(data)
        now = json.loads(json.dumps(found[row["hash"]].to_data()))
        tell(lost({"definition": {row["slug"]: data}}, {"definition": {row["slug"]: now}}, GONE))
    for one in golden.history:
        if one.event.type == ExecutionSubmitted.TYPE:
            data = one.event.data
            assert data["definition"] in found
            assert [step.id for step in found[data["definition"]].steps] == data["steps"]


def test_every_type_of_event_stands_in_a_golden_history() -> None:
    said = {one.event.type for file in FILES for one in Golden(file).history}
    missing = known_types() - said - NOT_YET
    words = "add a history that has them: python -m tests.golden.make NAME"
    assert not missing, f"no golden history has {sorted(missing)}: {words}"


# The guard itself ----------------------------------------------------------------------------


def test_a_changed_fold_a_renamed_field_and_a_lost_default_are_told(golden: Golden) -> None:
    now = folded(golden.history)
    name, row = next(iter(golden.folded["tasks"].items()))
    for changed in (
        {**row, "refunds": row["refunds"] + 1},
        {column: value for column, value in row.items() if column != "refunds"},
    ):
        (told,) = lost(golden.folded, {**now, "tasks": {**now["tasks"], name: changed}}, GONE)
        assert told.startswith(f"tasks {name}: refunds was 0 and is ")
    gone = {"tasks.refunds": "a migration"}
    assert not lost(golden.folded, {**now, "tasks": {**now["tasks"], name: changed}}, gone)
    more = {**now, "tasks": {**now["tasks"], name: {**row, "new": 1}}}
    assert not lost(golden.folded, more, GONE)
    assert lost(golden.folded, {**now, "tasks": {}}, GONE)


def test_names_in_the_data_of_a_row_are_columns() -> None:
    assert opened({"id": "a", "data": '{"b": 1}'}) == {"id": "a", "data.b": 1}
