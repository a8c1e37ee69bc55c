"""Questions of agents at work: list, show, answer."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from claude_agent.api.context import caller, part, read_body, read_query, reply, services
from claude_agent.api.idempotency import answer_once
from claude_agent.api.openapi import documented
from claude_agent.api.wire_questions import AnswerQuestion, QuestionQuery

router = APIRouter(tags=["questions"])


@router.get(
    "/questions",
    summary="List questions of agents at work",
    openapi_extra=documented(query=QuestionQuery, answer="QuestionList"),
)
async def questions(request: Request) -> Response:
    """Return a page of questions, newest first, with the number in each state."""
    wanted = read_query(request, QuestionQuery).to_filter()
    return await reply(request, services(request).questions, wanted)


@router.get(
    "/questions/{ref}", summary="Show one question", openapi_extra=documented(answer="Question")
)
async def question(request: Request) -> Response:
    """Return the question with this id or ref, or that a task waits for."""
    return await reply(request, services(request).question, part(request, "ref"))


@router.post(
    "/questions/{ref}/answer",
    summary="Answer a question",
    openapi_extra=documented(body=AnswerQuestion, answer="Question"),
)
async def answer(request: Request) -> Response:
    """Allow, deny or answer; of several who answer one wins, the others get 409."""
    body, plain = await read_body(request, AnswerQuestion)
    port, ref, who = services(request), part(request, "ref"), caller(request)
    said = body.to_said()
    return await answer_once(
        request, lambda key: port.answer_question(ref, said, caller=who, key=key), plain
    )
