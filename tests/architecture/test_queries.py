"""Every query is named, described and used; SQL stands in .sql files alone."""

import re

from tests.architecture.files import project_files, python_files, shown

NAME = re.compile(r"^-- name: (\S+)\s*$", re.MULTILINE)


def query_files() -> dict[str, str]:
    return {
        shown(path): path.read_text()
        for path in project_files()
        if path.suffix == ".sql" and "src/" in shown(path) and "migrations" not in path.parts
    }


def test_every_query_has_a_name_of_its_file_and_a_description() -> None:
    files = query_files()
    assert files
    wrong = set()
    for file, text in files.items():
        stem = file.rsplit("/", 1)[1].removesuffix(".sql")
        for block in re.split(r"^(?=-- name: )", text, flags=re.MULTILINE)[1:]:
            first, second = [*block.splitlines(), ""][:2]
            name = first.removeprefix("-- name: ").strip()
            if not name.startswith(f"{stem}."):
                wrong.add(f"{file}: {name} does not begin with {stem}.")
            if not re.match(r"-- \S+ \S+", second):
                wrong.add(f"{file}: {name} has no description in its second line")
    assert wrong == set()


def test_every_query_has_one_name_and_is_used() -> None:
    names = [name for text in query_files().values() for name in NAME.findall(text)]
    assert sorted(names) == sorted(set(names))


def test_every_query_is_used() -> None:
    code = "\n".join(path.read_text() for path in python_files("src"))
    unused = {
        name
        for text in query_files().values()
        for name in NAME.findall(text)
        if f'"{name}"' not in code and f'"{name.rpartition("_")[0]}_{{' not in code
    }
    assert unused == set()


def test_migrations_are_numbered_without_gaps_and_say_what_they_do() -> None:
    migrations = [
        path
        for path in project_files()
        if path.parent.name == "migrations"
        and path.suffix == ".sql"
        and "src/claude_agent" in shown(path)
    ]
    numbers = [int(path.name.partition("_")[0]) for path in migrations]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [shown(p) for p in migrations if not p.read_text().startswith("-- ")] == []
