"""claude-agent: a control plane for terminal coding agents."""

__version__ = "0.1.0"
