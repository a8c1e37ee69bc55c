"""Package agents.terminals of claude-agent."""
