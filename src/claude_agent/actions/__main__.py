"""`python -m claude_agent.actions NAME`: perform one action in the current folder."""

import difflib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from claude_agent.actions.context import Context, with_values, write_outputs
from claude_agent.actions.errors import ActionFailed
from claude_agent.actions.performing import body
from claude_agent.actions.registry import ACTIONS, ActionInfo


def main(arguments: list[str]) -> int:
    """Perform the named action; return 0, 1 (failed), 2 (wrong use) or 130 (stopped)."""
    outputs = os.environ.get("CLAUDE_AGENT_OUTPUTS")
    try:
        result = _perform(_info(arguments), os.environ)
        if outputs:
            write_outputs(Path(outputs), result)
    except ActionFailed as error:
        if outputs and error.outputs is not None:
            write_outputs(Path(outputs), error.outputs)
        _complain(error.message, error.hint)
        return error.code
    except OSError as error:
        _complain(f"{error.strerror or error}: {error.filename or 'a system call'}", "")
        return 1
    except KeyboardInterrupt:
        _complain("stopped", "")
        return 130
    return 0


def _info(arguments: list[str]) -> ActionInfo:
    if len(arguments) != 1 or arguments[0] not in ACTIONS:
        name = arguments[0] if arguments else ""
        near = difflib.get_close_matches(name, ACTIONS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(ACTIONS)}."
        msg = f"there is no action {name!r}"
        raise ActionFailed(msg, hint=hint, code=2)
    return ACTIONS[arguments[0]]


def _perform(info: ActionInfo, environment: Mapping[str, str]) -> Mapping[str, object]:
    home = environment.get("CLAUDE_AGENT_HOME")
    context = Context(
        values=with_values(info, environment),
        workspace=Path.cwd(),
        environment=environment,
        home=Path(home).absolute() if home else None,
    )
    return body(info.name)(context)


def _complain(message: str, hint: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"error: {message}\n")
    if hint:
        sys.stderr.write(f"hint: {hint}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
