"""Rounds of texts and calls, each with one kind of failure: who got the right answer, an apology, both, or nothing?"""

import contextlib
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.people.audience import OUTCOMES, Audience, Question, print_table
from bench.people.breakable_demo import BreakableDemo

TEXTS, SLOW_TEXTS, CALLS = 300, 60, 20
ASKING_SECONDS, FAULT_AFTER_SECONDS = 30.0, 5.0
TIMES, EVERY_SECONDS = 4, 5.0  # kills of a process in one round
OUTAGE_SECONDS = 20.0
ANSWER_SECONDS, CALM_SECONDS = 150.0, 60.0  # after the last question
SITE_SECONDS = 3.0  # the response time of the checked website
MARGIN_BYTES = 1024
MAX_FAILURES_SHOWN = 10  # per round


Fault = Callable[[BreakableDemo], None]


def repeated(fault: Fault, times: int = TIMES, every: float = EVERY_SECONDS) -> Fault:
    """The fault, several times in a round."""

    def repeat(demo: BreakableDemo) -> None:
        for _ in range(times):
            fault(demo)
            time.sleep(every / 2)
            demo.wait_until_ready()
            time.sleep(every / 2)

    return repeat


def send_signal(part: str, number: signal.Signals) -> Fault:
    """A fault: a signal to one of the demo's processes, several times in a round."""
    return repeated(lambda demo: demo.signal(part, number))


def kill_store(demo: BreakableDemo) -> None:
    """kill -9, and a restart from the append-only file."""
    demo.stores[0].kill()
    demo.stores[0].wait()
    demo.stores[0] = demo.start_store(0)


def stop_store(demo: BreakableDemo) -> None:
    """The store accepts connections, but answers nothing."""
    demo.stores[0].send_signal(signal.SIGSTOP)
    time.sleep(OUTAGE_SECONDS)
    demo.stores[0].send_signal(signal.SIGCONT)


def kill_connections(demo: BreakableDemo) -> None:
    """Close all connections to the store."""
    with demo.client() as client:
        client.client_kill_filter(_type="normal", skipme=True)


def fail_over(demo: BreakableDemo) -> None:
    """The replica becomes the primary, and the primary its replica; later, the reverse."""
    with demo.client(1) as replica:
        replica.replicaof("127.0.0.1", str(demo.ports[0]))
        until = time.monotonic() + 30
        while replica.info("replication")["master_link_status"] != "up" and time.monotonic() < until:
            time.sleep(0.1)
    for old, new in ((0, 1), (1, 0)):
        with demo.client(old) as primary:
            primary.execute_command("FAILOVER", "TO", "127.0.0.1", demo.ports[new])
            while primary.info("replication")["role"] == "master":
                time.sleep(0.01)
        demo.switch.target = demo.ports[new]
        time.sleep(EVERY_SECONDS)
    with demo.client(1) as replica:  # no longer the primary: close its connections, so that nobody reads its old data
        replica.client_kill_filter(_type="normal", skipme=True)
        replica.replicaof("NO", "ONE")


def fill_store(demo: BreakableDemo) -> None:
    """The store runs out of memory for a while."""
    with demo.client() as client:
        client.config_set("maxmemory", int(client.info("memory")["used_memory"]) + MARGIN_BYTES)
        time.sleep(OUTAGE_SECONDS / 2)
        client.config_set("maxmemory", 0)


FAULTS: dict[str, Fault] = {
    "none": lambda _: None,
    "kill -9 web": send_signal("web", signal.SIGKILL),
    "kill -9 worker process": send_signal("worker process", signal.SIGKILL),
    "kill -9 supervisor": send_signal("supervisor", signal.SIGKILL),
    "kill -9 store": repeated(kill_store),
    "SIGTERM web": send_signal("web", signal.SIGTERM),
    "SIGTERM worker": send_signal("supervisor", signal.SIGTERM),
    "store stopped for 20 s": stop_store,
    "30 × connections killed": repeated(kill_connections, 30, 0.6),
    "failover and back": fail_over,
    "full store": fill_store,
}


def main(names: tuple[str, ...] = tuple(FAULTS)) -> dict[str, Counter[str]]:
    """Print the table; return each round's outcomes."""
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(SlowSite()) as site:
        demo = BreakableDemo(Path(folder))
        try:
            rounds = {name: run_round(demo, site, at, name) for at, name in enumerate(names)}
        finally:
            demo.stop()
    print()
    rows = [(name, *(found[outcome] for outcome in OUTCOMES)) for name, found in rounds.items()]
    print_table(("fault", *OUTCOMES), rows)
    return rounds


def run_round(demo: BreakableDemo, site: "SlowSite", at: int, name: str) -> Counter[str]:
    """Send all questions, cause the fault meanwhile, and return the outcomes."""
    began = time.monotonic()
    with contextlib.closing(Audience(demo.exchange)) as audience:
        questions = list(make_questions(site.url, at))
        asking = threading.Thread(target=audience.ask, args=(questions, ASKING_SECONDS))
        asking.start()
        time.sleep(FAULT_AFTER_SECONDS)
        FAULTS[name](demo)
        asking.join()
        audience.wait_for(questions, ANSWER_SECONDS, set(OUTCOMES) - {"lost"})
        demo.wait_until_calm(CALM_SECONDS)
        time.sleep(EVERY_SECONDS)  # a second answer may still come
        found = audience.outcomes(questions)
        for line in audience.describe_failures(questions)[:MAX_FAILURES_SHOWN]:
            print(f"    {line}")
        demo.wait_until_ready()
    print(f"{name}: {dict(found)} in {time.monotonic() - began:.0f} s", flush=True)
    return found


def make_questions(site: str, at: int) -> Iterator[Question]:
    """This round's questions, each from its own phone number, the kinds evenly interleaved."""
    number = (f"+4477{20 + at}{index:06}" for index in range(10_000))
    kinds = [
        (TEXTS, lambda: Question(next(number), "time", "It is ")),
        (SLOW_TEXTS // 2, lambda: Question(next(number), "count", "asked this number")),
        (SLOW_TEXTS // 2, lambda: Question(next(number), f"check {site}", "127.0.0.1 is up")),
        (CALLS, lambda: Question(next(number), "4", "asked this number", is_call=True)),
    ]
    shares = sorted((index / count, kind) for kind, (count, _) in enumerate(kinds) for index in range(count))
    return (kinds[kind][1]() for _, kind in shares)


class SlowSite(ThreadingHTTPServer):
    """A website that takes SITE_SECONDS for each response."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SlowResponse)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self.shutdown()
        self.server_close()


class SlowResponse(BaseHTTPRequestHandler):
    """An empty 200."""

    def do_GET(self) -> None:
        """Respond after SITE_SECONDS."""
        time.sleep(SITE_SECONDS)
        with contextlib.suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        """Log nothing."""


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or tuple(FAULTS))
