"""Find the interpreter with which a Python project's own tools run."""

import sys
from pathlib import Path

from claude_agent.actions import process
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed

# Found, not imported: that is quicker. A folder of the same name in the checkout is not meant.
_HAS = """
import importlib.util, sys
sys.path.remove("")
sys.exit(importlib.util.find_spec(sys.argv[1]) is None)
"""


def interpreter(context: Context, module: str) -> str:
    """Return the first Python that has `module`: the project's .venv, VIRTUAL_ENV, ours, PATH's."""
    folder = context.checkout
    active = context.environment.get("VIRTUAL_ENV", "")
    named = [folder / ".venv", folder / "venv", *([Path(active)] if active else [])]
    wanted = [str(place / "bin" / "python") for place in named]
    looked = []
    for python in [*(one for one in wanted if Path(one).exists()), sys.executable, "python3"]:
        looked.append(python)
        answer = process.ask(
            [python, "-c", _HAS, module],
            cwd=folder,
            environment=dict(context.environment),
        )
        if answer.code == 0:
            return python
    message = f"none of these has {module}: {', '.join(looked)}"
    hint = f"Make {folder / '.venv'} with the project's requirements, or run a step that does."
    raise ActionFailed(message, hint=hint)
