"""The problems that the console shows, each with its fix."""

from typing import NamedTuple

from presenter import health_checks
from stage import screens


class Problem(NamedTuple):
    """A problem, and its fix: one sentence each."""

    sentence: str
    fix: str


def find_problems(health: health_checks.Health, stop_reason: str, shown: list[screens.Screen]) -> list[Problem]:
    """Return the problems, most urgent first. `stop_reason` says why sending stopped, unless a presenter stopped it."""
    if not health.is_redis_up:
        trouble = f"cannot be used: {health.refusal}" if health.refusal else "is not responding"
        return [Problem(f"Redis {trouble}.", "Start it, or check REDIS_URL. Nothing that was accepted is lost.")]
    found = []
    if health.refusal:
        sentence, _, fix = health.refusal.partition(": ")
        found.append(Problem(f"Redis is up, but {sentence}.", f"{fix[:1].upper()}{fix[1:]}."))
    elif not health.workers:
        found.append(Problem("No worker is running, so slow answers wait.", "Start one: python -m workers"))
    if health.eviction:
        found.append(Problem(f"Redis may lose records: {health.eviction}.", "Set maxmemory-policy to noeviction."))
    if stop_reason:
        found.append(Problem(f"Sending is stopped: {stop_reason}.", "Release it below once you know the cause."))
    for screen in shown:
        if screen.is_behind and screen.is_presenters:
            fix = "Check its network, then reload it."
            found.append(Problem(f"The screen of {screen.size} is {screen.lag:.0f} s behind.", fix))
    failed = sum(queue.failed for queue in health.queues)
    if failed:
        jobs = "1 job has" if failed == 1 else f"{failed} jobs have"
        found.append(Problem(f"{jobs} failed in the last hour.", "The people concerned were told. See Health."))
    return found
