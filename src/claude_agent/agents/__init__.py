"""Package agents of claude-agent."""
