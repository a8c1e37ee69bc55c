"""The gateway: one FastAPI application over the `Services` port, behind one guard.

`app` is made on first use from the composition root, for `uvicorn claude_agent.api.gateway:app`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

import claude_agent
from claude_agent.api import openapi, problems
from claude_agent.api.context import Context, Limits
from claude_agent.api.guard import Guard
from claude_agent.api.hub import Hub
from claude_agent.api.routes import (
    agents,
    approvals,
    at_work,
    browser,
    dead_letters,
    events,
    executions,
    hooks,
    hosts,
    insight,
    questions,
    queues,
    resilience,
    schedules,
    second_chances,
    signals,
    state,
    system,
    takeover,
    tasks,
    terminal,
    triggers,
    workflows,
)
from claude_agent.api.services import Services
from claude_agent.api.sessions import Sessions
from claude_agent.clock import Clock, SystemClock
from claude_agent.errors import ClaudeAgentError

_ROUTERS = (
    at_work,
    hooks,
    schedules,
    triggers,
    system,
    takeover,
    terminal,
    tasks,
    agents,
    hosts,
    queues,
    resilience,
    state,
    dead_letters,
    approvals,
    questions,
    workflows,
    executions,
    insight,
    signals,
    second_chances,
    events,
    browser,
)
_DASHBOARD = Path(claude_agent.__file__).parent / "dashboard"


def create_app(
    services: Services,
    *,
    limits: Limits | None = None,
    clock: Clock | None = None,
    dashboard: Path = _DASHBOARD,
) -> FastAPI:
    """Return the application that serves these services.

    `app.state.context.hub.close()` lets everybody go who follows or waits for events; call it
    when a graceful stop begins. The services themselves are started and stopped by the caller.
    """
    limits, access = limits or Limits(), services.access()
    context = Context(
        services=services,
        access=access,
        sessions=Sessions(access.token, clock or SystemClock()),
        limits=limits,
        hub=Hub(services, backlog_bytes=limits.backlog_bytes),
    )
    app = FastAPI(
        title="claude-agent",
        summary="A durable queue, undoable workflows and agents in tmux that survive a crash",
        description="Tasks, workflows, agents and their events. Errors are RFC 9457 problems.",
        version=claude_agent.__version__,
        lifespan=_lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.context, app.state.dashboard = context, dashboard
    for module in _ROUTERS:
        # Taken over as they are: `include_router` would build and match each a second time.
        app.router.routes.extend(module.router.routes)
    app.add_exception_handler(ClaudeAgentError, problems.on_error)
    app.add_exception_handler(HTTPException, problems.on_http_error)
    app.add_exception_handler(RequestValidationError, problems.on_error)
    app.add_middleware(Guard, access=access, sessions=context.sessions, identify=services.identify)
    _document_lazily(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    context: Context = app.state.context
    await context.hub.open(context.call)
    try:
        yield
    finally:
        context.hub.close()


def _document_lazily(app: FastAPI) -> None:
    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = openapi.complete(app)
        return app.openapi_schema

    # FastAPI's own way to extend the document: an instance's `openapi` is replaced.
    app.openapi = document  # type: ignore[method-assign]


def __getattr__(name: str) -> FastAPI:
    if name != "app":
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    # By name and at the last moment: the floors forbid that the API knows who builds it.
    made: FastAPI = import_module("claude_agent.app").make_app()
    globals()["app"] = made
    return made
