"""The dead letter hook: the operator's command, told once of each new kind of dead letter.

The message that carries it is stored in the transaction of the event `dead_letter.first`, so a
crash between the two cannot be: either both are there or neither.
"""

import json
import logging
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from functools import partial

from claude_agent.api.asked import MessageToSend
from claude_agent.core.resilience import ResilienceManager
from claude_agent.errors import ClaudeAgentError
from claude_agent.hook_environment import HookEnvironment
from claude_agent.queue.actors import DEAD_LETTER_HOOK
from claude_agent.settings import Settings
from claude_agent.storage.database import Tx
from claude_agent.storage.secrets import SecretStore

_LOG = logging.getLogger(__name__)
PATIENCE_S = 60.0
BREAKER = "hook:dead_letter"
_SAID = 300
_SHOWN = ("kind", "id", "ref", "queue", "agent", "reason", "title", "message")


class HookFailed(ClaudeAgentError):
    """The operator's command did not end well; its message is tried again later."""

    code = "hook_failed"


class DeadLetterHook:
    """Sends what is to be told, and tells it."""

    def __init__(
        self,
        command: str,
        send: Callable[[Tx, MessageToSend], str],
        environment: HookEnvironment | None = None,
        resilience: ResilienceManager | None = None,
    ) -> None:
        """Take what keeps the breaker `hook:dead_letter`; without it there is none."""
        self._command = command
        self._send = send
        self._environment = environment or HookEnvironment()
        self._resilience = resilience

    def first(self, tx: Tx, letter: Mapping[str, object]) -> None:
        """Store the message for a letter that is the first of its kind, in its transaction."""
        # The hook's own dead letters are not told by the hook: that would never end.
        if self._command and letter["agent"] != DEAD_LETTER_HOOK:
            self._send(tx, MessageToSend(actor=DEAD_LETTER_HOOK, args=[dict(letter)], kwargs={}))

    def tell(self, letter: Mapping[str, object], key: str) -> None:
        """Run the command: the letter is its input (JSON) and in its environment.

        Raises `HookFailed` unless it ends with 0 within a minute; `BreakerOpen` while it is left
        alone; SecretMissing and SetupError where a secret that it names cannot be had.
        """
        if not self._command:
            message = "There is no command for dead letters in the configuration of this process."
            raise HookFailed(message, hint="Set [hooks] dead_letter on every host that works.")
        work = partial(self._run, letter, key)
        if self._resilience is None:
            work()
        else:
            self._resilience.guard(BREAKER, work, faults=HookFailed, key=key)

    def _run(self, letter: Mapping[str, object], key: str) -> None:
        own = {f"CLAUDE_AGENT_DEAD_LETTER_{n.upper()}": _plain(letter.get(n)) for n in _SHOWN}
        environment = self._environment.made({**own, "CLAUDE_AGENT_HOOK_ID": key})
        with subprocess.Popen(  # noqa: S603 - the operator's own command
            ["/bin/sh", "-c", self._command],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            try:
                said, _ = process.communicate(json.dumps(letter).encode(), timeout=PATIENCE_S)
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)
                if isinstance(error, subprocess.TimeoutExpired):
                    message = f"The hook for dead letters did not end within {PATIENCE_S:g} s."
                    raise HookFailed(message) from error
                raise
        if process.returncode:
            end = self._environment.clean(said).decode(errors="replace").strip()[-_SAID:]
            message = f"The hook for dead letters ended with {process.returncode}: {end}"
            raise HookFailed(message)
        _LOG.info("the hook was told of dead letter %s", letter.get("ref"))


def dead_letter_hook(
    settings: Settings,
    send: Callable[[Tx, MessageToSend], str],
    resilience: ResilienceManager,
) -> DeadLetterHook:
    """Return the hook as it is configured, with the secrets that it names and its breaker."""
    store = SecretStore(settings.home, os.environ)
    environment = HookEnvironment(store, settings.hooks.secrets)
    return DeadLetterHook(settings.hooks.dead_letter, send, environment, resilience)


def _plain(value: object) -> str:
    return str(value if value is not None else "").replace("\0", "?")
