import unittest

from shop import catalog, orders
from shop.database import connect
from shop.errors import Refused
from tests.shop_case import ShopCase


class TestOrders(ShopCase):
    def test_an_order_takes_its_pieces_out_of_stock(self) -> None:
        with connect(self.database) as connection:
            before = {row["id"]: row["stock"] for row in catalog.products(connection)}
            body = {
                "customer": "  Ada ",
                "items": [
                    {"product_id": 1, "quantity": 2},
                    {"product_id": 6, "quantity": 1},
                    {"product_id": 1, "quantity": 1},
                ],
            }
            order = orders.place(connection, body)
            after = {row["id"]: row["stock"] for row in catalog.products(connection)}
            self.assertEqual(orders.find(connection, int(str(order["id"]))), order)
        self.assertEqual(order["customer"], "Ada")
        self.assertEqual(order["total"], "EUR 38.45")
        self.assertEqual((before[1] - after[1], before[6] - after[6]), (3, 1))
        self.assertEqual(before[2], after[2])

    def test_an_order_over_the_stock_leaves_nothing_behind(self) -> None:
        items = [{"product_id": 1, "quantity": 2}, {"product_id": 3, "quantity": 13}]
        with connect(self.database) as connection:
            before = list(connection.iterdump())
            with self.assertRaisesRegex(Refused, "product 3 is out of stock") as caught:
                orders.place(connection, {"customer": "Ada", "items": items})
            self.assertEqual(list(connection.iterdump()), before)
        self.assertEqual(caught.exception.status, 409)

    def test_a_quote_keeps_nothing(self) -> None:
        with connect(self.database) as connection:
            before = list(connection.iterdump())
            self.assertEqual(
                orders.quote(connection, {3: 2, 4: 1}), {"total": "EUR 164.85", "pieces": 3}
            )
            self.assertEqual(list(connection.iterdump()), before)

    def test_odd_requests_are_refused(self) -> None:
        one = {"product_id": 1, "quantity": 1}
        for body in (
            {},
            {"customer": "Ada"},
            {"customer": "Ada", "items": []},
            {"customer": "Ada", "items": {"product_id": 1}},
            {"customer": "Ada", "items": [one] * 51},
            {"customer": "Ada", "items": [{"product_id": 1, "quantity": 0}]},
            {"customer": "Ada", "items": [{"product_id": 1, "quantity": 1.5}]},
            {"customer": "Ada", "items": [{"product_id": True, "quantity": 1}]},
            {"customer": "Ada", "items": [{"product_id": 77, "quantity": 1}]},
            {"customer": " ", "items": [one]},
            {"customer": "x" * 81, "items": [one]},
            {"customer": ["Ada"], "items": [one]},
        ):
            with self.subTest(body=body), connect(self.database) as connection:
                self.assertRaises(Refused, orders.place, connection, body)
                self.assertRaises(Refused, orders.find, connection, 1)


if __name__ == "__main__":
    unittest.main()
