"""A small shop: products, a cart, orders."""

RELEASE = "release-2"
NEEDS_SCHEMA = 3
