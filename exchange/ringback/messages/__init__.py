"""Text messages, in both directions."""
