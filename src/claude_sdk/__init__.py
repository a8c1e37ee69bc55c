"""The Python SDK of claude-agent: a client that knows only the wire."""
