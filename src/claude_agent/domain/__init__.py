"""Floor 1: pure decisions. No I/O, no clock, no chance."""
