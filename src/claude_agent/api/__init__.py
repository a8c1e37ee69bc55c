"""Package api of claude-agent."""
