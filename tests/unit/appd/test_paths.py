from pathlib import Path

import pytest

from claude_agent.appd.errors import AppError
from claude_agent.appd.paths import AppPaths, names


@pytest.mark.parametrize("name", ["", "Shop", "../x", "a/b", "-a", "a" * 33, "a\n"])
def test_app_paths_refuse_what_is_no_plain_name(name: str) -> None:
    with pytest.raises(AppError, match="is no application name"):
        AppPaths(home=Path("/h"), name=name)


def test_names_lists_what_was_deployed(tmp_path: Path) -> None:
    for name in ("shop", "bakery"):
        paths = AppPaths(home=tmp_path, name=name)
        paths.make()
        assert paths.folder.stat().st_mode & 0o077 == 0
        (paths.folder / "state.json").write_text("{}")
    AppPaths(home=tmp_path, name="empty").make()
    assert names(tmp_path) == ["bakery", "shop"]
