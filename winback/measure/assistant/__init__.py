"""What an analyst's assistant may ask: a read-only MCP server. Ids and counts, never an address."""
