import io
import json
import os
import unittest
from contextlib import redirect_stderr, redirect_stdout

from shop import migrations
from shop.database import connect
from tests.shop_case import ShopCase


class TestMigrations(ShopCase):
    def test_up_and_down_leave_the_tables_they_found(self) -> None:
        latest = len(migrations.load())
        with connect(self.database) as connection:

            def tables() -> list[str]:
                rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
                return sorted(" ".join(row["sql"].split()) for row in rows)

            seen = {latest: tables()}
            for version in range(latest - 1, -1, -1):
                self.assertEqual(migrations.down(connection, version), version)
                seen[version] = tables()
            for version in range(1, latest + 1):
                migrations.up(connection, migrations.load(), version)
                self.assertEqual(tables(), seen[version])

    def test_up_twice_changes_nothing(self) -> None:
        with connect(self.database) as connection:
            before = list(connection.iterdump())
            migrations.up(connection, migrations.load())
            self.assertEqual(list(connection.iterdump()), before)

    def test_a_failing_step_is_undone_as_a_whole(self) -> None:
        steps = migrations.load()
        bad = migrations.Migration(
            version=len(steps) + 1,
            name="bad",
            up="CREATE TABLE extra (a); INSERT INTO nowhere VALUES (1);",
            down="DROP TABLE extra;",
        )
        with connect(self.database) as connection:
            with self.assertRaisesRegex(migrations.MigrationError, "nowhere"):
                migrations.up(connection, [*steps, bad])
            self.assertEqual(migrations.version(connection), len(steps))
            found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'extra'")
            self.assertIsNone(found.fetchone())

    def test_down_works_from_a_checkout_that_never_knew_the_step(self) -> None:
        steps = migrations.load()
        later = migrations.Migration(
            version=len(steps) + 1,
            name="later",
            up="CREATE TABLE later (a);",
            down="DROP TABLE later;",
        )
        with connect(self.database) as connection:
            migrations.up(connection, [*steps, later])
            self.assertEqual(migrations.down(connection, len(steps)), len(steps))
            found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'later'")
            self.assertIsNone(found.fetchone())

    def test_the_command_answers_one_line_of_json(self) -> None:
        os.environ["APP_DATABASE"] = str(self.folder / "other.db")
        self.addCleanup(os.environ.pop, "APP_DATABASE")
        latest = len(migrations.load())
        for arguments, current in (
            (["status"], 0),
            (["up"], latest),
            (["down", "--to", "1"], 1),
            (["up", "--to", "2"], 2),
        ):
            out = io.StringIO()
            with redirect_stdout(out):
                self.assertEqual(migrations.main(arguments), 0)
            self.assertEqual(json.loads(out.getvalue()), {"current": current, "latest": latest})

    def test_the_command_says_why_a_file_is_no_database(self) -> None:
        (self.folder / "broken.db").write_text("this is no database, however long it may be")
        os.environ["APP_DATABASE"] = str(self.folder / "broken.db")
        self.addCleanup(os.environ.pop, "APP_DATABASE")
        told = io.StringIO()
        with redirect_stderr(told):
            self.assertEqual(migrations.main(["up"]), 1)
        self.assertIn("not a database", told.getvalue())


if __name__ == "__main__":
    unittest.main()
