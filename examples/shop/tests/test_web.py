import json
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

import shop
from shop import migrations
from shop.database import connect
from tests.shop_case import ShopCase


class TestWeb(ShopCase):
    def setUp(self) -> None:
        super().setUp()
        self.serve()

    def test_health_names_release_and_schema(self) -> None:
        status, kind, text = self.ask("/health")
        self.assertEqual((status, kind), (200, "application/json"))
        told = json.loads(text)
        self.assertEqual(told["release"], shop.RELEASE)
        self.assertEqual(told["schema"], len(migrations.load()))

    def test_health_fails_on_a_schema_that_is_too_old(self) -> None:
        with connect(self.database) as connection:
            migrations.down(connection, shop.NEEDS_SCHEMA - 1)
        status, _, text = self.ask("/health")
        self.assertEqual(status, 503)
        self.assertIs(json.loads(text)["ok"], False)

    def test_home_names_built_files_that_are_served(self) -> None:
        status, kind, page = self.ask("/")
        self.assertEqual((status, kind), (200, "text/html"))
        for name, kind in (
            ("/assets/main-1A.js", "text/javascript"),
            ("/assets/style-2B.css", "text/css"),
        ):
            self.assertIn(f'"{name}"', page)
            self.assertEqual(self.ask(name)[:2], (200, kind))

    def test_home_says_what_to_do_when_nothing_is_built(self) -> None:
        (self.folder / "dist" / "manifest.json").unlink()
        status, _, text = self.ask("/")
        self.assertEqual(status, 503)
        self.assertIn("npm run build", text)

    def test_nothing_outside_the_built_files_is_served(self) -> None:
        for path in (
            "/assets/../manifest.json",
            "/assets/%2e%2e/manifest.json",
            "/assets/",
            "/assets/..",
            "/assets//etc/passwd",
            "/shop.db",
            "/api/orders/-1",
            "/api/orders/1",
            "/api",
        ):
            with self.subTest(path=path):
                self.assertEqual(self.ask(path)[0], 404)

    def test_cart_then_order_then_order_again_read(self) -> None:
        items = [{"product_id": 2, "quantity": 2}]
        status, _, text = self.ask("/api/cart", {"items": items})
        self.assertEqual((status, json.loads(text)["total"]), (200, "EUR 56.00"))
        status, _, text = self.ask("/api/orders", {"customer": "Zoë", "items": items})
        self.assertEqual(status, 201)
        order = json.loads(text)
        self.assertEqual(order["customer"], "Zoë")
        self.assertEqual(json.loads(self.ask(f"/api/orders/{order['id']}")[2]), order)

    def test_odd_bodies_are_refused(self) -> None:
        self.assertEqual(self.ask("/api/orders", "{")[0], 400)
        self.assertEqual(self.ask("/api/orders", "[]")[0], 400)
        self.assertEqual(self.ask("/api/orders", "[" * 20_000)[0], 400)
        self.assertEqual(self.ask("/api/orders", "a=b", "text/plain")[0], 415)
        self.assertEqual(self.ask("/api/orders", "x" * 70_000)[0], 413)
        self.assertEqual(self.ask("/api/products", {})[0], 404)

    def test_the_last_piece_is_sold_once(self) -> None:
        gate = threading.Barrier(6)

        def buy(_: int) -> int:
            gate.wait()
            items = [{"product_id": 3, "quantity": 5}]
            return self.ask("/api/orders", {"customer": "Ada", "items": items})[0]

        with ThreadPoolExecutor(6) as people:
            answers = sorted(people.map(buy, range(6)))
        self.assertEqual(answers, [201, 201, 409, 409, 409, 409])


if __name__ == "__main__":
    unittest.main()
