"""From a claimed task to what its run folder holds: environment, command, limits."""

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import claude_agent
from claude_agent.agents import checkout
from claude_agent.agents.adapter import Adapter, Command, RunRequest
from claude_agent.agents.conversation import to_resume
from claude_agent.agents.portable import portable_digest
from claude_agent.agents.run_files import merge, place_of, plant
from claude_agent.agents.run_folder import OWN_KEY, RunFolder, RunSpec, StopTimes, compute_digest
from claude_agent.agents.secret_keeping import SecretKeeper
from claude_agent.core.approvals import Planned
from claude_agent.core.catalogue import AgentInfo
from claude_agent.domain.task import Task
from claude_agent.domain.task_result import schema_of
from claude_agent.errors import SetupError
from claude_agent.storage.chain import canonical
from claude_agent.storage.secrets import SecretStore

ALWAYS = ("PATH", "HOME", "LANG", "LC_ALL", "TERM", "USER", "LOGNAME", "SHELL", "TZ", "TMPDIR")
OUTPUT_BYTES = 64 * 1024 * 1024
EVENT_BYTES = 32 * 1024 * 1024
LINE_BYTES = 1024 * 1024
SCREEN_STOP = StopTimes(soft_ms=3_000, int_ms=2_000, term_ms=5_000)
"""A screen ends at once when it is asked; one that asks back is told twice."""
POLICY = "policy.json"
"""What the agent at work may do without asking; its shim reads it."""
_PREFIX = "CLAUDE_AGENT_"
FolderFiles = tuple[Path, Mapping[str, bytes]]
"""A run folder, and what is put into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Folders and addresses a run needs."""

    home: Path
    runs: Path
    workspaces: Path
    bell: Path
    shim: Path
    """The shim's archive, made for this interpreter."""
    url: str

    def folder(self, task_id: str, run: int) -> Path:
        """Return the run folder of a task's run."""
        return self.runs / task_id / str(run)

    def home_of(self, agent: str) -> Path:
        """Return the home of an agent that does not use the person's."""
        return self.home / "agents" / agent


def with_variables(values: Mapping[str, Any]) -> dict[str, str]:
    """Return `CLAUDE_AGENT_WITH_<KEY>` for each value: strings plain, others JSON."""
    found = {}
    for key, value in values.items():
        name = "".join(c if c.isalnum() else "_" for c in key.upper())
        found[f"{_PREFIX}WITH_{name}"] = _text(value)
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical({"v": value})[5:-1]


def _told(task: Task, *, resumes: bool) -> str:
    """Return what an agent is asked: the prompt, and what became of the attempt before."""
    told = f"{task.spec.text}\n\n{task.feedback}" if task.feedback else task.spec.text
    if not resumes:
        return told
    if task.goes_on:
        by, note = task.takeover["by"], task.takeover["note"]
        said = f" They say: {note}" if note else ""
        return (
            f"A person ({by}) went on in this conversation for a while and hands it back to you."
            f"{said}\nLook at what was changed meanwhile, then go on. The task:\n\n{told}"
        )
    why = str((task.error or {}).get("message", "")) or "it was interrupted"
    return f"Your last turn did not end well: {why}\nGo on where you stopped. The task:\n\n{told}"


