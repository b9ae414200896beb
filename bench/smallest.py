"""A large audience and a deployment on a store of Heroku's smallest size; then a slow phone number."""

import asyncio
import contextlib
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis

from bench.people.audience import OUTCOMES, Audience, Question, print_table
from tests.support.deployment import Deployment
from tests.support.ports import reserved_port
from tests.support.tcp_switch import TcpSwitch

STORE_LIMITS = "--maxclients 20 --maxmemory 25mb --maxmemory-policy noeviction"
PEOPLE, VIEWERS, ASKING_SECONDS = 500, 60, 60.0
OVERLAP_SECONDS = 15.0  # how long both sets of processes run once the second set is ready
ANSWER_SECONDS = 150.0  # after the last question, until every answer should have arrived
SLOW_PEOPLE, SLOW_PACE, SLOW_ASKING_SECONDS = 100, 10, 5.0
MAX_OVERTAKING_SECONDS = 1.0  # two questions asked within this time may be answered in either order
MAX_CONNECTIONS_PER_SET, MAX_MEGABYTES = 9, 20
SAMPLE_SECONDS = 0.02


@dataclass
class Report:
    """The outcomes of the questions, and the load on the store. `connections` has each phase's maximum."""

    outcomes: dict[str, int]
    connections: dict[str, int] = field(default_factory=dict)
    rejected_connections: int = 0
    megabytes: float = 0.0
    slowest_seconds: float = 0.0
    overtaking_seconds: float = 0.0


def main() -> tuple[Report, Report]:
    """Print both tables; return both reports."""
    full = measure_deployment()
    print_table(("500 people, 60 viewers, a deployment in mid-run", "measured", "target"), rows(full, 2 * PEOPLE))
    slow = measure_slow_number()
    print(f"\nThe phone number may send {SLOW_PACE} segments per second:\n")
    order = ("overtaken by somebody who asked later, at most (s)", f"{slow.overtaking_seconds:.1f}", "< 1")
    answers = [("right answers", slow.outcomes["right"], SLOW_PEOPLE), ("apologies", slow.outcomes["apology"], 0)]
    print_table((f"{SLOW_PEOPLE} people in {SLOW_ASKING_SECONDS:.0f} s", "measured", "target"), [*answers, order])
    return full, slow


def rows(report: Report, questions: int) -> list[tuple[str, object, object]]:
    """The table's rows: what was measured, the figure, and its target."""
    names = {"right": "right answers", "apology": "apologies"}
    outcomes = [(names.get(name, name), report.outcomes[name], questions * (name == "right")) for name in OUTCOMES]
    connections = [
        (f"connections, {phase}, at most", count, MAX_CONNECTIONS_PER_SET * (1 + phase.startswith("two")))
        for phase, count in report.connections.items()
    ]
    return [
        *outcomes,
        *connections,
        ("connections refused by the store", report.rejected_connections, 0),
        ("store memory, at the peak (MB)", f"{report.megabytes:.1f}", MAX_MEGABYTES),
        ("longest wait for an answer (s)", f"{report.slowest_seconds:.1f}", "-"),
    ]


def measure_deployment(
    people: int = PEOPLE,
    viewers: int = VIEWERS,
    asking_seconds: float = ASKING_SECONDS,
    overlap_seconds: float = OVERLAP_SECONDS,
) -> Report:
    """Each person texts a fast and a slow command. Midway, a second set of processes replaces the first one."""
    with run_set() as (town, switch), contextlib.closing(Audience(town.exchange)) as audience:
        questions = [question for number in range(people) for question in two_questions(number)]
        watching, store = Viewers(switch.port, viewers), StoreObserver(town.redis)
        asking = threading.Thread(target=audience.ask, args=(questions, asking_seconds))
        asking.start()
        time.sleep(asking_seconds / 3)
        store.begin("two sets")
        replace_set(town, switch, overlap_seconds)
        store.begin("one set, afterwards")
        asking.join()
        outcomes = audience.wait_for(questions, ANSWER_SECONDS, {"right"})
        watching.stop()
        return Report(outcomes, store.stop(), store.rejected_connections, store.megabytes, slowest(audience, questions))


def measure_slow_number(people: int = SLOW_PEOPLE, pace: int = SLOW_PACE) -> Report:
    """Everybody texts a slow command within seconds, so that the answers have to wait until they may be sent."""
    with (
        run_set(SENDER_SEGMENTS_PER_SECOND=str(pace)) as (town, _),
        contextlib.closing(Audience(town.exchange)) as audience,
    ):
        questions = [two_questions(number)[1] for number in range(people)]
        audience.ask(questions, SLOW_ASKING_SECONDS)
        outcomes = audience.wait_for(questions, ANSWER_SECONDS, {"right"})
        return Report(outcomes, overtaking_seconds=overtaking(audience, questions))


