"""Questions between rows and values: the same mapping for writing, reading and rebuilding."""

import json
from dataclasses import fields
from typing import Any

from claude_agent.domain.events import decode
from claude_agent.domain.question import Question, QuestionState, evolve, raised
from claude_agent.domain.question_events import QuestionRaised
from claude_agent.storage.chain import canonical
from claude_agent.storage.database import Reader, Row
from claude_agent.storage.log import Recorded

_COLUMNS = ("id", "ref", "seq", "task_id", "run", "name", "what", "agent", "execution_id")
__all__ = ["fold_questions", "load", "question_of", "to_row"]


def to_row(question: Question) -> dict[str, Any]:
    """Return every column of the question's row."""
    data = {item.name: getattr(question, item.name) for item in fields(question)}
    names = (*_COLUMNS, "created_at")
    rest = {name: value for name, value in data.items() if name not in names}
    row = {name: data[name] for name in names}
    return row | {"state": question.state.value, "data": canonical(rest)}


def question_of(row: Row) -> Question:
    """Return the question of a row."""
    data = json.loads(row["data"])
    known = {name: row[name] for name in (*_COLUMNS, "created_at")}
    data |= {"state": QuestionState(row["state"]), "options": tuple(data["options"])}
    return Question(**known, **data)


def load(reader: Reader, question_id: str) -> Question | None:
    """Return the question with this id. Its task is locked before it."""
    row = reader.row("questions.by_id", id=question_id)
    return question_of(row) if row is not None else None


def fold_questions(history: list[Recorded]) -> dict[str, Question]:
    """Fold every question out of the log, for rebuilding and comparing."""
    found: dict[str, Question] = {}
    for one in history:
        kind, _, question_id = one.event.stream.partition("/")
        said = decode(one.event) if kind == "question" else None
        if isinstance(said, QuestionRaised):
            found[question_id] = raised(question_id, said, one.event.at)
        elif said is not None:
            found[question_id] = evolve(found[question_id], said, one.event.at)
    return found
