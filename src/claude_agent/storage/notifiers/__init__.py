"""Package storage.notifiers of claude-agent."""
