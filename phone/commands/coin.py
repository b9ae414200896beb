"""A coin: the same webhook delivered twice falls on the same side, because its first answer is kept."""

import secrets

from phone.commands import command


@command("flip", key="2", aliases=("coin",))
def flip_a_coin(words: str) -> str:
    """heads or tails"""
    return f"I flipped a coin: {secrets.choice(('heads', 'tails'))}."
