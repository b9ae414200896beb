"""Computes how many processes and stores a load needs, and simulates the result: `python -m scripts.capacity 1000`.

docs/scale.md explains the numbers. They were measured with `python -m bench saturation`.
"""

import argparse
import heapq
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

# CPU microseconds on one core.
WEB_REPLY, WEB_QUESTION = 700, 910  # a webhook with a fast reply; one whose answer a worker computes
WORKER_ANSWER, WORKER_DELIVERY = 4_150, 385  # an answer, sent as a text; a webhook to one of our endpoints
STORE_REPLY, STORE_QUESTION, STORE_ANSWER, STORE_DELIVERY = 100, 170, 700, 155
DELIVERIES_PER_WEBHOOK = 2  # to each endpoint that is subscribed to all events: received, answered
# Bytes in the store until the claim expires: for a claim; for an answer's records and its status callbacks' claims.
CLAIM_BYTES, ANSWER_BYTES, CLAIM_TTL_SECONDS = 140, 800, 7 * 24 * 3600
MAX_BUSY = 0.6  # of a web or worker process's core: the rest is for bursts, deployments and slower machines
MAX_STORE_BUSY = 0.5  # all processes share a store, and nothing else can take over its work
LAST_STEP_OF_RESPONSE, LAST_STEP = 3, 5
Resource = tuple[str, int]
"""A kind (web, store, worker) and an index."""


@dataclass(frozen=True)
class Load:
    """Webhooks per second. `questions` is the share that a worker answers; `endpoints` get all events."""

    webhooks: float
    questions: float = 0.1
    endpoints: int = 1

    @property
    def web(self) -> float:
        """Microseconds of a web process per webhook."""
        return (1 - self.questions) * WEB_REPLY + self.questions * WEB_QUESTION

    @property
    def worker(self) -> float:
        """CPU time of a worker process per webhook, in microseconds."""
        return self.questions * WORKER_ANSWER + self.endpoints * DELIVERIES_PER_WEBHOOK * WORKER_DELIVERY

    @property
    def store_at_once(self) -> float:
        """Microseconds of the store per webhook, before the response."""
        return (1 - self.questions) * STORE_REPLY + self.questions * STORE_QUESTION

    @property
    def store_later(self) -> float:
        """Microseconds of the store per webhook, for what workers do afterwards."""
        return self.questions * STORE_ANSWER + self.endpoints * DELIVERIES_PER_WEBHOOK * STORE_DELIVERY

    @property
    def store(self) -> float:
        """Microseconds of the store per webhook."""
        return self.store_at_once + self.store_later

    def stored_bytes(self, seconds: float) -> float:
        """Return how many bytes the store holds after the load has lasted this many seconds."""
        return self.webhooks * min(seconds, CLAIM_TTL_SECONDS) * (CLAIM_BYTES + self.questions * ANSWER_BYTES)


@dataclass(frozen=True)
class Plan:
    """How many stores there are, and how many processes each has. The number called determines the store."""

    web: int
    worker: int
    stores: int

    @property
    def counts(self) -> dict[str, int]:
        """The total number of each kind."""
        return {"web": self.web * self.stores, "worker": self.worker * self.stores, "store": self.stores}


def plan(load: Load) -> Plan:
    """Return the smallest numbers that keep every process and store below its limit.

    Each store has at least two web processes, so that one can be replaced.
    """
    stores = math.ceil(load.webhooks * load.store / 1e6 / MAX_STORE_BUSY)
    web, worker = (
        math.ceil(load.webhooks / stores * microseconds / 1e6 / MAX_BUSY) for microseconds in (load.web, load.worker)
    )
    return Plan(max(2, web), worker, stores)


@dataclass(frozen=True)
class Outcome:
    """What a simulation found: the seconds that each webhook took, in order of arrival, and how busy each kind was."""

    times: list[float]
    busy: dict[str, float]


def simulate(load: Load, planned: Plan, seconds: float = 10.0, seed: int = 1) -> Outcome:
    """Simulate webhooks that arrive at random and take random times.

    A web process computes, waits for the store, computes and waits again; then it responds. Then a worker runs, whose
    commands occupy the same store. Every process does one step at a time, in order of arrival.
    """
    randoms = random.Random(seed)  # noqa: S311 (a simulation)
    free_at: dict[Resource, float] = {}
    busy = {"web": 0.0, "store": 0.0, "worker": 0.0}
    arrivals = list(_arrivals(load.webhooks, seconds, randoms))
    events = [(arrival, number, 0) for number, arrival in enumerate(arrivals)]  # sorted, so it is a heap
    times = [0.0] * len(arrivals)
    while events:
        now, number, step = heapq.heappop(events)
        resource, microseconds = _step(load, planned, number, step)
        duration = microseconds / 1e6 * randoms.expovariate(1)
        free_at[resource] = max(now, free_at.get(resource, 0.0)) + duration
        busy[resource[0]] += duration
        if step == LAST_STEP_OF_RESPONSE:
            times[number] = free_at[resource] - arrivals[number]
        if step < LAST_STEP:
            heapq.heappush(events, (free_at[resource], number, step + 1))
    return Outcome(times, {kind: total / seconds / planned.counts[kind] for kind, total in busy.items()})


def _arrivals(rate: float, seconds: float, randoms: random.Random) -> Iterator[float]:
    now = randoms.expovariate(rate)
    while now < seconds:
        yield now
        now += randoms.expovariate(rate)


def _step(load: Load, planned: Plan, number: int, step: int) -> tuple[Resource, float]:
    """Return what a webhook occupies in this step, and for how many microseconds."""
    store, turn = number % planned.stores, number // planned.stores
    web, worker = store * planned.web + turn % planned.web, store * planned.worker + turn % planned.worker
    return (
        (("web", web), load.web / 2),
        (("store", store), load.store_at_once / 2),
        (("web", web), load.web / 2),
        (("store", store), load.store_at_once / 2),
        (("worker", worker), load.worker),
        (("store", store), load.store_later),
    )[step]


def format_table(rates: list[float], questions: float, endpoints: int) -> str:
    """Return the plans for these rates as a table in Markdown."""
    rows = ["| webhooks per second | web processes | worker processes | stores | stored per hour | stored per week |"]
    rows.append("|---|---|---|---|---|---|")
    for rate in rates:
        load = Load(rate, questions, endpoints)
        counts = plan(load).counts
        hour, week = (_format_bytes(load.stored_bytes(seconds)) for seconds in (3_600, CLAIM_TTL_SECONDS))
        rows.append(f"| {rate:,.0f} | {counts['web']} | {counts['worker']} | {counts['store']} | {hour} | {week} |")
    return "\n".join(rows)


def _format_bytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.0f} MB"


def main() -> None:
    """Print the plan for each rate, and what the simulation says about it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rates", nargs="*", type=float, default=[100.0, 1_000.0, 10_000.0], help="webhooks per second")
    parser.add_argument("--questions", type=float, default=Load.questions, help="the share that a worker answers")
    parser.add_argument("--endpoints", type=int, default=Load.endpoints, help="webhook endpoints that get all events")
    options = parser.parse_args()
    print(format_table(options.rates, options.questions, options.endpoints))
    for rate in options.rates:
        load = Load(rate, options.questions, options.endpoints)
        times = sorted(simulate(load, plan(load)).times)
        middle, late = times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000
        print(f"simulated at {rate:,.0f} per second: p50 {middle:.1f} ms, p99 {late:.1f} ms")


if __name__ == "__main__":
    main()
