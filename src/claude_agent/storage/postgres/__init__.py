"""What the PostgreSQL bodies share: the connection, its errors, the SQL's other spelling."""

ADDRESSES = ("postgresql://", "postgres://")
"""How an address of PostgreSQL begins."""
