"""Undo deploy_k8s: each deployment returns to where it stood before the execution."""

from collections.abc import Mapping

from claude_agent.actions import project
from claude_agent.actions.context import Context
from claude_agent.actions.deploy_k8s import notes
from claude_agent.actions.kubectl import kubectl
from claude_agent.actions.rollouts import Rollouts, of_note


def perform(context: Context) -> Mapping[str, object]:
    """Return the first deployment's `revision` now and whether anything `changed`.

    A deployment that was not there before is deleted; nothing to undo is a success.
    """
    wanted = context.integer("revision", 0)
    if wanted:
        return _to(context, wanted)
    noted = notes(context)
    before = of_note(noted.found())
    only = context.text("deployment")
    before = [one for one in before if only in ("", one.name)]
    if not before:
        context.say("this execution did not deploy anything here")
        return {"revision": 0, "changed": False}
    with kubectl(context) as cluster:
        rollouts = Rollouts(context, cluster)
        # Every one is returned before the first is reported: the newest goes back first.
        changed = [rollouts.back(one) for one in reversed(before)]
        now = rollouts.standing(before[0].namespace, before[0].name)
    noted.forget()
    return {"revision": now.revision, "changed": any(changed)}


def _to(context: Context, revision: int) -> Mapping[str, object]:
    name = context.text("deployment") or project.app_name(context)
    namespace = context.text("namespace")
    with kubectl(context) as cluster:
        rollouts = Rollouts(context, cluster)
        changed = rollouts.to_revision(namespace, name, revision)
        return {"revision": rollouts.standing(namespace, name).revision, "changed": changed}
