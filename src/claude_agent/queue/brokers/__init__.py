"""Package queue.brokers of claude-agent."""
