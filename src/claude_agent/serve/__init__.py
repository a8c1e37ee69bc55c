"""The body of the gateway's port: what the API asks, done by the core and the agents."""
