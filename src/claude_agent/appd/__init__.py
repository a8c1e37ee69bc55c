"""Package appd of claude-agent."""
