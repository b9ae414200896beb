"""Count: what this number has been asked so far. Slow, because it reads the whole history each time."""

from phone.commands import Slow, command
from workers import tasks


@command("count", key="4")
def count_what_was_asked(words: str) -> Slow:
    """what this number has been asked so far"""
    return Slow(tasks.count, "", "I am reading everything this number was ever asked.")
