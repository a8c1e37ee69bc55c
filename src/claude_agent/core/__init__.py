"""Package core of claude-agent."""
