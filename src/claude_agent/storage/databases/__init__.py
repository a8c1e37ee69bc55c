"""Package storage.databases of claude-agent."""
