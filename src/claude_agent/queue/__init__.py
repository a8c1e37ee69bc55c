"""Package queue of claude-agent."""
