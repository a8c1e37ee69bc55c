"""Package actions of claude-agent."""
