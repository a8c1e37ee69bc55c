"""Package shim of claude-agent."""