class RunPlanner:
    """Builds run folders."""

    def __init__(self, places: Places, environment: Mapping[str, str] | None = None) -> None:
        self._places = places
        self._environment = dict(os.environ if environment is None else environment)
        self.secrets = SecretKeeper(SecretStore(places.home, self._environment))
        """Hands over the secrets of tasks, and masks what comes back."""

    @property
    def places(self) -> Places:
        """Where things are."""
        return self._places

    def folder(self, task: Task) -> RunFolder:
        """Return the folder of the task's current run."""
        return RunFolder(self._places.folder(task.id, task.run))

    def purpose_folder(self, task: Task, purpose: str, k: int) -> RunFolder:
        """Return the folder of the k-th gates or probe of the task's current run."""
        return RunFolder(self._places.folder(task.id, task.run) / f"{purpose}-{k}")

    def workplace(self, task: Task) -> Path:
        """Return the folder the task works in; make it where it is ours to make."""
        if not task.spec.cwd:
            path = self._places.workspaces / task.id
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            return path
        path = Path(task.spec.cwd)
        if path.parts[-2:] == ("workspaces", task.spec.execution_id):
            # Named by the server that took the execution: each host has one of its own.
            path = self._places.workspaces / path.name
        if self._places.workspaces in path.parents:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.is_dir():
            message = f"The working directory {path} does not exist."
            raise SetupError(message, hint="Make it again, or submit with another --cwd.")
        return path

    def environment(self, task: Task, agent: AgentInfo, folder: RunFolder) -> dict[str, str]:
        """Return the whole environment of the task's command: only names that are let through."""
        names = dict.fromkeys((*ALWAYS, *agent.environment))
        found = {name: self._environment[name] for name in names if name in self._environment}
        found.update(task.spec.env)
        found.update(with_variables(task.spec.with_))
        if task.error and task.attempt:
            found[f"{_PREFIX}FAILURE_KIND"] = str(task.error.get("kind", ""))
            found[f"{_PREFIX}FAILURE_MESSAGE"] = str(task.error.get("message", ""))
        if task.feedback:
            found[f"{_PREFIX}FEEDBACK"] = task.feedback
        return found | {
            f"{_PREFIX}HOME": str(self._places.home),
            f"{_PREFIX}URL": self._places.url,
            f"{_PREFIX}RUN_ID": task.run_id,
            f"{_PREFIX}TASK_ID": task.id,
            f"{_PREFIX}EXECUTION_ID": task.spec.execution_id,
            f"{_PREFIX}STEP": task.spec.step_id,
            f"{_PREFIX}ATTEMPT": str(task.attempt + 1),
            f"{_PREFIX}FENCE": str(task.fence),
            f"{_PREFIX}IDEMPOTENCY_KEY": task.spec.effect_key or task.id,
            f"{_PREFIX}WITH": str(folder.path / "with.json"),
            f"{_PREFIX}OUTPUTS": str(folder.path / "outputs.json"),
            f"{_PREFIX}TOKEN_FILE": str(folder.path / OWN_KEY),
            f"{_PREFIX}HEARTBEAT": str(folder.path / "heartbeat"),
        }

    def prepare(self, task: Task, agent: AgentInfo, adapter: Adapter, token: str = "") -> RunSpec:
        """Make the run folder of a claimed task; return what was written.

        `token` is what the run shows to the server. Raises NotPromptable, Invalid, SetupError,
        OSError.
        """
        folder = self.folder(task)
        drawn = self._draw(task, agent, adapter, folder, close=bool(task.approval))
        if agent.isolated:
            plant(self._places.home_of(agent.name), drawn.seeds)
            merge(self._places.home_of(agent.name), drawn.merges)
        ready = folder.write(drawn.spec, drawn.files, self._places.shim, token=token)
        self.secrets.hand_over(task, folder.path)
        return ready

    def preview(self, task: Task, agent: AgentInfo, adapter: Adapter) -> Planned:
        """Return what would run if the task started now, and its digest; nothing is made.

        Raises as `prepare` does.
        """
        folder = RunFolder(self._places.folder(task.id, task.run + 1))
        drawn = self._draw(task, agent, adapter, folder, close=True)
        names = tuple(sorted(drawn.files))
        spec = replace(drawn.spec, files=names)
        digest = compute_digest(spec, drawn.files, str(folder.path))
        what = shown(task, drawn, str(folder.path))
        return Planned(digest=digest, shown=what, portable=spec.portable)

    def _draw(
        self, task: Task, agent: AgentInfo, adapter: Adapter, folder: RunFolder, *, close: bool
    ) -> "Drawn":
        """Return what the run folder will hold; `close`: also what the checkout holds."""
        cwd = self.workplace(task)
        given = self.environment(task, agent, folder)
        asked = self._request(task, agent, adapter, given, (folder, cwd))
        command = adapter.screen(asked) if task.on_screen else adapter.command(asked)
        env = given | dict(command.env)
        files = {"with.json": canonical(task.spec.with_).encode(), **command.files}
        if task.spec.kind == "prompt":
            files[POLICY] = canonical(agent.policy).encode()
        if command.stdin is not None:
            files["stdin"] = command.stdin
        about: dict[str, Any] = {"agent": agent.name, "adapter": adapter.name}
        if task.on_screen:
            about |= {"transport": "tui", "conversation": asked.conversation}
        if command.seeds:
            about["seeds"] = {
                name: hashlib.sha256(seed).hexdigest() for name, seed in command.seeds.items()
            }
        diff = ""
        if close:
            version = adapter.probe().version or claude_agent.__version__
            about |= {"adapter_version": version, "task": _task_digest(task)}
            repo, diff = checkout.repo_of(cwd, self._places.home)
            about["repo"] = repo
            texts = [] if task.spec.kind == "prompt" else [task.spec.text, *command.argv[1:]]
            mine = str(folder.path)
            texts = [text for text in texts if mine not in text]
            about["named"] = checkout.named_files(texts, cwd)
        spec = replace(self._spec(task, command, cwd, env), about=about)
        if close:
            spec = self._portable(task, agent, spec, command, (folder.path, files))
        return Drawn(spec=spec, files=files, diff=diff, seeds=command.seeds, merges=command.merges)

    def _portable(
        self, task: Task, agent: AgentInfo, spec: RunSpec, command: Command, drawn: FolderFiles
    ) -> RunSpec:
        """Return the specification with the digest of what means the same on every host."""
        asked = {*task.spec.env, *with_variables(task.spec.with_), *command.env}
        own = {*ALWAYS, *agent.environment} - asked
        folder, files = drawn
        home = self._places.home
        digest = portable_digest(spec, files, folder=folder, home=home, let_through=own)
        return replace(spec, portable=digest)

    def _request(
        self,
        task: Task,
        agent: AgentInfo,
        adapter: Adapter,
        environment: Mapping[str, str],
        where: tuple[RunFolder, Path],
    ) -> RunRequest:
        spec, (folder, cwd) = task.spec, where
        talk = to_resume(task, adapter, self._places.folder) if spec.kind == "prompt" else None
        argv: tuple[str, ...] = ()
        if spec.kind == "action":
            # -P: the workspace is the current folder and must not shadow our own modules.
            argv = (sys.executable, "-P", "-m", "claude_agent.actions", spec.text)
        return RunRequest(
            run_id=task.run_id,
            folder=folder.path,
            cwd=cwd,
            prompt=_told(task, resumes=talk is not None) if spec.kind == "prompt" else None,
            script=spec.text if spec.kind == "run" else None,
            argv=argv,
            conversation=talk,
            model=agent.model,
            instructions=agent.instructions,
            home=self._places.home_of(agent.name) if agent.isolated else None,
            environment=environment,
            secrets=frozenset(spec.secrets),
            result_schema=schema_of(spec),
            may=agent.may,
            transport=_transport(adapter, agent) if spec.kind == "prompt" else "exec",
            program=agent.program,
        )

    def _spec(self, task: Task, command: Command, cwd: Path, env: dict[str, str]) -> RunSpec:
        return RunSpec(
            run_id=task.run_id,
            task_id=task.id,
            run=task.run,
            fence=task.fence,
            agent=task.spec.agent,
            ref=task.ref,
            title=task.spec.title,
            commands=((task.spec.title, tuple(command.argv)),),
            cwd=str(cwd),
            env=env,
            stdin="stdin" if command.stdin is not None else None,
            protocol=command.protocol,
            stop=SCREEN_STOP if command.protocol == "tui" else StopTimes(),
            bell=str(self._places.bell),
            secrets=self.secrets.versions(task),
            handover=str(place_of(self._places.folder(task.id, task.run))),
        )

    def prepare_checks(
        self, task: Task, agent: AgentInfo, purpose: str, k: int, checks: list[tuple[str, str]]
    ) -> RunFolder:
        """Make the folder of gates or of a probe: shell commands, one after the other."""
        folder = self.purpose_folder(task, purpose, k)
        run_id = f"{task.run_id}.{purpose}-{k}"
        env = self.environment(task, agent, self.folder(task)) | {
            f"{_PREFIX}RUN_ID": run_id,
            f"{_PREFIX}ATTEMPT": str(task.attempt),  # it has been counted by now
        }
        spec = RunSpec(
            run_id=run_id,
            task_id=task.id,
            run=task.run,
            fence=task.fence,
            agent=task.spec.agent,
            ref=task.ref,
            title=f"{purpose} of {task.spec.title}",
            commands=tuple((name, ("/bin/sh", "-e", "-c", text)) for name, text in checks),
            cwd=str(self.workplace(task)),
            env=env,
            stdin=None,
            protocol="none",
            bell=str(self._places.bell),
            secrets=self.secrets.versions(task),
            handover=str(place_of(folder.path)),
        )
        folder.write(spec, {}, self._places.shim)
        self.secrets.hand_over(task, folder.path)
        return folder

    def shim_argv(self, folder: RunFolder, digest: str = "") -> tuple[str, ...]:
        """Return the command that starts the shim of a prepared folder.

        It refuses to run anything that has not this digest (empty: not the folder's own).
        """
        argv = (sys.executable, "-I", "-S", str(folder.path / "shim.pyz"), str(folder.path))
        return (*argv, digest) if digest else argv


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a run folder will hold."""

    spec: RunSpec
    files: Mapping[str, bytes]
    diff: str
    seeds: Mapping[str, bytes]
    merges: Mapping[str, Mapping[str, Any]]


def _transport(adapter: Adapter, agent: AgentInfo) -> str:
    """Return by what a program is driven that may be another than the agent's own."""
    own = agent.adapter in ("auto", adapter.name)
    return adapter.transport_for(agent.transport if own else "auto", agent.may)


