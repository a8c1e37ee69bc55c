"""Real images by buildah; where a builder is missing, what is said instead."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.images import Registry, build_environment
from tests.unit.actions.acting import Acted, act

DOCKERFILE = "FROM scratch\nARG COLOUR=none\nLABEL colour=$COLOUR\nCOPY hello.txt /\n"


class Bench:
    """A project `shop` with a Dockerfile, and images of its own."""

    def __init__(self, place: Path, registry: str = "") -> None:
        self.folder, self.home = place / "shop", place / "h"
        self.folder.mkdir()
        (self.folder / "Dockerfile").write_text(DOCKERFILE)
        (self.folder / "hello.txt").write_text("hello")
        self.environment = build_environment(place / "images", registry=registry)

    def build(self, **more: object) -> Acted:
        told = {"CLAUDE_AGENT_IDEMPOTENCY_KEY": "execution-1/build/1", "with_builder": "buildah"}
        return act(
            "build_docker",
            folder=self.folder,
            home=self.home,
            **{**told, **self.environment, **more},
        )

    def inspect(self, image: str) -> Any:
        said = subprocess.run(
            ["buildah", "inspect", "--type", "image", image],
            env={**os.environ, **self.environment},
            capture_output=True,
            check=True,
        ).stdout
        return json.loads(said)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def registry() -> Iterator[Registry]:
    made = Registry()
    yield made
    made.close()


def test_build_docker_builds_an_image_and_names_its_digest(bench: Bench) -> None:
    acted = bench.build(with_tag="shop:1.2", with_build_args={"COLOUR": "deep blue"})
    assert acted.code == 0, acted
    assert acted.outputs is not None
    seen = bench.inspect("shop:1.2")
    digest = acted.outputs["digest"]
    assert digest == seen["FromImageDigest"]
    assert str(digest).startswith("sha256:")
    assert acted.outputs == {
        "image": f"shop:1.2@{digest}",
        "tag": "shop:1.2",
        "digest": digest,
        "builder": "buildah",
        "pushed": False,
    }
    assert seen["OCIv1"]["config"]["Labels"]["colour"] == "deep blue"


def test_build_docker_names_the_image_after_the_project_and_its_commit(bench: Bench) -> None:
    outside = bench.build(CLAUDE_AGENT_EXECUTION_ID="0199a0b0-7c1d-7e1f-8a2b-3c4d5e6f7a8b").outputs
    assert outside is not None
    assert outside["tag"] == "shop:3c4d5e6f7a8b"
    (bench.folder / "pyproject.toml").write_text('[project]\nname = "Shop_Front"\n')
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        named = ["-c", "user.name=t", "-c", "user.email=t@t"]
        subprocess.run(["git", *named, *words], cwd=bench.folder, check=True)
    sha = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=bench.folder, capture_output=True, text=True, check=True
    ).stdout
    inside = bench.build().outputs
    assert inside is not None
    assert inside["tag"] == f"shop-front:{sha[:12]}"
    assert bench.build().outputs == inside, "a repetition builds the same"


def test_build_docker_pushes_and_names_the_digest_of_the_registry(
    tmp_path: Path, registry: Registry
) -> None:
    bench = Bench(tmp_path, registry.address)
    acted = bench.build(with_tag=f"{registry.address}/team/shop:7", with_push=True)
    assert acted.code == 0, acted
    assert acted.outputs is not None
    digest = registry.manifests["team/shop:7"]
    assert acted.outputs["image"] == f"{registry.address}/team/shop:7@{digest}"
    assert acted.outputs["pushed"] is True
    layers = json.loads(registry.blobs[digest])["layers"]
    assert all(layer["digest"] in registry.blobs for layer in layers)


def test_build_docker_fails_where_the_registry_refuses(tmp_path: Path, registry: Registry) -> None:
    bench = Bench(tmp_path, registry.address)
    registry.refuses = True
    acted = bench.build(with_tag=f"{registry.address}/shop:1", with_push=True)
    assert (acted.code, acted.outputs) == (1, None)
    assert "error: buildah push ended with " in acted.complaint
    assert "403" in acted.complaint


def test_build_docker_fails_with_the_reason_of_the_builder(bench: Bench) -> None:
    (bench.folder / "Dockerfile").write_text("FROM scratch\nCOPY nothing.txt /\n")
    acted = bench.build()
    assert (acted.code, acted.outputs) == (1, None)
    assert "buildah build ended with" in acted.complaint
    assert "nothing.txt" in acted.complaint


def test_build_docker_takes_context_and_file(bench: Bench) -> None:
    (bench.folder / "part").mkdir()
    (bench.folder / "part/hello.txt").write_text("part")
    (bench.folder / "part/Own.docker").write_text(DOCKERFILE)
    acted = bench.build(with_context="part", with_file="part/Own.docker", with_tag="part")
    assert acted.outputs is not None, acted
    assert acted.outputs["tag"] == "part:latest"


def test_build_docker_passes_over_a_builder_that_does_not_work(bench: Bench) -> None:
    """A docker without its daemon is as good as none."""
    programs = bench.home.parent / "bin"
    programs.mkdir()
    docker = programs / "docker"
    docker.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    docker.chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    acted = bench.build(PATH=path, with_builder="")
    assert acted.outputs is not None, acted
    assert acted.outputs["builder"] in {"podman", "buildah"}
    alone = bench.build(PATH=str(programs), with_builder="")
    assert alone.code == 1
    assert alone.complaint == (
        "error: no image can be built here: docker does not work (Cannot connect to the Docker"
        " daemon); podman is not installed; buildah is not installed\n"
        "hint: Install one of docker, podman, buildah, for example: sudo apt-get install buildah\n"
    )


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (
            {"with_builder": "kaniko"},
            "with.builder: 'kaniko' is not one of docker, podman, buildah",
        ),
        ({"with_builder": "podman", "PATH": "/nowhere"}, "built here: podman is not installed"),
        ({"with_context": "../"}, "with.context: there is no folder"),
        ({"with_context": "none"}, "with.context: there is no folder"),
        ({"with_file": "/etc/passwd"}, "with.file: there is no file"),
        ({"with_tag": "Shop:1"}, "with.tag: 'Shop:1' is not NAME:TAG of an image"),
        ({"with_tag": "--help"}, "with.tag: '--help' is not NAME:TAG of an image"),
        ({"with_app": "a/b"}, "with.app: 'a/b' is not made of lower case letters"),
        ({"with_build_args": {"a b": 1}}, "with.build_args: 'a b' is no name of an ARG"),
        ({"with_build_args": {"A": [1]}}, "with.build_args: the value of A is neither"),
        ({"with_path": "empty"}, "there is no Dockerfile or Containerfile in"),
    ],
)
def test_build_docker_says_what_it_cannot_use(
    bench: Bench, more: dict[str, object], complaint: str
) -> None:
    (bench.folder / "empty").mkdir()
    acted = bench.build(**more)
    assert acted.code in {1, 2}
    assert complaint in acted.complaint
    assert "Traceback" not in acted.complaint
    assert acted.outputs is None
