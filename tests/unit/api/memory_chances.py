"""Second chances of the gateway's stand-in: they are answered and remembered."""

from typing_extensions import override

from claude_agent.api.services import Answered, ExecutionServices, IdempotencyKey, SecondChance


class MemoryChances(ExecutionServices):
    """Says what was asked as the execution's reason."""

    @override
    def second_chance(
        self, asked: SecondChance, *, actor: str, key: IdempotencyKey | None
    ) -> Answered:
        execution = self.execution(asked.ref)
        execution["reason"] = f"{asked.what} {asked.step}".strip()
        return (201 if asked.what == "fork" else 202), execution
