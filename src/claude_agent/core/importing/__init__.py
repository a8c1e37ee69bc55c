"""Definitions of other systems read into ours, with a report of what did not map."""
