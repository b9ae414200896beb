"""The count command: statistics on all commands so far. Slow, because it reads every person's alias."""

from phone.commands import SlowAnswer, command
from workers import tasks


@command("count", key="4", aliases=("statistics", "stats", "how many"))
def count_what_was_asked(words: str) -> SlowAnswer:
    """statistics about all questions so far"""
    return SlowAnswer(tasks.count, "", "I am counting everything this number has been asked.")
