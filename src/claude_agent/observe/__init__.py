"""Package observe of claude-agent."""
