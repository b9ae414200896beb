"""Tasks: the slow work of commands. A task takes the command's words and returns the answer. It may run twice."""

import functools
from collections import Counter
from datetime import UTC, datetime

from rq import get_current_job

import events
from sending.http.client import HttpClient
from workers import pending_answers, site_check
from workers.callbacks import get_gateway
from workers.queues import Task
from workers.recording_waveform import measure

PEOPLE_PER_READ = 2_000  # between two progress reports


def task(function: Task) -> Task:
    """Decorator for tasks: records the start in the pending answer, and skips the task if the answer is settled."""

    @functools.wraps(function)
    def run(words: str) -> str:
        job = get_current_job()
        if job is not None:
            pending = pending_answers.load(job.connection, job.id)
            if pending is None or not pending_answers.start(job.connection, pending):
                return ""
        return function(words)

    return run


def lookup(function: Task) -> Task:
    """Decorator for tasks that wait for third-party servers: these have their own queue, which may fill up."""
    run = task(function)
    run.is_lookup = True  # type: ignore[attr-defined]
    return run


@lookup
def check(address: str) -> str:
    """Check a website: its status, response time and redirects, and when its certificate expires."""
    return site_check.summarize(site_check.check_site(address, get_client()))


@functools.cache
def get_client() -> HttpClient:
    """Return this process's HTTP client, created on first use, because loading CA certificates is slow."""
    return HttpClient(allow_loopback=get_gateway().settings.allow_loopback)


@task
def count(_: str) -> str:
    """Summarize the commands used so far."""
    redis, cursor = get_gateway().redis, None
    total = int(redis.execute_command("SCARD", pending_answers.PEOPLE_KEY))
    people: set[bytes] = set()
    while cursor != 0:
        cursor, found = redis.execute_command(
            "SSCAN", pending_answers.PEOPLE_KEY, cursor or 0, "COUNT", PEOPLE_PER_READ
        )
        people.update(found)
        done, words = len(people) / max(total, 1), f"{len(people):,} of {total:,} people read"
        pending_answers.report_progress(min(1.0, done), words)
    counts = {name.decode(): int(times) for name, times in redis.hgetall(pending_answers.COUNTS_KEY).items()}
    since = counts.pop("since", None)
    return _summarize_history(sum(counts.values()), len(people), Counter(counts), since)


def _summarize_history(rows: int, people: int, commands: Counter[str], since: float | None) -> str:
    if since is None:
        return "Nobody has asked this number anything yet. You are the first."
    first = datetime.fromtimestamp(since, UTC)
    favourites = ", ".join(f"{name} {times:,}" for name, times in commands.most_common(3))
    things, persons = ("thing" if rows == 1 else "things"), ("person has" if people == 1 else "people have")
    who = f"{people:,} {persons} asked this number {rows:,} {things}"
    return f"Since {first.day} {first:%B %Y}, {who}. Most often: {favourites}."


@task
def measure_recording(recording_sid: str) -> str:
    """Measure the length and loudness of a recorded message, and publish them with its waveform for the stage."""
    pending = pending_answers.load_current()
    number = pending.phone_number if pending else ""
    sound = measure(get_gateway().download_recording(recording_sid, number))
    if pending is not None:
        data = {"seconds": sound.seconds, "loudness": sound.loudness_dbfs, "peaks": list(sound.peaks)}
        events.publish(get_gateway().redis, "recording.ready", pending.subject, **data)
    return f"A message of {sound.seconds:.0f} seconds, {sound.loudness_label}."