def _task_digest(task: Task) -> str:
    return hashlib.sha256(canonical(task.spec.to_data()).encode()).hexdigest()


def shown(task: Task, drawn: Drawn, folder: str) -> dict[str, Any]:
    """Return what a person is shown before they say yes: all of it, without let-through values.

    Values of variables are shown where the request itself sets them; of the rest only the names.
    """
    spec, asked = drawn.spec, task.spec
    argv = [word.replace(folder, "{run}") for _, words in spec.commands for word in words]
    set_here = {**asked.env, **with_variables(asked.with_)}
    return {
        "kind": asked.kind,
        "text": asked.text,
        "argv": argv,
        "cwd": spec.cwd,
        "env_names": sorted({*spec.env, *spec.secrets}),
        "env_set": {name: spec.env[name] for name in sorted(set_here) if name in spec.env},
        "agent": spec.agent,
        "adapter": f"{spec.about['adapter']} {spec.about['adapter_version']}",
        "gates": [gate["run"] for gate in asked.gates],
        "verify": asked.verify,
        "limits": asked.limits.to_data(),
        "max_attempts": asked.retry.max_attempts,
        "repo": spec.about["repo"],
        "files": dict(spec.about["named"]),
        "diff": drawn.diff[: checkout.SHOWN_DIFF],
        "diff_cut": len(drawn.diff) > checkout.SHOWN_DIFF,
    }
