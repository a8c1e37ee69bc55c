from pathlib import Path

import pytest

from claude_agent.errors import SetupError
from claude_agent.shim.handover import version_of
from claude_agent.storage.secrets import SecretMissing, SecretStore


def write(home: Path, text: str, mode: int = 0o600) -> None:
    file = home / "secrets.toml"
    file.write_text(text)
    file.chmod(mode)


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    write(tmp_path, 'TOKEN = "from the file"\nOTHER = "other one"\n')
    store = SecretStore(tmp_path, {"CLAUDE_AGENT_SECRET_TOKEN": "from outside"})
    assert (store.value("TOKEN"), store.value("OTHER")) == ("from outside", "other one")
    write(tmp_path, 'OTHER = "changed"\n')
    assert store.value("OTHER") == "changed"
    assert store.known(["OTHER"]) == {"other one", "changed"}


def test_a_missing_one_names_itself_and_both_places(tmp_path: Path) -> None:
    with pytest.raises(SecretMissing) as caught:
        SecretStore(tmp_path, {}).check(["TOKEN"])
    for word in ("TOKEN", "CLAUDE_AGENT_SECRET_TOKEN", str(tmp_path / "secrets.toml")):
        assert word in caught.value.detail


def test_a_file_that_others_can_read_is_refused_with_the_command(tmp_path: Path) -> None:
    write(tmp_path, 'TOKEN = "value"\n', 0o640)
    with pytest.raises(SetupError, match="chmod 600"):
        SecretStore(tmp_path, {}).value("TOKEN")


@pytest.mark.parametrize("text", ["TOKEN = s3cr3t", "TOKEN = 12345", 'A = "s3cr3t', "= s3cr3t"])
def test_a_bad_file_is_refused_without_quoting_it(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    with pytest.raises(SetupError) as caught:
        SecretStore(tmp_path, {}).value("TOKEN")
    assert "s3cr3t" not in caught.value.detail
    assert "12345" not in caught.value.detail


@pytest.mark.parametrize("value", ["abc", "x" * 16_385, "with\0zero"])
def test_values_that_cannot_be_used_are_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(SecretMissing) as caught:
        SecretStore(tmp_path, {"CLAUDE_AGENT_SECRET_T": value}).value("T")
    assert value not in caught.value.detail


def test_the_shim_computes_the_same_version(tmp_path: Path) -> None:
    store = SecretStore(tmp_path, {})
    version = store.version("TOKEN", "the välue")
    assert version == version_of(store.key(), "TOKEN", "the välue")
    assert version == SecretStore(tmp_path, {}).version("TOKEN", "the välue")
    assert version != store.version("TOKEN", "another")
    assert version != store.version("OTHER", "the välue")
    assert (tmp_path / "secrets.key").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["secrets.key"]
