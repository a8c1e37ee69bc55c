"""Products. Prices are whole cents with a currency since this release."""

import sqlite3
from collections.abc import Iterable

from shop.errors import Refused


def products(connection: sqlite3.Connection, search: str = "") -> list[dict[str, object]]:
    """Return the products whose name or description holds `search`, by name."""
    rows = connection.execute(
        "SELECT id, name, description, currency, price_cents, stock FROM products"
        " WHERE instr(lower(name || ' ' || description), lower(?)) > 0 OR ? = ''"
        " ORDER BY name",
        (search, search),
    )
    return [{**dict(row), "price": text(row["currency"], row["price_cents"])} for row in rows]


def text(currency: str, cents: int) -> str:
    """Return a price as people and release 1 read it: 'EUR 12.50'."""
    return f"{currency} {cents // 100}.{cents % 100:02d}"


def price_of(connection: sqlite3.Connection, product_id: int) -> str:
    """Return the price of one piece; Refused (404) if there is no such product."""
    return text(*_price(connection, product_id))


def add_line(connection: sqlite3.Connection, order_id: int, product_id: int, pieces: int) -> None:
    """Note pieces of a product, at today's price, on an order; the text is for release 1."""
    currency, cents = _price(connection, product_id)
    connection.execute(
        "INSERT INTO order_lines (order_id, product_id, quantity, price, currency, price_cents)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (order_id, product_id, pieces, text(currency, cents), currency, cents),
    )


def lines(connection: sqlite3.Connection, order_id: int) -> list[dict[str, object]]:
    """Return the lines of an order as they were added."""
    rows = connection.execute(
        "SELECT product_id, quantity, currency, price_cents FROM order_lines"
        " WHERE order_id = ? ORDER BY rowid",
        (order_id,),
    )
    return [{**dict(row), "price": text(row["currency"], row["price_cents"])} for row in rows]


def total(bought: Iterable[tuple[str, int]]) -> str:
    """Return the sum of (price, pieces) pairs of one currency; 'EUR 0.00' for none."""
    currency, cents = "EUR", 0
    for price, pieces in bought:
        currency, _, number = price.partition(" ")
        cents += int(number.replace(".", "")) * pieces
    return text(currency, cents)


def _price(connection: sqlite3.Connection, product_id: int) -> tuple[str, int]:
    row = connection.execute(
        "SELECT currency, price_cents FROM products WHERE id = ?", (product_id,)
    ).fetchone()
    if row is None:
        raise Refused(f"there is no product {product_id}", 404)
    return str(row["currency"]), int(row["price_cents"])
