"""Accounts with providers of models: who may start an agent of one, and what stops them all.

An account is a breaker `account:<name>` beside the agent's own. A usage limit opens it until the
limit ends, a refused key or bill until a person has seen to it; what ran into it waits, uncounted.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from typing_extensions import override

from claude_agent.core import audit
from claude_agent.core.catalogue import AgentInfo, AgentLink
from claude_agent.core.foundation import Foundation
from claude_agent.core.resilience import ResilienceManager
from claude_agent.core.task_desk import READY, TaskDesk
from claude_agent.core.timed import Timed
from claude_agent.domain import account as rules
from claude_agent.domain.account import AccountPolicy, Met
from claude_agent.domain.breaker import Breaker, BreakerState
from claude_agent.domain.events import Context, Payload
from claude_agent.domain.explaining.reasons import Limit
from claude_agent.domain.retry import Failure
from claude_agent.domain.task import Task
from claude_agent.domain.task_parking import Unpark
from claude_agent.domain.usage_limit import Parking
from claude_agent.storage import breaker_rows, task_rows
from claude_agent.storage.database import Reader, Row, Tx

_PREFIX = rules.account("")
_NOBODY = [""]
"""No agent: an empty list would exclude every one in SQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Whose prompts are not started now."""

    agents: list[str]
    bound: list[str]
    """Those of which only what was approved waits: others are done by their fallback."""


class Accounts(Timed):
    """Judges accounts by what their agents come to; every method may be called from any thread."""

    def __init__(
        self,
        foundation: Foundation,
        desk: TaskDesk,
        resilience: ResilienceManager,
        policy: AccountPolicy | None = None,
    ) -> None:
        self._database = foundation.database
        self._clock = foundation.clock
        self._ids = foundation.ids
        self._notifier = foundation.notifier
        self._desk = desk
        self._resilience = resilience
        self.policy = policy or AccountPolicy()
        agents = foundation.catalogue.agents
        self._agents = {
            name: info for name, info in agents.items() if any(link.account for link in info.links)
        }

    # Who may start --------------------------------------------------------------------------

    def away(self, reader: Reader) -> Away:
        """Return whose prompts wait: for the end of a limit, or for the distance of launches."""
        if not self._agents:
            return Away(agents=_NOBODY, bound=_NOBODY)
        shut = _shut(reader)
        full = self._full(reader)
        agents, bound = [""], [""]
        for name, info in self._agents.items():
            link = _first(info.links, shut)
            if link is None or (link.staggered and link.account in full):
                agents.append(name)
            elif link is not info.links[0]:
                bound.append(name)
        return Away(agents=agents, bound=bound)

    def take(self, tx: Tx, row: Row) -> bool:
        """Count the launch of a picked task; False: another one is the try of its account."""
        info = self._agents.get(row["agent"])
        if info is None or row["kind"] != "prompt":
            return True
        shut = _shut(tx)
        link = _first(_links(info, row["approval"]), shut)
        if link is None:
            return False
        if not link.account:
            return True
        name = rules.account(link.account)
        found = tx.row("breakers.one", name=name)
        half = found is not None and found["state"] == BreakerState.HALF_OPEN
        if half and tx.execute("breakers.try_task", name=name, task=row["id"]) != 1:
            return False
        if link.staggered:
            now = self._clock.now()
            tx.execute("accounts.launched", account=link.account, task=row["id"], at=now)
        return True

    def give_back(self, tx: Tx, row: Row) -> None:
        """Undo `take` for a task that was not claimed after all."""
        for each in tx.rows("breakers.away"):
            if each["probe"] == row["id"] and each["name"].startswith(_PREFIX):
                tx.execute("breakers.not_tried", name=each["name"], task=row["id"])
        tx.execute("accounts.not_launched", task=row["id"], at=self._clock.now())

    def choose(self, task: Task) -> AgentLink | Parking | None:
        """Return what does a claimed prompt: the first whose account is there.

        A parking where none is any more; None where its agent has no accounts.
        """
        info = self._agents.get(task.spec.agent)
        if info is None or task.spec.kind != "prompt" or task.goes_on:
            return None
        links = _links(info, task.approval)

        def work(reader: Reader) -> dict[str, Breaker]:
            names = {link.account for link in links if link.account}
            return {n: breaker_rows.load(reader, rules.account(n)) for n in sorted(names)}

        found = self._database.read(work)
        for link in links:
            if not link.account or _own_key(task, link) or _lets(found[link.account], task):
                return link
        first = min(found.values(), key=lambda one: one.until)
        later = max(first.until, self._clock.now())
        account = first.name.removeprefix(_PREFIX)
        return Parking(until=later, dated=first.dated, account=account, kind=first.kind or "rate")

    def around(self, reader: Reader, agents: Iterable[str]) -> Mapping[str, Limit]:
        """Return what stands in the way of the prompts of some agents, by the agent's name."""
        shut, full = _shut(reader), self._full(reader)
        found = {}
        for name in agents:
            info = self._agents.get(name)
            link = None if info is None else _first(info.links, shut)
            if info is None or (link is not None and link.account not in full):
                continue
            if link is not None:
                breaker = Breaker(name=rules.account(link.account))
                found[name] = Limit(breaker=breaker, next_at=full[link.account])
                continue
            names = sorted({rules.account(each.account) for each in info.links})
            breakers = [breaker_rows.load(reader, each) for each in names]
            found[name] = Limit(breaker=min(breakers, key=lambda one: one.until))
        return found

    def _full(self, reader: Reader) -> dict[str, int]:
        """Return when each account that has started enough agents may start the next one."""
        within, now = self.policy.within_ms, self._clock.now()
        rows = reader.rows("accounts.recent", since=now - within, now=now)
        most = self.policy.launches
        return {row["account"]: row["first"] + within for row in rows if row["count"] >= most}

    # What becomes of them -------------------------------------------------------------------

    def judged(self, task: Task, failure: Failure | None) -> Failure | None:
        """Judge the account of a run by its end; return the failure as it is to be recorded.

        Called before the end is recorded: the account is shut before its slot is free.
        """
        if task.spec.kind != "prompt" or (failure is not None and failure.parking is not None):
            return failure
        link = self._link(task)
        account = link.account if link is not None and not _own_key(task, link) else ""
        name = rules.account(account)
        if failure is None or failure.kind in rules.WORKED:
            if account:
                self._resilience.worked(name)
            return failure
        if failure.kind == rules.LIMITED:
            return replace(failure, parking=self._limited(task, account, failure))
        if not account:
            return failure
        if failure.kind in rules.REFUSED:
            return self._refused(task, account, failure)
        if failure.kind == rules.OVERLOADED:
            self._resilience.failed(name, f"{failure.kind}: {failure.message}"[:300])
        else:
            self._resilience.let_go(name, task.id)
        return failure

    def _limited(self, task: Task, account: str, failure: Failure) -> Parking:
        now, chance = self._clock.now(), self._ids.chance()
        if not account:
            end = rules.until(failure.reset, self.policy.pause_ms, now, chance)
            return Parking(until=end.at, dated=end.dated)
        one = self._shut(account, failure, chance)
        if self._goes_on(task):
            return Parking(until=now, account=account)
        return Parking(until=max(now, one.until), dated=one.dated, account=account)

    def _refused(self, task: Task, account: str, failure: Failure) -> Failure:
        before = self._database.read(lambda r: breaker_rows.load(r, rules.account(account)))
        tried = before.state == BreakerState.HALF_OPEN and before.probe == task.id
        one = self._shut(account, failure, self._ids.chance())
        now = self._clock.now()
        if self._goes_on(task):
            parking = Parking(until=now, account=account, kind=failure.kind)
            return replace(failure, parking=parking)
        if not tried:
            return failure
        # It was started to see whether the account works again: that is not its failure.
        until = max(now, one.until)
        return replace(failure, parking=Parking(until=until, account=account, kind=failure.kind))

    def _shut(self, account: str, failure: Failure, chance: float) -> Breaker:
        reason = f"{failure.kind}: {failure.message}"[:300]

        def decide(tx: Tx, one: Breaker, context: Context) -> list[Payload]:
            met = Met(
                kind=failure.kind, reason=reason, at=context.at, said=failure.reset, chance=chance
            )
            said = rules.opened(one, met, self.policy)
            if said and failure.kind in rules.REFUSED:
                _tell(tx, account, reason, context)
            return said

        return self._resilience.change(rules.account(account), decide)

    def _goes_on(self, task: Task) -> bool:
        """Say whether another of its agent's links may do it at once."""
        return isinstance(self.choose(task), AgentLink)

    def _link(self, task: Task) -> AgentLink | None:
        info = self._agents.get(task.spec.agent)
        links = () if info is None else info.links
        return next((each for each in links if each.adapter == task.adapter), None)

    # People and time ------------------------------------------------------------------------

    def reset(self, name: str, *, actor: str) -> Breaker:
        """Use a breaker's thing again at once; what is parked for that account is due now.

        Raises `NotFound`, `Conflict` when it is closed and nothing is parked for it.
        """
        account = name.removeprefix(_PREFIX) if name.startswith(_PREFIX) else ""

        def work(tx: Tx) -> Breaker:
            waiting = [
                row["id"]
                for row in (tx.rows("tasks.parked") if account else [])
                if json.loads(row["parked"])["account"] == account
            ]
            task_rows.lock(tx, waiting)
            context = self._desk.context(actor)
            for task_id in waiting:
                task = task_rows.load(tx, task_id)
                if task is not None:
                    self._desk.apply(tx, task, Unpark(at=context.at), context)
            return self._resilience.reset_in(tx, name, actor=actor, anyway=bool(waiting))

        return self._database.write(work)

    @override
    def tick(self, now: int) -> int:
        if not self._agents or self._database.read(self.next_due) is None:
            return 0
        within = self.policy.within_ms
        gone = self._database.write(
            lambda tx: tx.execute("accounts.forget", since=now - within, later=now + within),
            durable=False,
        )
        if gone:
            self._notifier.ring(READY)
        return gone

    @override
    def next_due(self, reader: Reader) -> int | None:
        row = reader.row("accounts.first")
        return None if row is None or row["at"] is None else row["at"] + self.policy.within_ms


