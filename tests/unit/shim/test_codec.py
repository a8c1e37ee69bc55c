import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from claude_agent.agents import checkout as ours
from claude_agent.agents.run_folder import RunSpec, compute_digest
from claude_agent.shim import checkout as theirs
from claude_agent.shim import codec
from claude_agent.shim.spec import digest

CALM = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""
TEXT = some.text()
PLAIN = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
JSON = some.recursive(
    PLAIN, lambda inner: some.lists(inner) | some.dictionaries(TEXT, inner), max_leaves=20
)


@CALM
@given(JSON)
def test_codec_reads_and_writes_as_json_does(value: object) -> None:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    assert codec.dumps(value) == text
    assert codec.loads(text) == json.loads(text)
    assert codec.loads(f" \r\n{json.dumps(value, indent=2)}\t") == json.loads(text)


@CALM
@given(some.text())
def test_codec_refuses_what_json_refuses(text: str) -> None:
    try:
        expected = json.loads(text, parse_constant=lambda _name: 1 / 0)
    except (ValueError, ZeroDivisionError):
        with pytest.raises(ValueError, match=r"."):
            codec.loads(text)
    else:
        assert codec.loads(text) == expected


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "[1,]", '{"a"}', "", "1 2", "[" * 100_000])
def test_codec_raises_value_error_for_what_is_not_json(text: str) -> None:
    for loads in (codec.loads, codec._plain_codec()[0]):
        with pytest.raises(ValueError, match=r"."):
            loads(text)


@CALM
@given(JSON)
def test_plain_codec_is_the_same_as_the_lean_one(value: object) -> None:
    loads, dumps = codec._plain_codec()
    assert dumps(value) == codec.dumps(value)
    assert loads(dumps(value)) == codec.loads(dumps(value))


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
def test_codec_writes_only_what_json_knows(value: object) -> None:
    with pytest.raises(TypeError):
        codec.dumps(value)


def test_codec_falls_back_to_the_packages_where_their_c_parts_are_missing() -> None:
    probe = """
import sys
from pathlib import Path
for name in ("_json", "_sha256", "_sha2"):
    sys.modules[name] = None
from claude_agent.shim import codec
assert codec.loads(' {"b":[1,null],"a":"\\u00e9"} ') == {"b": [1, None], "a": "\\u00e9"}
assert codec.dumps({"b": 1, "a": "\\u00e9"}) == '{"a":"\\\\u00e9","b":1}'
for text in ("NaN", "{", "[" * 100000):
    try:
        codec.loads(text)
    except ValueError:
        continue
    raise SystemExit(text)
print(codec.sha256(b"x").hexdigest())
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True)
    assert done.stdout.decode().strip() == hashlib.sha256(b"x").hexdigest()


@CALM
@given(
    some.dictionaries(TEXT, TEXT),
    some.lists(TEXT, min_size=1),
    some.dictionaries(some.text("abc.", min_size=1), some.binary()),
    some.dictionaries(TEXT, TEXT),
)
def test_digest_is_the_same_on_both_sides(
    env: dict[str, str], words: list[str], files: dict[str, bytes], about: dict[str, str]
) -> None:
    folder = "/home/runs/t/1"
    spec = RunSpec(
        run_id="t.1",
        task_id="t",
        run=1,
        fence=1,
        agent="a",
        ref="R",
        title="t",
        commands=(("name", (*words, f"{folder}/script.sh", "at=http://a:1/mcp")),),
        cwd="/",
        env={
            **env,
            "CLAUDE_AGENT_URL": "http://a:1",
            "CLAUDE_AGENT_FENCE": "1",
            "CLAUDE_AGENT_WITH": f"{folder}/with.json",
        },
        about=about,
    )
    files = {name: content + folder.encode() for name, content in files.items()}
    ours = compute_digest(spec, files, folder)
    assert digest(spec.to_data(), folder, files) == ours
    # Another attempt of the same has another folder and the same digest.
    text = json.dumps(spec.to_data()).replace(folder, "/home/runs/t/2")
    moved = {
        name: content.replace(folder.encode(), b"/home/runs/t/2") for name, content in files.items()
    }
    assert digest(json.loads(text), "/home/runs/t/2", moved) == ours


def test_commit_and_marks_are_the_same_on_both_sides(tmp_path: Path) -> None:
    top = tmp_path / "repo"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    assert (theirs.commit_at(str(top)), ours.commit_at(top)) == ("", "")
    (top / "a.sh").write_text("echo a")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "one")
    head = git(top, "rev-parse", "HEAD")
    tree = tmp_path / "tree"
    git(top, "worktree", "add", "-q", str(tree), "-b", "side")
    for place in (top, tree):
        assert theirs.commit_at(str(place)) == ours.commit_at(place) == head
    git(top, "pack-refs", "--all")
    for place in (top, tree):
        assert theirs.commit_at(str(place)) == ours.commit_at(place) == head
    git(top, "checkout", "-q", head)
    assert theirs.commit_at(str(top)) == ours.commit_at(top) == head
    assert theirs.commit_at(str(tmp_path)) == ours.commit_at(tmp_path) == ""
    for path in (top / "a.sh", top / "none", top / "a.sh" / "below"):
        assert theirs.mark_of(str(path)) == ours.mark_of(str(path))
    large = top / "large"
    large.touch()
    os.truncate(large, theirs.LARGE + 1)
    assert theirs.mark_of(str(large)) == ours.mark_of(str(large)) != ""


def git(folder: Path, *words: str) -> str:
    """Run git; return what it printed."""
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    argv = ["git", *who, "-C", str(folder), *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
