"""What an agent may do in a call beside speaking: webhooks, functions, MCP servers, and what is built in."""
