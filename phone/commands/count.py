"""Count: what this number has been asked so far. Slow, because it reads the whole history each time."""

from phone.commands import SlowAnswer, command
from workers import tasks


@command("count", key="4")
def count_what_was_asked(words: str) -> SlowAnswer:
    """what this number has been asked so far"""
    return SlowAnswer(tasks.count, "", "I am reading everything this number was ever asked.")
