"""Keeps a worker process running: replaces it when it dies, freezes or asks to be replaced.

The supervisor imports only the standard library and runs no jobs, so no job can end it.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from types import FrameType
from uuid import uuid4

# After this long without a report, some job must be blocking the process. Less than rq_overrides.WORKER_TTL_SECONDS.
LIVENESS_TIMEOUT_SECONDS = 8.0
START_TIMEOUT_SECONDS = 60.0  # until the first liveness report
SHUTDOWN_TIMEOUT_SECONDS = 25.0  # from SIGTERM to SIGKILL; Heroku allows 30
CPU_SAMPLE_SECONDS = 0.2
CPU_SAMPLES = 10
MIN_CPU_TICKS = 5  # 50 ms: on a busy machine, a thread that only waits for the GIL may be the first to run
RESTART_DELAY_SECONDS = 1.0  # if a worker died before its first liveness report
POLL_INTERVAL_SECONDS = 0.1

# What a worker writes to its liveness pipe. If isolated jobs wait, it writes how many processes may run them at once.
ALIVE, NEEDS_REPLACEMENT = b".", b"r"
ISOLATED_PROCESSES = {b"1": 1, b"3": 3}
CRASHED_THREAD_PATTERN = re.compile(r"^Current thread 0x([0-9a-f]+).*\n(  .*\n)*", re.MULTILINE)  # from faulthandler
EX_CONFIG = 78  # from sysexits.h: a setting is missing, so a restart would not help


class WorkerProcess:
    """A running worker process, as the supervisor sees it."""

    def __init__(self, command: Sequence[str], replaces: "WorkerProcess | None" = None) -> None:
        self.name = f"{socket.gethostname()}-{uuid4().hex[:8]}"
        self.crash_log = TemporaryFile("w+")  # noqa: SIM115 (the worker writes it; `close` reads it)
        self.suspect_thread = ""
        self.liveness_fd, write_end = os.pipe()
        os.set_blocking(self.liveness_fd, False)
        options = {"name": self.name, "liveness-fd": write_end, "crash-log-fd": self.crash_log.fileno()}
        options |= {"replaces": replaces.name, "suspect-thread": replaces.suspect_thread} if replaces else {}
        self.process = start_process(command, options, [write_end, self.crash_log.fileno()])
        os.close(write_end)
        self.has_started = False
        self.last_liveness_at = time.monotonic()

    def read_liveness(self) -> bytes:
        """Return the reports since the last call. Kills the worker if it has not reported for too long."""
        try:
            reports = os.read(self.liveness_fd, 4096)
        except BlockingIOError:
            reports = b""
        if reports:
            self.has_started, self.last_liveness_at = True, time.monotonic()
        elif time.monotonic() - self.last_liveness_at > self.timeout_seconds:
            self.suspect_thread = find_busiest_thread(self.process.pid)
            self.process.kill()
            self.process.wait()
        return reports

    @property
    def timeout_seconds(self) -> float:
        return LIVENESS_TIMEOUT_SECONDS if self.has_started else START_TIMEOUT_SECONDS

    @property
    def has_crashed(self) -> bool:
        return self.process.poll() not in (None, 0, EX_CONFIG)

    def close(self) -> None:
        """Log that the process has ended, and find the thread that crashed."""
        os.close(self.liveness_fd)
        with self.crash_log as file:
            file.seek(0)
            crash = CRASHED_THREAD_PATTERN.search(file.read())
        if crash:
            self.suspect_thread = str(int(crash[1], 16))
        message = f"worker: {self.name} ended ({self.process.returncode})\n{crash[0] if crash else ''}"
        print(message, file=sys.stderr, end="", flush=True)


class Supervisor:
    """Manages processes: the worker that takes jobs, replaced workers finishing their jobs, and isolated jobs."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self.is_stopping = False
        self.told_to_stop: set[subprocess.Popen[bytes]] = set()
        self.workers: list[WorkerProcess] = []  # the last one takes jobs; the others are finishing theirs
        self.isolated: list[subprocess.Popen[bytes]] = []

    def run(self) -> int:
        """Supervise until a signal arrives or the worker exits on its own. Return the exit status."""
        self.workers.append(WorkerProcess(self.command))
        while not self.is_stopping and self.workers[-1].process.returncode not in (0, EX_CONFIG):
            time.sleep(POLL_INTERVAL_SECONDS)
            *replaced, current = self.workers
            for worker in replaced:
                worker.read_liveness()
            self.workers = [worker for worker in replaced if worker.process.poll() is None] + [current]
            self.check_worker(current)
            self.isolated = [process for process in self.isolated if process.poll() is None]
        self.stop_all()
        return max(self.workers[-1].process.returncode or 0, 0)

    def check_worker(self, worker: WorkerProcess) -> None:
        reports = worker.read_liveness()
        if worker.has_crashed:
            worker.close()
            time.sleep(0 if worker.has_started else RESTART_DELAY_SECONDS)
            self.workers[-1] = WorkerProcess(self.command, replaces=worker)
        if NEEDS_REPLACEMENT in reports:
            self.workers.append(WorkerProcess(self.command))
        allowed = max((number for report, number in ISOLATED_PROCESSES.items() if report in reports), default=0)
        if len(self.isolated) < allowed:
            self.isolated.append(start_process(self.command, {"isolated": "yes"}, []))

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Forward the signal. Each process counts its signals: the second one makes it stop at once."""
        self.is_stopping = True
        for process in self.processes():
            self.told_to_stop.add(process)
            process.terminate()

    def stop_all(self) -> None:
        """Stop every process, including those that started after the signal. Kills those that take too long."""
        deadline = time.monotonic() + SHUTDOWN_TIMEOUT_SECONDS
        for process in self.processes():
            if process not in self.told_to_stop:
                process.terminate()
        for process in self.processes():
            try:
                process.wait(max(deadline - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def processes(self) -> list["subprocess.Popen[bytes]"]:
        return [worker.process for worker in self.workers] + self.isolated


def supervise(command: Sequence[str]) -> int:
    """Supervise a worker process until SIGTERM, SIGINT or its own exit. Return the exit status.

    `command` must run `workers.engine.worker_process.main`, which parses the options that are appended to the command.
    """
    supervisor = Supervisor(command)  # no process has started yet, so a signal now leaves none behind
    signal.signal(signal.SIGTERM, supervisor.request_stop)
    signal.signal(signal.SIGINT, supervisor.request_stop)
    return supervisor.run()


def start_process(
    command: Sequence[str], options: Mapping[str, object], file_descriptors: Sequence[int]
) -> "subprocess.Popen[bytes]":
    arguments = [*command, *(f"--{name}={value}" for name, value in options.items())]
    environ = {"MALLOC_ARENA_MAX": "2"} | os.environ  # by default, glibc gives many threads a memory arena each
    return subprocess.Popen(arguments, pass_fds=file_descriptors, env=environ)  # noqa: S603 (no untrusted input)


def find_busiest_thread(pid: int) -> str:
    """Return the kernel's id for the thread that uses the most CPU time, or "" if no thread uses any. Linux only."""
    before, busiest, spent = read_cpu_ticks(pid), "", dict[str, int]()
    for _ in range(CPU_SAMPLES):
        time.sleep(CPU_SAMPLE_SECONDS)
        spent = {thread: ticks - before.get(thread, ticks) for thread, ticks in read_cpu_ticks(pid).items()}
        busiest = max(spent, key=lambda thread: spent[thread], default="")
        if spent.get(busiest, 0) >= MIN_CPU_TICKS:
            break
    return busiest if spent.get(busiest) else ""


def read_cpu_ticks(pid: int) -> dict[str, int]:
    """Return each thread's CPU ticks in user and kernel mode: fields 14 and 15 of proc_pid_stat(5)."""
    statistics = {task.name: (task / "stat").read_text() for task in Path(f"/proc/{pid}/task").glob("*")}
    fields = {thread: line.rpartition(")")[2].split() for thread, line in statistics.items()}
    return {thread: int(values[11]) + int(values[12]) for thread, values in fields.items()}