@contextlib.contextmanager
def run_set(**settings: str) -> Iterator[tuple[Deployment, TcpSwitch]]:
    """A small store, the exchange, and one set of processes behind a switch in place of a router."""
    with tempfile.TemporaryDirectory() as folder:
        town = Deployment(Path(folder), **settings)
        switch = TcpSwitch(town.web_port)
        public = f"http://127.0.0.1:{switch.port}"
        town.commands["store"] += f" {STORE_LIMITS}"
        town.commands["exchange"] = town.commands["exchange"].replace(f"--app {town.web}", f"--app {public}")
        town.web = town.environ["PUBLIC_URL"] = public
        try:
            yield town.start(), switch
        finally:
            town.stop()
            switch.close()


def replace_set(town: Deployment, switch: TcpSwitch, overlap_seconds: float) -> None:
    """Start a second set of processes. Once it has run beside the first one for some time, stop the first one."""
    port = reserved_port()
    town.commands["web 2"] = town.commands["web"].replace(f":{town.web_port} ", f":{port} ")
    town.commands["worker 2"] = town.commands["worker"]
    town.start("web 2", "worker 2")
    town.until(lambda: town.get(f"http://127.0.0.1:{port}/health/ready"), "the second set is ready")
    time.sleep(overlap_seconds)
    switch.target = port
    for name in ("web", "worker"):
        town.running[name].terminate()
    for name in ("web", "worker"):
        town.running.pop(name).wait(60)


def two_questions(number: int) -> tuple[Question, Question]:
    """A person's fast and slow command."""
    phone = f"+4477110{number:05}"
    return Question(phone, "time", "It is "), Question(phone, "count", "asked this number")


def slowest(audience: Audience, questions: Sequence[Question]) -> float:
    """The seconds of the longest wait for a right answer."""
    answered = [question for question in questions if audience.outcome(question) == "right"]
    waits = (audience.received[question.number].first(question.answer) - question.asked_at for question in answered)
    return max(waits, default=0.0)


def overtaking(audience: Audience, questions: Sequence[Question]) -> float:
    """The longest time, in seconds, between a question and a later question that was answered first."""
    answered = [question for question in questions if audience.outcome(question) == "right"]
    answered.sort(key=lambda question: audience.received[question.number].first(question.answer))
    latest, most = float("-inf"), 0.0
    for question in answered:
        latest = max(latest, question.asked_at)
        most = max(most, latest - question.asked_at)
    return most


class StoreObserver:
    """Counts the store's connections, except its own, until `stop`."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.most = {"one set": 0}
        self.rejected_connections, self.megabytes = 0, 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._observe, daemon=True)
        self._thread.start()

    def begin(self, phase: str) -> None:
        """Start counting the connections of another phase."""
        self.most[phase] = 0

    def stop(self) -> dict[str, int]:
        """Return the highest number of connections in each phase."""
        self._stopped.set()
        self._thread.join()
        return self.most

    @property
    def _phase(self) -> str:
        return list(self.most)[-1]

    def _observe(self) -> None:
        with self.redis.client() as one:
            while not self._stopped.wait(SAMPLE_SECONDS):
                phase = self._phase
                count = int(one.info("clients")["connected_clients"]) - 1
                if phase == self._phase:  # otherwise, it is not known in which phase the store counted
                    self.most[phase] = max(self.most[phase], count)
            self.rejected_connections = int(one.info("stats")["rejected_connections"])
            self.megabytes = int(one.info("memory")["used_memory_peak"]) / 1e6


class Viewers:
    """Simulated browsers that watch the stage and reconnect as real ones do."""

    def __init__(self, port: int, count: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._port, self._open = port, 0
        self._tasks = [self._loop.create_task(self._watch()) for _ in range(count)]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        until = time.monotonic() + 30
        while self._open < count:
            if time.monotonic() > until:
                raise RuntimeError(f"only {self._open} of {count} event streams are open")
            time.sleep(0.1)

    def stop(self) -> None:
        """Close the event streams."""
        asyncio.run_coroutine_threadsafe(self._cancel(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                try:
                    writer.write(b"GET /events HTTP/1.1\r\nHost: stage\r\n\r\n")
                    if b" 200 " in await reader.readline():
                        self._open += 1
                    while await reader.read(65_536):
                        pass
                finally:
                    writer.close()
            await asyncio.sleep(1)


if __name__ == "__main__":
    main()
