"""What stops a channel, a step or a sender, and lets it go again."""