def _tell(tx: Tx, account: str, reason: str, context: Context) -> None:
    """Tell people that an account needs them."""
    name = rules.account(account)
    command = f"claude-agent breaker reset {name}"
    message = f"The account {account} is refused ({reason}): its agents wait for a person."
    told = {"about": name, "message": message, "command": command}
    audit.record(tx, context, f"notice/{name}", "notice.raised", told)


def _links(info: AgentInfo, approval: str) -> tuple[AgentLink, ...]:
    """Return what may do a task: an approval binds it to the agent's own adapter."""
    return info.links[:1] if approval else info.links


def _first(links: tuple[AgentLink, ...], shut: set[str]) -> AgentLink | None:
    return next((each for each in links if each.account not in shut), None)


def _shut(reader: Reader) -> set[str]:
    """Return the accounts that start nobody: open, or being tried just now."""
    return {
        row["name"].removeprefix(_PREFIX)
        for row in reader.rows("breakers.away")
        if row["name"].startswith(_PREFIX) and (row["state"] == BreakerState.OPEN or row["probe"])
    }


def _lets(one: Breaker, task: Task) -> bool:
    if one.state == BreakerState.HALF_OPEN:
        return one.probe == task.id
    return one.state == BreakerState.CLOSED


def _own_key(task: Task, link: AgentLink) -> bool:
    """Say whether a task brings a key of its own: what that meets is not the account's."""
    return bool(link.keys & {*task.spec.env, *task.spec.secrets})
