"""Package storage of claude-agent."""
