import json
import unittest

from shop import catalog, migrations, orders
from shop.database import connect
from tests.shop_case import ShopCase

OLD_LINE = "INSERT INTO order_lines (order_id, product_id, quantity, price) VALUES (?, ?, ?, ?)"


class TestPrices(ShopCase):
    def test_every_existing_price_becomes_cents_and_comes_back(self) -> None:
        with connect(self.database) as connection:
            migrations.down(connection, 2)
            connection.execute("INSERT INTO orders (id, customer) VALUES (1, 'Ada')")
            connection.execute(OLD_LINE, (1, 4, 2, "USD 9.07"))
            before = list(connection.iterdump())
            migrations.up(connection, migrations.load(), 3)
            self.assertEqual(
                [
                    tuple(row)
                    for row in connection.execute(
                        "SELECT currency, price_cents FROM products ORDER BY id"
                    )
                ],
                [
                    ("EUR", 1250),
                    ("EUR", 2800),
                    ("EUR", 6490),
                    ("EUR", 3505),
                    ("EUR", 2199),
                    ("EUR", 95),
                ],
            )
            line = connection.execute("SELECT currency, price_cents FROM order_lines").fetchone()
            self.assertEqual(tuple(line), ("USD", 907))
            migrations.down(connection, 2)
            self.assertEqual(list(connection.iterdump()), before)

    def test_an_order_of_release_1_on_this_schema_is_understood(self) -> None:
        with connect(self.database) as connection:
            connection.execute("INSERT INTO orders (id, customer) VALUES (1, 'Ada')")
            connection.execute(OLD_LINE, (1, 6, 3, "EUR 0.95"))
            self.assertEqual(orders.find(connection, 1)["total"], "EUR 2.85")

    def test_an_order_of_this_release_is_kept_on_the_way_down(self) -> None:
        body = {"customer": "Ada", "items": [{"product_id": 4, "quantity": 1}]}
        with connect(self.database) as connection:
            order = orders.place(connection, body)
            connection.execute("UPDATE products SET price_cents = 3400 WHERE id = 4")
            migrations.down(connection, 2)
            line = connection.execute("SELECT order_id, price FROM order_lines").fetchone()
            self.assertEqual(tuple(line), (order["id"], "EUR 35.05"))
            product = connection.execute("SELECT price FROM products WHERE id = 4").fetchone()
            self.assertEqual(product["price"], "EUR 34.00")

    def test_search_looks_at_name_and_description(self) -> None:
        with connect(self.database) as connection:
            for search, names in (
                ("GRINDER", ["Hand grinder"]),
                ("cup", ["Espresso cup", "Hand grinder", "Moka pot"]),
                ("%", []),
                ("'", []),
            ):
                found = [row["name"] for row in catalog.products(connection, search)]
                self.assertEqual(found, names)

    def test_the_api_searches(self) -> None:
        self.serve()
        items = json.loads(self.ask("/api/products?search=apron")[2])["items"]
        self.assertEqual(
            [(item["price"], item["price_cents"]) for item in items], [("EUR 35.05", 3505)]
        )


if __name__ == "__main__":
    unittest.main()
