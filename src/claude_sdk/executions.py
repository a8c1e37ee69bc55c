"""Runs of workflows and what people do with them: `system.executions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from claude_sdk.parts import Executions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claude_sdk.wire import Execution, Json


class SteeredExecutions(Executions):
    """Look at executions, pause them, and give them second chances.

    A second chance opens a new generation of the same execution: steps in force stay as they
    ended, the others begin anew. All raise NotFound for an execution or step that is not there,
    and Conflict with a hint where its state does not allow it; then nothing was changed.
    """

    def pause(self, ref: str) -> Execution:
        """Let nothing new start; what runs goes on."""
        return self._steer(ref, "pause", {})

    def resume(self, ref: str) -> Execution:
        """Let a paused execution go on."""
        return self._steer(ref, "resume", {})

    def retry(
        self,
        ref: str,
        *,
        step: str | None = None,
        params: Json | None = None,
        failed_only: bool = False,
    ) -> Execution:
        """Run again what is not in force, and a chosen step with all that depends on it.

        `params` change inputs; `failed_only`: of a step with many, not the instances in force.
        """
        body: Json = {"failed_only": failed_only}
        return self._steer(ref, "retry", body, step=step, params=params)

    def rewind(self, ref: str, step: str, feedback: str) -> Execution:
        """Go back to a step; it is told the feedback."""
        return self._steer(ref, "rewind", {"feedback": feedback}, step=step)

    def skip(self, ref: str, step: str) -> Execution:
        """Go on without a step: what depends on it runs."""
        return self._steer(ref, "skip", {}, step=step)

    def set_output(self, ref: str, step: str, outputs: Json) -> Execution:
        """Go on as if a step had delivered these outputs."""
        return self._steer(ref, "set-output", {"outputs": outputs}, step=step)

    def fork(self, ref: str, *, step: str | None = None, params: Json | None = None) -> Execution:
        """Start a new execution that takes over what is in force; return the new one."""
        return self._steer(ref, "fork", {}, step=step, params=params)

    def compensate(self, ref: str, *, skip: Sequence[str] = ()) -> Execution:
        """Undo what is in force, or resume an undoing that failed, without the steps of `skip`."""
        return self._steer(ref, "compensate", {"skip": list(skip)} if skip else {})

    def _steer(self, ref: str, what: str, body: Json, **more: object) -> Execution:
        given = body | {name: value for name, value in more.items() if value is not None}
        return cast("Execution", self._post("executions", ref, what, body=given))
