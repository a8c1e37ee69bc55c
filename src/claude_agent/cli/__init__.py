"""The command line: a client of the API through `claude_sdk`, started in milliseconds."""
