"""How fast a channel may go, over all its workers."""
