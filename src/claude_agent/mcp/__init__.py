"""The MCP server for people's assistants: a client of the API, like the command line."""
