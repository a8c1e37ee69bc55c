"""How each answer of the API looks as a table."""
