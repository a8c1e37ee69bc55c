"""What `bench/queues.py` is made of: the peers, their servers, and what is measured."""
