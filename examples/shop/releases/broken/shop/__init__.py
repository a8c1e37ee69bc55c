"""A small shop: products, a cart, orders."""

RELEASE = "release-3"
NEEDS_SCHEMA = 4
