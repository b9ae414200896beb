"""The flip command: tosses a coin. A duplicate delivery gets the same result, because the response is stored."""

import secrets

from phone.commands import command


@command("flip", key="2", aliases=("coin", "toss", "toss a coin", "heads or tails"))
def flip_a_coin(words: str) -> str:
    """heads or tails"""
    return f"I flipped a coin: {secrets.choice(('heads', 'tails'))}."
