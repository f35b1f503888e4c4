"""The last look at a message, in the transaction that lets it go."""
