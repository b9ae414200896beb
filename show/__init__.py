"""The talk: its scenes, its state, and what the audience contributes to it."""
