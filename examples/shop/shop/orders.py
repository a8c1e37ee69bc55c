"""The cart and the orders made of it."""

import sqlite3
from collections.abc import Mapping

from shop import catalog
from shop.database import transaction
from shop.errors import Refused

MOST_PIECES = 99
MOST_LINES = 50
LONGEST_NAME = 80


def read_items(body: Mapping[str, object]) -> dict[int, int]:
    """Return {product id: pieces} of a request's `items`; Refused for anything odd."""
    items = body.get("items")
    if not isinstance(items, list) or not 0 < len(items) <= MOST_LINES:
        raise Refused(f"items must be a list of 1 to {MOST_LINES} entries")
    wanted: dict[int, int] = {}
    for item in items:
        product = item.get("product_id") if isinstance(item, dict) else None
        pieces = item.get("quantity") if isinstance(item, dict) else None
        if type(product) is not int or type(pieces) is not int or not 0 < pieces <= MOST_PIECES:
            raise Refused(f"an item needs product_id and a quantity from 1 to {MOST_PIECES}")
        wanted[product] = wanted.get(product, 0) + pieces
    return wanted


def quote(connection: sqlite3.Connection, items: Mapping[int, int]) -> dict[str, object]:
    """Return what the items cost together, without keeping anything."""
    lines = [(catalog.price_of(connection, product), pieces) for product, pieces in items.items()]
    return {"total": catalog.total(lines), "pieces": sum(items.values())}


def place(connection: sqlite3.Connection, body: Mapping[str, object]) -> dict[str, object]:
    """Store an order and take its pieces out of stock, all or nothing; return the order."""
    customer = body.get("customer")
    if not isinstance(customer, str) or not 0 < len(customer.strip()) <= LONGEST_NAME:
        raise Refused(f"customer must be a name of 1 to {LONGEST_NAME} letters")
    items = read_items(body)
    with transaction(connection):
        made = connection.execute("INSERT INTO orders (customer) VALUES (?)", (customer.strip(),))
        order_id = int(made.lastrowid or 0)
        for product, pieces in items.items():
            catalog.add_line(connection, order_id, product, pieces)
            taken = connection.execute(
                "UPDATE products SET stock = stock - ? WHERE id = ? AND stock >= ?",
                (pieces, product, pieces),
            )
            if taken.rowcount == 0:
                raise Refused(f"product {product} is out of stock", 409)
    return find(connection, order_id)


def find(connection: sqlite3.Connection, order_id: int) -> dict[str, object]:
    """Return one order with its lines and total; Refused (404) if there is none."""
    order = connection.execute("SELECT * FROM orders WHERE id = ?", (order_id,)).fetchone()
    if order is None:
        raise Refused(f"there is no order {order_id}", 404)
    lines = catalog.lines(connection, order_id)
    return {
        "id": order["id"],
        "customer": order["customer"],
        "placed_at": order["placed_at"],
        "lines": lines,
        "total": catalog.total((str(line["price"]), int(str(line["quantity"]))) for line in lines),
    }
