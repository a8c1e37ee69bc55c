"""Real servers for the tests: each worker starts its own, on free ports, in its home."""
