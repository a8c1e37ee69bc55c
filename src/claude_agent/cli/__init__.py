"""Package cli of claude-agent."""
