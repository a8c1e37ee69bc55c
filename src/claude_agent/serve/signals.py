"""Signals, as the gateway asks for them."""

from typing_extensions import override

from claude_agent.api.asked import Wire
from claude_agent.api.services_signals import SignalSent, SignalServices
from claude_agent.core.execution_views import execution_view
from claude_agent.domain.deciding.news import Signalled
from claude_agent.serve.base import Base
from claude_agent.storage.database import Tx


class SignalDesk(Base, SignalServices):
    """Hands signals on."""

    @override
    def signal_execution(self, ref: str, signal: SignalSent, *, actor: str) -> Wire:
        news = Signalled(
            name=signal.name,
            data=signal.data,
            source=signal.source or actor,
            message_id=signal.message_id,
        )
        context = self._parts.desk.context(actor)

        def work(tx: Tx) -> Wire:
            run = self._parts.links.signals.send(tx, ref, news, context)
            return execution_view(run, self._parts.executions.definition(tx, run.definition))

        return self._database.write(work)
