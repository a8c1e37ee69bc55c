"""A small shop: products, a cart, orders."""

RELEASE = "release-1"
NEEDS_SCHEMA = 2
