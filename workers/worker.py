"""The worker of the Procfile: keeps a crew at work, and replaces one that dies, freezes or wears out.

It imports nothing beyond the standard library and runs no jobs, so that whatever a job does, this process is there.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType
from uuid import uuid4

FROZEN_AFTER = 8.0  # seconds without a pulse: some job holds the whole process. Less than the crew's ALIVE_FOR.
STARTS_WITHIN = 60.0  # seconds until the first pulse
LEAVES_WITHIN = 25.0  # seconds from being told to leave until killed; Heroku allows 30
CRASH_PAUSE = 1.0  # seconds until the next start of a crew that never had a pulse
LOOK_EVERY = 0.1  # seconds
ALONE_AT_ONCE = 3  # processes for jobs that run alone

CREW = [sys.executable, "-m", "workers.process"]
ALIVE, JOBS_ALONE, WORN_OUT = b".", b"a", b"w"  # what a crew's pulse says
MISCONFIGURED = 78  # exit status (sysexits.h) of a process that lacks a setting: to start it again would not help


class Crew:
    """A running `workers.process`, seen from outside."""

    def __init__(self, after: str = "") -> None:
        self.name = f"{socket.gethostname()}-{uuid4().hex[:8]}"
        self.pulse, theirs = os.pipe()
        os.set_blocking(self.pulse, False)
        arguments = [f"--name={self.name}", f"--pulse={theirs}", *([f"--after={after}"] if after else [])]
        self.process = start(*arguments, pass_fds=[theirs])
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
            self.process.kill()
        if self.has_ended:
            os.close(self.pulse)
        return said

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None


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
            self.worn_out = [crew for crew in self.worn_out if not crew.has_ended]
            self.alone = [process for process in self.alone if process.poll() is None]
        self.leave()
        return max(self.crew.process.returncode or 0, 0)

    def look_after(self, crew: Crew) -> None:
        said = crew.listen()
        if crew.has_ended and crew.process.returncode not in (0, MISCONFIGURED):
            print(f"worker: {crew.name} ended with {crew.process.returncode}, another follows", file=sys.stderr)
            time.sleep(0 if crew.has_begun else CRASH_PAUSE)
            self.crew = Crew(after=crew.name)
        if WORN_OUT in said:
            self.worn_out.append(crew)
            self.crew = Crew()
        if JOBS_ALONE in said and len(self.alone) < ALONE_AT_ONCE:
            self.alone.append(start("--alone"))

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


def start(*arguments: str, pass_fds: Sequence[int] = ()) -> "subprocess.Popen[bytes]":
    environ = {"MALLOC_ARENA_MAX": "2"} | os.environ  # else glibc keeps memory apart for each of many threads
    return subprocess.Popen([*CREW, *arguments], pass_fds=pass_fds, env=environ)  # noqa: S603 (our own words)


def main() -> None:
    foreman = Foreman()
    signal.signal(signal.SIGTERM, foreman.request_stop)
    signal.signal(signal.SIGINT, foreman.request_stop)
    sys.exit(foreman.work())


if __name__ == "__main__":
    main()
