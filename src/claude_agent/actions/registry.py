"""What each action is called, takes and promises: plain data, imported by the whole product."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple


class Parameter(NamedTuple):
    """One key of `with`.

    `type` is a JSON Schema type name; `from_input` names the execution input that fills the
    parameter when `with` leaves it out (for the small workflow forms, which have no `with`).
    """

    required: bool
    type: str
    doc: str
    from_input: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionInfo:
    """An action as others see it.

    `idempotent`: a second run after a lost one leaves the same state. `in_worker`: performed
    inside the worker (`claude_agent.actions.perform`), not as a command under the shim.
    `outputs` maps each output to its JSON Schema type.
    """

    name: str
    description: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    idempotent: bool = True
    in_worker: bool = False
    outputs: Mapping[str, str] = field(default_factory=dict)


def _must(kind: str, doc: str, from_input: str = "") -> Parameter:
    return Parameter(required=True, type=kind, doc=doc, from_input=from_input)


def _may(kind: str, doc: str, from_input: str = "") -> Parameter:
    return Parameter(required=False, type=kind, doc=doc, from_input=from_input)


_PATH = _may("string", "Folder of the checkout; default: the workspace.")
_APP = _may("string", "Name of the application; default: `name` in its app.toml.")
_MIGRATIONS = {
    "path": _PATH,
    "app": _APP,
    "kind": _may("string", "command, app, alembic, django or sql; default: found by itself."),
    "command": _may(
        "string", "Program called with `status`, `up` and `down --to V`; it answers in JSON."
    ),
    "database": _may("string", "Database file or address; default: the project's own choice."),
}

_CLUSTER = {
    "namespace": _may("string", "Namespace; default: the manifest's, else the context's."),
    "context": _may("string", "Context of the kubeconfig; default: its current one."),
    "kubeconfig": _may("string", "Kubeconfig file; default: KUBECONFIG, else ~/.kube/config."),
    "timeout": _may("number", "Seconds for the rollout; default 300."),
}

_ACTIONS = (
    ActionInfo(
        name="noop",
        description="Do nothing, successfully; `message` is shown and returned.",
        parameters={"message": _may("string", "A line to show.")},
        in_worker=True,
        outputs={"message": "string"},
    ),
    ActionInfo(
        name="http_check",
        description="Ask a web address until it answers as expected.",
        parameters={
            "url": _must("string", "Absolute http or https address."),
            "status": _may("integer", "Expected status; default 200."),
            "contains": _may("string", "Text that the answer must contain."),
            "json": _may("object", "Fields (dotted path: value) of a JSON answer."),
            "paths": _may("array", "More paths of the same server that answer 200."),
            "assets": _may("boolean", "Also fetch scripts and style sheets that the pages name."),
            "retries": _may("integer", "Further tries; default 4."),
            "delay": _may("number", "Seconds between tries; default 0.5."),
            "timeout": _may("number", "Seconds per request; default 5."),
        },
        in_worker=True,
        outputs={"status": "integer", "checked": "array", "attempts": "integer"},
    ),
    ActionInfo(
        name="clone_repo",
        description="Clone a git repository into the workspace, or bring it up to date.",
        parameters={
            "url": _must("string", "Address or path of the repository.", "repo_url"),
            "ref": _may("string", "Branch, tag or commit; default: its HEAD.", "ref"),
            "dir": _may(
                "string",
                "Target folder; default: the workspace if it is empty, else a new one in the home.",
            ),
            "workspace": _may("string", "Name of a workspace in the home to clone into."),
        },
        outputs={"sha": "string", "path": "string"},
    ),
    ActionInfo(
        name="run_tests",
        description="Run the project's tests (unittest, pytest or npm test) and count them.",
        parameters={
            "path": _PATH,
            "suite": _may(
                "string", "Only tests/SUITE, the files test_SUITE*.py, or the script test:SUITE."
            ),
            "command": _may("string", "Test command; default: found by itself."),
        },
        outputs={"passed": "integer", "failed": "integer"},
    ),
    ActionInfo(
        name="build_frontend",
        description="Run `npm ci` and `npm run build`, and check the manifest that results.",
        parameters={
            "path": _PATH,
            "dir": _may("string", "Front-end folder; default `frontend`."),
            "manifest": _may("string", "Built manifest; default `dist/manifest.json`."),
        },
        outputs={"manifest": "string", "files": "array"},
    ),
    ActionInfo(
        name="setup_database",
        description="Back up the application's database and run its migrations up.",
        parameters={
            "path": _PATH,
            "app": _APP,
            "database": _may("string", "Database file; default: in the home."),
        },
        outputs={"previous": "integer", "current": "integer", "backup": "string"},
    ),
    ActionInfo(
        name="migrate",
        description="Run the project's own migrations: app.toml, Alembic, Django or SQL scripts.",
        parameters={**_MIGRATIONS},
        outputs={"kind": "string", "previous": "string", "current": "string"},
    ),
    ActionInfo(
        name="migrate_down",
        description="Undo migrate or setup_database: bring the database back to where it stood.",
        parameters={
            **_MIGRATIONS,
            "to": _may("string", "Target version; default: the one before this execution."),
        },
        outputs={"kind": "string", "previous": "string", "current": "string"},
    ),
    ActionInfo(
        name="build_docker",
        description="Build a container image with docker, podman or buildah.",
        parameters={
            "path": _PATH,
            "app": _may("string", "Name of the image; default: the project's name."),
            "builder": _may("string", "docker, podman or buildah; default: the first that works."),
            "context": _may("string", "Build context in the checkout; default: all of it."),
            "file": _may("string", "Build file; default: Dockerfile or Containerfile."),
            "tag": _may("string", "Name and tag; default: the app and its commit."),
            "build_args": _may("object", "Values of the build file's ARGs."),
            "push": _may("boolean", "Also push the image to the registry its tag names."),
        },
        outputs={
            "image": "string",
            "tag": "string",
            "digest": "string",
            "builder": "string",
            "pushed": "boolean",
        },
    ),
    ActionInfo(
        name="deploy_k8s",
        description="Apply manifests or set an image on Kubernetes, and wait for the rollout.",
        parameters={
            "path": _PATH,
            "app": _may("string", "Name of the application; default: the project's name."),
            "manifest": _may("string", "Manifest file or folder; default: k8s/ in the checkout."),
            "manifests": _may("array", "Several of them, in this order."),
            "image": _may("string", "Image to run; default: what this execution built."),
            "deployment": _may("string", "Deployment to set it on; default: the app's."),
            "container": _may("string", "Container to set it on; default: the only fitting one."),
            "env": _may("string", "Environment: a folder of this name below k8s/ is taken first."),
            **_CLUSTER,
        },
        outputs={
            "urls": "array",
            "deployments": "array",
            "revision": "integer",
            "previous_revision": "integer",
        },
    ),
    ActionInfo(
        name="rollback_k8s",
        description="Undo deploy_k8s: return each deployment to its revision of before.",
        parameters={
            "path": _PATH,
            "app": _may("string", "Name of the application; default: the project's name."),
            "deployment": _may("string", "Deployment to return; default: those of the execution."),
            "revision": _may("integer", "Revision; default: the one before this execution."),
            **_CLUSTER,
        },
        outputs={"revision": "integer", "changed": "boolean"},
    ),
    ActionInfo(
        name="deploy_local",
        description="Make a release of the checkout and switch the application to it.",
        parameters={
            "path": _PATH,
            "app": _APP,
            "env": _may("string", "Environment label given to the application.", "env"),
            "port": _may("integer", "Port; default: remembered, or a free one."),
            "database": _may("string", "Database file; default: in the home."),
            "timeout": _may("number", "Seconds to become healthy; default 30."),
        },
        outputs={"url": "string", "release": "string", "previous": "string"},
    ),
    ActionInfo(
        name="rollback_local",
        description="Undo deploy_local: return to the release before this execution's.",
        parameters={
            "path": _PATH,
            "app": _APP,
            "timeout": _may("number", "Seconds to become healthy; default 30."),
        },
        outputs={"release": "string", "changed": "boolean"},
    ),
)

ACTIONS: Mapping[str, ActionInfo] = MappingProxyType({info.name: info for info in _ACTIONS})
