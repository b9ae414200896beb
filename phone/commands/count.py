"""The count command: how often each command has been used, and by how many people."""

import time
from collections import Counter
from datetime import UTC, datetime

from phone.commands import SlowAnswer, command
from store import Pipe, Store
from workers import pending_answers
from workers.answer_delivery import get_gateway
from workers.tasks import task

COUNTS_KEY = "command-counts"  # hash: how often each command has been used; `since`: a Unix timestamp
PEOPLE_KEY = "command-people"  # set: aliases of the people who have used a command


@command("count", key="4", aliases=("statistics", "stats", "how many"))
def count_what_was_asked(words: str) -> SlowAnswer:
    """statistics about all questions so far"""
    return SlowAnswer(summarize_uses, "", "I am counting everything this number has been asked.")


def record_use(pipe: Pipe | Store, command: str, alias: str) -> None:
    """Count one use of a command. `alias` stands for the person's number."""
    pipe.execute_command("HSETNX", COUNTS_KEY, "since", int(time.time()))
    pipe.execute_command("HINCRBY", COUNTS_KEY, command, 1)
    pipe.execute_command("SADD", PEOPLE_KEY, alias)


@task
def summarize_uses(_: str) -> str:
    """The task: return a sentence about all uses. Takes the same time whatever the size of the audience."""
    redis = get_gateway().redis
    people = int(redis.execute_command("SCARD", PEOPLE_KEY))
    pending_answers.report_progress(0.5, f"{people:,} people counted")
    counts = {name.decode(): int(times) for name, times in redis.hgetall(COUNTS_KEY).items()}
    since = counts.pop("since", None)
    if since is None:
        return "Nobody has asked this number anything yet. You are the first."
    first, rows = datetime.fromtimestamp(since, UTC), sum(counts.values())
    favourites = ", ".join(f"{name} {times:,}" for name, times in Counter(counts).most_common(3))
    things, persons = ("thing" if rows == 1 else "things"), ("person has" if people == 1 else "people have")
    who = f"{people:,} {persons} asked this number {rows:,} {things}"
    return f"Since {first.day} {first:%B %Y}, {who}. Most often: {favourites}."
