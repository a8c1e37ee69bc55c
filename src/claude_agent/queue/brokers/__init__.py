"""Bodies of the broker: our own on a database; thin adapters for others."""
