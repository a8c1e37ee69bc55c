"""A shop on a fresh database, and a browser for it."""

import http.client
import json
import socket
import tempfile
import unittest
from pathlib import Path

from shop import migrations
from shop.database import connect
from shop.serve import Site
from shop.settings import Settings


class ShopCase(unittest.TestCase):
    """Gives each test its own folder with a migrated database and a built front end."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.database = self.folder / "shop.db"
        assets = self.folder / "dist" / "assets"
        assets.mkdir(parents=True)
        (assets / "main-1A.js").write_text("start()")
        (assets / "style-2B.css").write_text("body {}")
        (self.folder / "dist" / "manifest.json").write_text(
            '{"main.js": "assets/main-1A.js", "style.css": "assets/style-2B.css"}'
        )
        self.settings = Settings(database=self.database, static=self.folder / "dist")
        with connect(self.database) as connection:
            migrations.up(connection, migrations.load())

    def serve(self) -> None:
        """Start answering on a free port."""
        self.site = Site(socket.create_server(("127.0.0.1", 0)), self.settings)
        self.site.start()
        self.addCleanup(self.site.finish)

    def ask(
        self, path: str, body: object = None, kind: str = "application/json"
    ) -> tuple[int, str, str]:
        """Return status, content type and text of the answer."""
        connection = http.client.HTTPConnection(*self.site.server_address[:2], timeout=5)
        self.addCleanup(connection.close)
        if body is None:
            connection.request("GET", path)
        else:
            text = body if isinstance(body, str) else json.dumps(body)
            connection.request("POST", path, text, {"Content-Type": kind})
        answer = connection.getresponse()
        return answer.status, answer.headers.get_content_type(), answer.read().decode()
