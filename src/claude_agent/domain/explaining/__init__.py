"""Why something waits and what follows: computed with the functions that decide it."""
