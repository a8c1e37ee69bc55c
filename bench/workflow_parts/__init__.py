"""What `bench/workflows.py` is made of: an engine, and what is measured under load."""
