"""The draw of a raffle, which anyone can recompute."""
