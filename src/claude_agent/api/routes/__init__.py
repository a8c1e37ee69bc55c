"""Package api.routes of claude-agent."""
