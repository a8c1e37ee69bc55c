"""Find the body of an action and perform it: as a command, or inside the worker."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from claude_agent.actions.context import Context, checked, pause, say_line
from claude_agent.actions.errors import ActionFailed
from claude_agent.actions.registry import ACTIONS

# Loaded on use: `noop` must not pay for the imports of `deploy_local`.
_BODIES: Mapping[str, str] = {
    "noop": "noop",
    "http_check": "http_check",
    "clone_repo": "clone_repo",
    "run_tests": "run_tests",
    "build_frontend": "build_frontend",
    "setup_database": "setup_database",
    "migrate": "migrate",
    "migrate_down": "migrate:down",
    "build_docker": "build_docker",
    "deploy_k8s": "deploy_k8s",
    "rollback_k8s": "rollback_k8s",
    "deploy_local": "deploy_local",
    "rollback_local": "deploy_local:rollback",
}

Body = Callable[[Context], Mapping[str, object]]


def body(name: str) -> Body:
    """Return the function that performs the action `name` (a key of ACTIONS)."""
    module, _, function = _BODIES[name].partition(":")
    loaded = importlib.import_module(f"claude_agent.actions.{module}")
    return cast("Body", getattr(loaded, function or "perform"))


def perform_in_worker(
    name: str,
    values: Mapping[str, object],
    *,
    say: Callable[[str], None] = say_line,
    wait: Callable[[float], None] = pause,
) -> Mapping[str, object]:
    """Perform an action that runs in the worker and return its outputs.

    `wait(seconds)` is called between tries; whoever stops the task lets it raise. Raises
    ActionFailed with one sentence for the person.
    """
    info = ACTIONS[name]
    if not info.in_worker:
        msg = f"the action {name} does not run in the worker"
        raise ActionFailed(msg)
    context = Context(
        values=checked(info, values), workspace=Path("/"), environment={}, say=say, pause=wait
    )
    return body(name)(context)
