"""What agents at work say and ask, as the gateway hands it on."""

import hashlib

from typing_extensions import override

from claude_agent.api.asked import Caller, IdempotencyKey, Page, Wire
from claude_agent.api.services_at_work import AtWorkServices
from claude_agent.core.agent_reports import AgentReports, Speaker
from claude_agent.core.questions import QuestionDesk
from claude_agent.domain.definition_parts import Data
from claude_agent.domain.question import Question
from claude_agent.domain.task_report import why_late
from claude_agent.domain.task_result import schema_of
from claude_agent.errors import Forbidden
from claude_agent.serve.base import Parts, page_start
from claude_agent.serve.tasks import Tasks
from claude_agent.storage import question_rows
from claude_agent.storage.chain import canonical
from claude_agent.storage.database import Reader


class AtWork(Tasks, AtWorkServices):
    """The words of running agents."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        clean = parts.planner.secrets.clean_data
        self._reports = AgentReports(parts.foundation, parts.desk, clean)
        self._doors = QuestionDesk(parts.foundation, parts.desk)

    @override
    def work_of(self, caller: Caller) -> Wire:
        task = self._reports.task(_speaker(caller))
        return {
            "ref": task.ref,
            "title": task.spec.title,
            "state": task.state.value,
            "schema": schema_of(task.spec),
            "late": why_late(task, caller.run),
        }

    @override
    def report_result(self, caller: Caller, result: Data) -> str:
        return self._reports.complete(_speaker(caller), result)

    @override
    def report_failure(self, caller: Caller, reason: str, *, retryable: bool) -> str:
        return self._reports.fail(_speaker(caller), reason, retryable=retryable)

    @override
    def report_progress(self, caller: Caller, text: str) -> str:
        return self._reports.progress(_speaker(caller), text)

    @override
    def count_call(self, caller: Caller) -> str:
        return self._reports.count(_speaker(caller))

    @override
    def ask_for(self, caller: Caller, asked: Data) -> Wire:
        task = self._reports.task(_speaker(caller))
        cleaned = self._parts.planner.secrets.clean_data(task, asked)
        same = self._database.read(lambda r: _open_one(r, caller, cleaned))
        if same is None:
            same = self._doors.raise_(caller.task_id, caller.run, cleaned, actor=caller.actor)
        return _asked(same)

    @override
    def asked_for(self, caller: Caller, ref: str) -> Wire:
        question = self._doors.get(ref)
        if (question.task_id, question.run) != (caller.task_id, caller.run):
            message = f"The question {question.ref} was not asked by this run."
            raise Forbidden(message)
        return _asked(question)

    @override
    def delegate(self, caller: Caller, spec: Data, key: str) -> Wire:
        told = hashlib.sha256(canonical(dict(spec)).encode()).hexdigest()
        once = IdempotencyKey(key=f"delegate:{caller.task_id}:{key or told}", body_hash=told)
        _, answer = self.submit_task(spec, actor=caller.actor, key=once, caller=caller)
        return self.task(str(answer["id"]))


def _open_one(reader: Reader, caller: Caller, asked: Data) -> Question | None:
    """Return the question of this run that asks the same and waits for its answer."""
    filters = {"agent": "", "task": caller.task_id, "execution": ""}
    rows = reader.rows("questions.list", state="open", **filters, **page_start(Page(limit=100)))
    found = (question_rows.question_of(row) for row in rows)
    wanted = (caller.run, "", asked["what"], asked["tool"], asked["text"], dict(asked["input"]))
    return next(
        (
            one
            for one in found
            if (one.run, one.name, one.what, one.tool, one.text, dict(one.input)) == wanted
        ),
        None,
    )


def _asked(question: Question) -> Wire:
    return {
        "ref": question.ref,
        "state": question.state.value,
        "decision": question.decision,
        "text": question.said,
    }


def _speaker(caller: Caller) -> Speaker:
    return Speaker(agent=caller.name, task_id=caller.task_id, run=caller.run)
