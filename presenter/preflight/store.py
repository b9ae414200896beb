"""Checks of the store: whether it keeps what it is given, and whether it is large enough."""

from collections.abc import Iterator

import redis

from presenter.preflight.findings import BAD, OK, WARN, Finding, Subject, check
from store import connection_budget

# Measured by `python -m bench memory`: 4.8 MB for 200 people, 13.5 MB for 2,000, 35.3 MB for 10,000.
BASE_BYTES, BYTES_PER_PERSON = 4_200_000, 3_200
MIN_CONNECTIONS = 20
UNLIMITED = "no limit"


@check
def check_store(subject: Subject) -> Iterator[Finding]:
    """Eviction, persistence, memory for this audience, connections."""
    try:
        memory, persistence = subject.store.info("memory"), subject.store.info("persistence")  # type: ignore[attr-defined]
        eviction = connection_budget.find_eviction(subject.store)
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
    needed = BASE_BYTES + people * BYTES_PER_PERSON
    message = (
        f"{people} people need {needed / 1e6:.0f} MB; the store has {f'{limit / 1e6:.0f} MB' if limit else UNLIMITED}"
    )
    if limit and needed > 0.85 * limit:  # beyond this share, webhooks get 503
        return Finding(BAD, "memory", message, "Choose a larger plan: README has a table.")
    return Finding(OK, "memory", message)
