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

FROZEN_AFTER = 8.0  # seconds without a pulse: some job holds the whole process. Less than the crew's ALIVE_FOR.
STARTS_WITHIN = 60.0  # seconds until the first pulse
LEAVES_WITHIN = 25.0  # seconds from being told to leave until killed; Heroku allows 30
MEASURED_FOR = 0.2  # seconds
CRASH_PAUSE = 1.0  # seconds until the next start of a crew that never had a pulse
LOOK_EVERY = 0.1  # seconds
ALONE_AT_ONCE = 3  # processes for jobs that run alone

CREW = [sys.executable, "-m", "workers.engine.process"]
ALIVE, JOBS_ALONE, WORN_OUT = b".", b"a", b"w"  # what a crew's pulse says
CRASHED_IN = re.compile(r"^Current thread 0x([0-9a-f]+).*\n(  .*\n)*", re.MULTILINE)  # what faulthandler writes
MISCONFIGURED = 78  # exit status (sysexits.h) of a process that lacks a setting: to start it again would not help


class Crew:
    """A running `workers.engine.process`, seen from outside."""

    def __init__(self, after: "Crew | None" = None) -> None:
        self.name = f"{socket.gethostname()}-{uuid4().hex[:8]}"
        self.last_words = TemporaryFile("w+")  # noqa: SIM115 (the crew writes; we read it in `close`)
        self.culprit = ""
        self.pulse, theirs = os.pipe()
        os.set_blocking(self.pulse, False)
        arguments = {"name": self.name, "pulse": theirs, "last-words": self.last_words.fileno()}
        arguments |= {"after": after.name, "culprit": after.culprit} if after else {}
        self.process = start(arguments, [theirs, self.last_words.fileno()])
        os.close(theirs)
        self.has_begun = False
        self.silent_since = time.monotonic()

    def listen(self) -> bytes:
        """What it said since the last time. A crew that is silent for too long is killed."""
        try:
            said = os.read(self.pulse, 4096)
        except BlockingIOError:
            said = b""
        if said:
            self.has_begun, self.silent_since = True, time.monotonic()
        elif time.monotonic() - self.silent_since > (FROZEN_AFTER if self.has_begun else STARTS_WITHIN):
            self.culprit = busiest_thread(self.process.pid)
            self.process.kill()
            self.process.wait()
        return said

    @property
    def has_crashed(self) -> bool:
        return self.process.poll() not in (None, 0, MISCONFIGURED)

    def close(self) -> None:
        """Once it has ended: say so, and find out which thread was to blame."""
        os.close(self.pulse)
        with self.last_words as file:
            file.seek(0)
            crash = CRASHED_IN.search(file.read())
        if crash:
            self.culprit = str(int(crash[1], 16))
        words = f"worker: {self.name} ended ({self.process.returncode})\n{crash[0] if crash else ''}"
        print(words, file=sys.stderr, end="", flush=True)


class Foreman:
    """One crew that takes jobs; beside it those it has replaced, until they are done, and the jobs that run alone."""

    def __init__(self) -> None:
        self.is_leaving = False
        self.crew = Crew()
        self.worn_out: list[Crew] = []
        self.alone: list[subprocess.Popen[bytes]] = []

    def work(self) -> int:
        """Until told to leave, by a signal or by a crew that was. The exit status."""
        while not self.is_leaving and self.crew.process.returncode not in (0, MISCONFIGURED):
            time.sleep(LOOK_EVERY)
            self.look_after(self.crew)
            for crew in self.worn_out:
                crew.listen()
            self.worn_out = [crew for crew in self.worn_out if crew.process.poll() is None]
            self.alone = [process for process in self.alone if process.poll() is None]
        self.leave()
        return max(self.crew.process.returncode or 0, 0)

    def look_after(self, crew: Crew) -> None:
        said = crew.listen()
        if crew.has_crashed:
            crew.close()
            time.sleep(0 if crew.has_begun else CRASH_PAUSE)
            self.crew = Crew(after=crew)
        if WORN_OUT in said:
            self.worn_out.append(crew)
            self.crew = Crew()
        if JOBS_ALONE in said and len(self.alone) < ALONE_AT_ONCE:
            self.alone.append(start({"alone": "yes"}, []))

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.is_leaving = True
        for process in self.processes():
            process.terminate()

    def leave(self) -> None:
        until = time.monotonic() + LEAVES_WITHIN
        for process in self.processes():
            process.terminate()
        for process in self.processes():
            try:
                process.wait(max(until - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def processes(self) -> list["subprocess.Popen[bytes]"]:
        return [crew.process for crew in (self.crew, *self.worn_out)] + self.alone


def start(arguments: Mapping[str, object], files: Sequence[int]) -> "subprocess.Popen[bytes]":
    command = [*CREW, *(f"--{name}={value}" for name, value in arguments.items())]
    environ = {"MALLOC_ARENA_MAX": "2"} | os.environ  # else glibc keeps memory apart for each of many threads
    return subprocess.Popen(command, pass_fds=files, env=environ)  # noqa: S603 (our own words)


def busiest_thread(pid: int) -> str:
    """The one that holds the process up by computing, by its number in the kernel. Known on Linux only."""
    before = processor_time(pid)
    time.sleep(MEASURED_FOR)
    spent = {thread: ticks - before.get(thread, ticks) for thread, ticks in processor_time(pid).items()}
    busiest = max(spent, key=lambda thread: spent[thread], default="")
    return busiest if spent.get(busiest) else ""


def processor_time(pid: int) -> dict[str, int]:
    """Ticks of each thread, in user mode and in the kernel; fields 14 and 15 of proc_pid_stat(5)."""
    statistics = {task.name: (task / "stat").read_text() for task in Path(f"/proc/{pid}/task").glob("*")}
    fields = {thread: line.rpartition(")")[2].split() for thread, line in statistics.items()}
    return {thread: int(words[11]) + int(words[12]) for thread, words in fields.items()}


def main() -> None:
    foreman = Foreman()
    signal.signal(signal.SIGTERM, foreman.request_stop)
    signal.signal(signal.SIGINT, foreman.request_stop)
    sys.exit(foreman.work())


if __name__ == "__main__":
    main()
