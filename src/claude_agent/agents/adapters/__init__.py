"""Package agents.adapters of claude-agent."""
