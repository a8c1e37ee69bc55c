"""Products. Prices are texts like 'EUR 12.50' in this release."""

import sqlite3
from collections.abc import Iterable
from decimal import Decimal

from shop.errors import Refused


def products(connection: sqlite3.Connection, search: str = "") -> list[dict[str, object]]:
    """Return every product, by name; this release does not search."""
    rows = connection.execute(
        "SELECT id, name, description, price, stock FROM products ORDER BY name"
    )
    return [dict(row) for row in rows]


def price_of(connection: sqlite3.Connection, product_id: int) -> str:
    """Return the price of one piece; Refused (404) if there is no such product."""
    row = connection.execute("SELECT price FROM products WHERE id = ?", (product_id,)).fetchone()
    if row is None:
        raise Refused(f"there is no product {product_id}", 404)
    return str(row["price"])


def add_line(connection: sqlite3.Connection, order_id: int, product_id: int, pieces: int) -> None:
    """Note pieces of a product, at today's price, on an order."""
    connection.execute(
        "INSERT INTO order_lines (order_id, product_id, quantity, price) VALUES (?, ?, ?, ?)",
        (order_id, product_id, pieces, price_of(connection, product_id)),
    )


def lines(connection: sqlite3.Connection, order_id: int) -> list[dict[str, object]]:
    """Return the lines of an order as they were added."""
    rows = connection.execute(
        "SELECT product_id, quantity, price FROM order_lines WHERE order_id = ? ORDER BY rowid",
        (order_id,),
    )
    return [dict(row) for row in rows]


def total(bought: Iterable[tuple[str, int]]) -> str:
    """Return the sum of (price, pieces) pairs of one currency; 'EUR 0.00' for none."""
    currency, amount = "EUR", Decimal("0.00")
    for price, pieces in bought:
        currency, _, number = price.partition(" ")
        amount += Decimal(number) * pieces
    return f"{currency} {amount:.2f}"
