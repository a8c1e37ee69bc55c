"""What the gateway asks of the server about why things wait and what would follow."""

from abc import ABC, abstractmethod

from claude_agent.api.asked import Wire, WorkflowStart


class InsightServices(ABC):
    """Explanations; nothing here changes anything."""

    @abstractmethod
    def explain_execution(self, ref: str, step: str) -> Wire:
        """Return why an execution, or one step of it, has not ended, and what follows.

        Raises NotFound, UnknownName where there is no such step.
        """

    @abstractmethod
    def plan_workflow(self, start: WorkflowStart) -> Wire:
        """Return what an execution would do, without storing anything.

        Raises NotFound, DefinitionInvalid, Invalid.
        """

    @abstractmethod
    def import_workflow(self, source: str, file: str, origin: str) -> Wire:
        """Return {"origin","source","steps","unmapped"}; `source` None: nothing could be mapped.

        Raises DefinitionInvalid for text that is no YAML.
        """

    @abstractmethod
    def workflow_versions(self, name: str) -> Wire:
        """Return {"workflow","items"}, the newest version first. Raises NotFound."""

    @abstractmethod
    def workflow_diff(self, name: str, before: str, after: str) -> Wire:
        """Return {"workflow","before","after","changes","text"}.

        A version is the begin of a hash, or a label; empty: the last but one, the newest. Raises
        NotFound, Invalid where several begin so.
        """

    @abstractmethod
    def explain_task(self, ref: str) -> Wire:
        """Return why a task has not ended. Raises NotFound."""
