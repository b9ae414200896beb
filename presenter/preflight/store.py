"""Checks of the store: whether it keeps what it is given, and whether it is large enough."""

from collections.abc import Iterator
from itertools import pairwise

import redis

from presenter.preflight.findings import BAD, OK, WARN, Finding, Subject, check
from receiving.backpressure import MAX_MEMORY_SHARE
from store import connection_budget, memory_usage

# People and bytes, as measured by `python -m bench memory`; README has the same table.
MEASURED_MEMORY = ((0, 4_500_000), (200, 5_800_000), (2_000, 17_700_000), (10_000, 53_700_000))
MIN_CONNECTIONS = 20
UNLIMITED = "no limit"


@check
def check_store(subject: Subject) -> Iterator[Finding]:
    """Eviction, persistence, memory for this audience, connections."""
    try:
        memory, persistence = subject.store.info("memory"), subject.store.info("persistence")  # type: ignore[attr-defined]
        eviction = memory_usage.find_eviction(subject.store)
        connections = connection_budget.read_max_clients(subject.store)
    except redis.RedisError as error:
        yield Finding(BAD, "store", f"it does not respond: {type(error).__name__}", "Check REDIS_URL.")
        return
    if eviction:
        yield Finding(BAD, "store", f"it cannot be used: {eviction}", "Set maxmemory-policy to noeviction.")
    if persistence.get("aof_enabled"):
        yield Finding(OK, "persistence", "on: nothing is lost when the store restarts")
    else:
        message = "no append-only file: a restart of the store may lose votes, jobs and answers"
        yield Finding(WARN, "persistence", message, "Set appendonly yes, or choose a plan with persistence.")
    yield _check_memory(int(memory.get("maxmemory", 0)), subject.people)
    if connections < MIN_CONNECTIONS:
        message = f"the store accepts {connections} connections"
        yield Finding(BAD, "connections", message, f"Choose a plan with at least {MIN_CONNECTIONS}.")
    else:
        yield Finding(OK, "connections", connection_budget.describe_connections(subject.store))


def _check_memory(limit: int, people: int) -> Finding:
    needed = estimate_memory(people)
    message = (
        f"{people} people need {needed / 1e6:.0f} MB; the store has {f'{limit / 1e6:.0f} MB' if limit else UNLIMITED}"
    )
    if limit and needed > MAX_MEMORY_SHARE * limit:
        return Finding(BAD, "memory", message, "Choose a larger plan: README has a table.")
    return Finding(OK, "memory", message)


def estimate_memory(people: int) -> int:
    """Return the bytes that the store needs for an audience of this size, interpolated between the measurements."""
    pairs = list(pairwise(MEASURED_MEMORY))
    (fewer, less), (more, most) = next((pair for pair in pairs if people <= pair[1][0]), pairs[-1])
    return round(less + (people - fewer) * (most - less) / (more - fewer))
