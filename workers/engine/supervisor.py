"""The worker of the Procfile: keeps a crew at work, and replaces one that dies, freezes or wears out.

It imports nothing beyond the standard library and runs no jobs, so that whatever a job does, this process is there.
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

LIVENESS_TIMEOUT_SECONDS = (
    8.0  # seconds without a pulse: some job holds the whole process. Less than the crew's ALIVE_FOR.
)
START_TIMEOUT_SECONDS = 60.0  # seconds until the first pulse
SHUTDOWN_TIMEOUT_SECONDS = 25.0  # seconds from being told to leave until killed; Heroku allows 30
CPU_SAMPLE_SECONDS = 0.2  # seconds
RESTART_DELAY_SECONDS = 1.0  # seconds until the next start of a crew that never had a pulse
POLL_INTERVAL_SECONDS = 0.1  # seconds
MAX_ISOLATED_PROCESSES = 3  # processes for jobs that run alone

WORKER_COMMAND = [sys.executable, "-m", "workers.engine.process"]
ALIVE, ISOLATED_JOBS_WAIT, NEEDS_REPLACEMENT = b".", b"a", b"w"  # what a crew's pulse says
CRASHED_THREAD_PATTERN = re.compile(
    r"^Current thread 0x([0-9a-f]+).*\n(  .*\n)*", re.MULTILINE
)  # what faulthandler writes
EX_CONFIG = 78  # exit status (sysexits.h) of a process that lacks a setting: to start it again would not help


class WorkerProcess:
    """A running `workers.engine.process`, seen from outside."""

    def __init__(self, after: "WorkerProcess | None" = None) -> None:
        self.name = f"{socket.gethostname()}-{uuid4().hex[:8]}"
        self.crash_log = TemporaryFile("w+")  # noqa: SIM115 (the crew writes; we read it in `close`)
        self.suspect_thread = ""
        self.liveness_fd, theirs = os.pipe()
        os.set_blocking(self.liveness_fd, False)
        arguments = {"name": self.name, "liveness-fd": theirs, "crash-log-fd": self.crash_log.fileno()}
        arguments |= {"replaces": after.name, "suspect-thread": after.suspect_thread} if after else {}
        self.process = start_process(arguments, [theirs, self.crash_log.fileno()])
        os.close(theirs)
        self.has_started = False
        self.last_liveness_at = time.monotonic()

    def read_liveness(self) -> bytes:
        """What it said since the last time. A crew that is silent for too long is killed."""
        try:
            said = os.read(self.liveness_fd, 4096)
        except BlockingIOError:
            said = b""
        if said:
            self.has_started, self.last_liveness_at = True, time.monotonic()
        elif time.monotonic() - self.last_liveness_at > (
            LIVENESS_TIMEOUT_SECONDS if self.has_started else START_TIMEOUT_SECONDS
        ):
            self.suspect_thread = find_busiest_thread(self.process.pid)
            self.process.kill()
            self.process.wait()
        return said

    @property
    def has_crashed(self) -> bool:
        return self.process.poll() not in (None, 0, EX_CONFIG)

    def close(self) -> None:
        """Once it has ended: say so, and find out which thread was to blame."""
        os.close(self.liveness_fd)
        with self.crash_log as file:
            file.seek(0)
            crash = CRASHED_THREAD_PATTERN.search(file.read())
        if crash:
            self.suspect_thread = str(int(crash[1], 16))
        words = f"worker: {self.name} ended ({self.process.returncode})\n{crash[0] if crash else ''}"
        print(words, file=sys.stderr, end="", flush=True)


class Supervisor:
    """One crew that takes jobs; beside it those it has replaced, until they are done, and the jobs that run alone."""

    def __init__(self) -> None:
        self.is_stopping = False
        self.worker = WorkerProcess()
        self.replaced: list[WorkerProcess] = []
        self.isolated: list[subprocess.Popen[bytes]] = []

    def run(self) -> int:
        """Until told to leave, by a signal or by a crew that was. The exit status."""
        while not self.is_stopping and self.worker.process.returncode not in (0, EX_CONFIG):
            time.sleep(POLL_INTERVAL_SECONDS)
            self.check_worker(self.worker)
            for crew in self.replaced:
                crew.read_liveness()
            self.replaced = [crew for crew in self.replaced if crew.process.poll() is None]
            self.isolated = [process for process in self.isolated if process.poll() is None]
        self.stop_all()
        return max(self.worker.process.returncode or 0, 0)

    def check_worker(self, crew: WorkerProcess) -> None:
        said = crew.read_liveness()
        if crew.has_crashed:
            crew.close()
            time.sleep(0 if crew.has_started else RESTART_DELAY_SECONDS)
            self.worker = WorkerProcess(after=crew)
        if NEEDS_REPLACEMENT in said:
            self.replaced.append(crew)
            self.worker = WorkerProcess()
        if ISOLATED_JOBS_WAIT in said and len(self.isolated) < MAX_ISOLATED_PROCESSES:
            self.isolated.append(start_process({"isolated": "yes"}, []))

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.is_stopping = True
        for process in self.processes():
            process.terminate()

    def stop_all(self) -> None:
        until = time.monotonic() + SHUTDOWN_TIMEOUT_SECONDS
        for process in self.processes():
            process.terminate()
        for process in self.processes():
            try:
                process.wait(max(until - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def processes(self) -> list["subprocess.Popen[bytes]"]:
        return [crew.process for crew in (self.worker, *self.replaced)] + self.isolated


def start_process(arguments: Mapping[str, object], files: Sequence[int]) -> "subprocess.Popen[bytes]":
    command = [*WORKER_COMMAND, *(f"--{name}={value}" for name, value in arguments.items())]
    environ = {"MALLOC_ARENA_MAX": "2"} | os.environ  # else glibc keeps memory apart for each of many threads
    return subprocess.Popen(command, pass_fds=files, env=environ)  # noqa: S603 (our own words)


def find_busiest_thread(pid: int) -> str:
    """The one that holds the process up by computing, by its number in the kernel. Known on Linux only."""
    before = read_cpu_ticks(pid)
    time.sleep(CPU_SAMPLE_SECONDS)
    spent = {thread: ticks - before.get(thread, ticks) for thread, ticks in read_cpu_ticks(pid).items()}
    busiest = max(spent, key=lambda thread: spent[thread], default="")
    return busiest if spent.get(busiest) else ""


def read_cpu_ticks(pid: int) -> dict[str, int]:
    """Ticks of each thread, in user mode and in the kernel; fields 14 and 15 of proc_pid_stat(5)."""
    statistics = {task.name: (task / "stat").read_text() for task in Path(f"/proc/{pid}/task").glob("*")}
    fields = {thread: line.rpartition(")")[2].split() for thread, line in statistics.items()}
    return {thread: int(words[11]) + int(words[12]) for thread, words in fields.items()}


def main() -> None:
    foreman = Supervisor()
    signal.signal(signal.SIGTERM, foreman.request_stop)
    signal.signal(signal.SIGINT, foreman.request_stop)
    sys.exit(foreman.run())


if __name__ == "__main__":
    main()
