"""Sends recorded requests with a bare aiohttp client, as the baseline for the exchange's cost.

`python -m bench.alternatives.bare_client CORE ORIGIN CONCURRENT` reads a JSON list of HTTP requests from standard
input and prints the fields of a Cost as a JSON list."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import astuple, dataclass

import aiohttp

OWN_HEADERS = {"host", "content-length"}  # headers that the client adds itself


@dataclass
class Cost:
    """The cost of `count` requests, in seconds of wall-clock time and CPU time."""

    count: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.count / self.seconds

    @property
    def cpu_milliseconds(self) -> float:
        """CPU time per request."""
        return self.cpu_seconds / self.count * 1000


async def send_all(requests: list[str], origin: str, concurrent: int) -> Cost:
    """Send the requests once, at most `concurrent` at a time."""
    limit = asyncio.Semaphore(concurrent)
    prepared = [_prepared(request) for request in requests]
    async with aiohttp.ClientSession(origin, connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send(method: str, path: str, headers: dict[str, str], body: bytes) -> None:
            async with limit, session.request(method, path, headers=headers, data=body) as answer:
                await answer.read()

        cpu, began = time.process_time(), time.perf_counter()
        await asyncio.gather(*(send(*request) for request in prepared))
        return Cost(len(requests), time.perf_counter() - began, time.process_time() - cpu)


def _prepared(request: str) -> tuple[str, str, dict[str, str], bytes]:
    """The method, path, headers and body of a request."""
    head, _, body = request.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    return (
        method,
        path,
        {name: value for name, value in headers.items() if name.lower() not in OWN_HEADERS},
        body.encode(),
    )


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    print(json.dumps(astuple(asyncio.run(send_all(json.load(sys.stdin), sys.argv[2], int(sys.argv[3]))))))
