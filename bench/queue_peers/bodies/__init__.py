"""One module for each queue; imported only in the process that uses it."""
