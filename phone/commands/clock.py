"""The time command: the server's local time."""

from datetime import datetime

from phone.commands import command


@command("time", key="1", aliases=("clock", "what time"))
def tell_the_time(words: str) -> str:
    """the local time"""
    now = datetime.now().astimezone()
    return f"It is {now:%H:%M} {now.tzname()}."
