"""docker, podman and buildah: which is there and works, and how each builds, pushes and answers."""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from claude_agent.actions import process
from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed, BadParameter, code_of

NAMES = ("docker", "podman", "buildah")
INSTALL = "sudo apt-get install buildah"
_ASK_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """One of them, as it is on this machine."""

    name: str
    program: str
    context: Context

    def build(self, folder: Path, file: Path, tag: str, args: Mapping[str, str]) -> None:
        """Build the image `tag`; ActionFailed with the builder's own reason."""
        words = ["build", "--tag", tag, "--file", str(file)]
        if self.name == "buildah":
            # With layers, the same sources give the same image again.
            words += ["--layers", *self._isolation()]
        for name, value in args.items():
            words += ["--build-arg", f"{name}={value}"]
        self._run([*words, str(folder)], folder)

    def digest(self, tag: str) -> str:
        """Return the digest of the image's manifest as it is here, '' where it has none yet.

        docker knows it only after a push.
        """
        if self.name == "buildah":
            words = ["inspect", "--type", "image", "--format", "{{.FromImageDigest}}", tag]
        elif self.name == "podman":
            words = ["image", "inspect", "--format", "{{.Digest}}", tag]
        else:
            words = ["image", "inspect", "--format", "{{json .RepoDigests}}", tag]
        answer = self._ask(words)
        if answer.code:
            message = f"{self.name} does not know the image it built: {answer.reason}"
            raise ActionFailed(message)
        said = answer.out.strip()
        if self.name == "docker":
            known = [str(one).partition("@") for one in json.loads(said or "[]") or []]
            own = tag.rpartition(":")[0]
            said = next((digest for name, _, digest in known if name == own), "")
        return said if said.startswith("sha256:") else ""

    def push(self, tag: str) -> str:
        """Push the image and return the digest under which the registry has it."""
        if self.name == "docker":
            self._run(["push", tag], self.context.checkout)
            return self.digest(tag)
        with tempfile.TemporaryDirectory() as folder:
            left = Path(folder) / "digest"
            self._run(["push", "--digestfile", str(left), tag], self.context.checkout)
            return left.read_text("utf-8").strip()

    def _isolation(self) -> Sequence[str]:
        """Without an OCI runtime buildah runs a build's commands in a chroot."""
        chosen = "BUILDAH_ISOLATION" in self.context.environment
        path = self.context.environment.get("PATH")
        runtime = any(shutil.which(name, path=path) for name in ("crun", "runc"))
        return [] if chosen or runtime else ["--isolation", "chroot"]

    def _run(self, words: Sequence[str], folder: Path) -> None:
        done = process.run(
            self.context,
            [self.program, *words],
            cwd=folder,
            environment=process.environment(self.context),
        )
        if done.code:
            message = f"{self.name} {words[0]} ended with {done.code}: {_reason(done)}"
            raise ActionFailed(message, code=code_of("\n".join(done.lines)))

    def _ask(self, words: Sequence[str]) -> process.Answer:
        return process.ask(
            [self.program, *words],
            cwd=self.context.checkout,
            environment=process.environment(self.context),
            timeout_s=_ASK_S,
        )


def find(context: Context) -> Builder:
    """Return `with.builder`, else the first that is there and works.

    ActionFailed names the three, what is wrong with those that are there, and what to install.
    """
    wanted = context.text("builder")
    if wanted and wanted not in NAMES:
        raise BadParameter(name="builder", problem=f"{wanted!r} is not one of {', '.join(NAMES)}")
    troubles = []
    for name in [wanted] if wanted else NAMES:
        program = shutil.which(name, path=context.environment.get("PATH"))
        trouble = "is not installed" if program is None else _trouble(context, name, program)
        if program is not None and not trouble:
            return Builder(name=name, program=program, context=context)
        troubles.append(f"{name} {trouble}")
    message = f"no image can be built here: {'; '.join(troubles)}"
    hint = f"Install one of {', '.join(NAMES)}, for example: {INSTALL}"
    raise ActionFailed(message, hint=hint)


def _trouble(context: Context, name: str, program: str) -> str:
    """Say why an installed builder cannot work: docker is only a client of its daemon."""
    if name != "docker":
        return ""
    answer = process.ask(
        [program, "version", "--format", "{{.Server.Version}}"],
        cwd=context.checkout,
        environment=process.environment(context),
        timeout_s=_ASK_S,
    )
    return f"does not work ({answer.reason})" if answer.code else ""


def _reason(done: process.Done) -> str:
    """Return the first line that names an error: the last one is often only a summary."""
    errors = [line.strip() for line in done.lines if line.lower().startswith("error")]
    return errors[0] if errors else done.last.strip()
