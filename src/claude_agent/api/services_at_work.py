"""What the gateway asks of the server for an agent at work: its own task, and what it delegates."""

from abc import ABC, abstractmethod

from claude_agent.api.asked import Caller, Wire
from claude_agent.domain.definition_parts import Data


class AtWorkServices(ABC):
    """What the agent of one run may say and ask; `caller` carries the run of its token.

    Each call that changes something is counted; raises Invalid for one too many, NotFound.
    """

    @abstractmethod
    def work_of(self, caller: Caller) -> Wire:
        """Return {"ref", "title", "state", "schema", "late"}; `schema` is empty where none is."""

    @abstractmethod
    def report_result(self, caller: Caller, result: Data) -> str:
        """Keep the result; return why it came too late to count, or nothing.

        Raises Invalid where it does not fit the task's schema, TooLarge.
        """

    @abstractmethod
    def report_failure(self, caller: Caller, reason: str, *, retryable: bool) -> str:
        """Keep that the agent gives up; return why that is late, or nothing."""

    @abstractmethod
    def report_progress(self, caller: Caller, text: str) -> str:
        """Keep a line about the work; return why it is late, or nothing."""

    @abstractmethod
    def count_call(self, caller: Caller) -> str:
        """Count a call that changes something else; return why it is too late, or nothing."""

    @abstractmethod
    def ask_for(self, caller: Caller, asked: Data) -> Wire:
        """Ask a person for the agent; return {"ref","state","decision","text"} as it stands.

        `asked`: {"what","tool","input","text","options"}. What the run asks already in the same
        words, and nobody has answered, is asked once. Raises Conflict where the run is over.
        """

    @abstractmethod
    def asked_for(self, caller: Caller, ref: str) -> Wire:
        """Return what the agent asked before, as it stands. Raises NotFound, Forbidden."""

    @abstractmethod
    def delegate(self, caller: Caller, spec: Data, key: str) -> Wire:
        """Submit a task for the agent, once for each key of its task; return it as it stands.

        `key` empty: the specification itself. Raises as `submit_task`; Forbidden too deep.
        """
