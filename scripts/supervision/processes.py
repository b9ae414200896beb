"""Starts the processes of the demo or of the live number under supervisord, waits for readiness and stops them."""

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts import demo_store
from scripts.setup.checks import CannotStart
from scripts.supervision.crashes import CrashReports

ROOT = Path(__file__).parents[2]
READY_TIMEOUT_SECONDS = 60
POLL_INTERVAL_SECONDS = 0.1
# Since the first signal. The demo ends within ten seconds; an interrupted job runs again after the next start.
REMINDER_SECONDS, KILL_SECONDS, KILL_ALL_SECONDS = 1.5, 4, 5.5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1  # prctl(2): send a child process a signal when its parent dies


class StopRequest:
    """Whether a signal has asked this program to stop."""

    def __init__(self) -> None:
        self.is_made = False
        for number in STOP_SIGNALS:
            signal.signal(number, self._make)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)  # scripts/setup/install.py blocks them

    def _make(self, *_: object) -> None:
        self.is_made = True


def lock_folder(folder: Path) -> None:
    """Create the folder, private to this user, and lock it until this process ends. Raises CannotStart."""
    os.umask(0o077)  # the logs, the store's data and its password are for this user only
    folder.mkdir(parents=True, exist_ok=True)
    try:
        fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CannotStart(
            f"Another demo is using {folder}. Stop it, or give this one a folder and ports of its own: "
            "DEMO_FOLDER=.demo-2 PORT=9000 EXCHANGE_PORT=9001 make demo"
        ) from None


@dataclass(frozen=True)
class SessionProcess:
    """A process in supervisord's session."""

    pid: int
    command: str

    @property
    def is_leader(self) -> bool:
        """Whether supervisord started this process: it puts each program into its own process group."""
        try:
            return os.getpgid(self.pid) == self.pid
        except ProcessLookupError:
            return False

    @property
    def is_store(self) -> bool:
        return "valkey-server" in self.command


class Processes:
    """supervisord and everything that it starts. It has its own session, so that Ctrl-C reaches only this process."""

    def __init__(self, environ: dict[str, str], folder: Path, stop_request: StopRequest) -> None:
        self.folder, self.stop_request = folder, stop_request
        (folder / "store").mkdir(parents=True, exist_ok=True)
        for log in folder.glob("*.log"):
            log.chmod(0o600)  # from an earlier version
        if environ["DEMO_HAS_STORE"] == "true":
            demo_store.write_config(environ["REDIS_URL"], folder)
        self.crashes = CrashReports(folder)
        module = ["-W", "ignore", "-m", "supervisor.supervisord", "-c", str(ROOT / "scripts" / "demo.conf")]
        self.supervisor = subprocess.Popen(  # noqa: S603
            [sys.executable, *module],
            cwd=ROOT,
            env=environ,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            preexec_fn=_end_with_parent,
        )

    @property
    def are_running(self) -> bool:
        """Whether neither a signal nor supervisord's end has stopped them."""
        return not self.stop_request.is_made and self.supervisor.poll() is None

    def wait_until_ready(self, addresses: Sequence[str]) -> bool:
        """Return True once every address returns 200. Otherwise print the reason, and return False."""
        deadline, missing = time.monotonic() + READY_TIMEOUT_SECONDS, list(addresses)
        while self.are_running and time.monotonic() < deadline:
            if returns_200(missing[0], timeout_seconds=1):
                missing.pop(0)
            if not missing:
                return True
            if report := self.crashes.read_crashes():
                print(report, file=sys.stderr)
                return False
            time.sleep(POLL_INTERVAL_SECONDS)
        if not self.stop_request.is_made:
            has_ended = self.supervisor.poll() is not None
            reason = "supervisord has ended." if has_ended else _describe_failure(missing[0])
            print(f"Not ready: {reason} The logs are in {self.folder}", file=sys.stderr)
        return False

    def report_restarts(self) -> None:
        """While the demo runs, print which processes exit and restart, and why any of them keeps crashing."""
        while self.are_running:
            for line in self.crashes.read_news():
                print(line, flush=True)
            time.sleep(POLL_INTERVAL_SECONDS)

    def stop(self) -> None:
        """Stop all processes within KILL_ALL_SECONDS of this call. The store ends last."""
        with contextlib.suppress(OSError):  # the terminal may have been closed
            print("stopping …", flush=True)
        began = time.monotonic()
        self.supervisor.terminate()
        # Signal all at once, because supervisord stops one program after another.
        self._signal(signal.SIGTERM, lambda process: process.is_leader and not process.is_store)
        self._wait_for_end(began + REMINDER_SECONDS)
        # A process that was just starting may have missed the first signal. A worker gives up its jobs at the second.
        self._signal(signal.SIGTERM, lambda process: process.is_leader and not process.is_store)
        self._wait_for_end(began + KILL_SECONDS)
        self._signal(signal.SIGKILL, lambda process: not process.is_store)
        self._signal(signal.SIGTERM, lambda process: process.is_store)
        self._wait_for_end(began + KILL_ALL_SECONDS)
        self._signal(signal.SIGKILL, lambda process: True)
        self.supervisor.wait()
        for name in ("supervisord.pid", "environment"):
            (self.folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            print("stopped", flush=True)

    def _wait_for_end(self, deadline: float) -> None:
        while (self.supervisor.poll() is None or self._list()) and time.monotonic() < deadline:
            time.sleep(POLL_INTERVAL_SECONDS / 2)

    def _signal(self, number: int, condition: Callable[[SessionProcess], bool]) -> None:
        for process in filter(condition, self._list()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, number)

    def _list(self) -> list[SessionProcess]:
        """Return the processes in supervisord's session, regardless of parent, except supervisord itself."""
        return [one for one in list_session(self.supervisor.pid) if one.pid != self.supervisor.pid]


def list_session(session: int) -> Iterator[SessionProcess]:
    """Yield the processes in this session, except those that have ended."""
    for pid, state, command in _list_processes():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) == session and state != "Z":
                yield SessionProcess(pid, command)


def _list_processes() -> Iterator[tuple[int, str, str]]:
    """Yield the pid, the state (a letter) and the command line of each process on this machine."""
    if Path("/proc/self/stat").exists():
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has just ended
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                yield (
                    int(folder.name),
                    state,
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"),
                )
        return
    command_line = ["ps", "-ww", "-A", "-o", "pid=,stat=,args="]
    for row in subprocess.check_output(command_line, text=True).splitlines():  # noqa: S603 (a constant)
        pid, state, *words = row.split(None, 2)
        yield int(pid), state[0], "".join(words)


def _end_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):  # Linux only
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def returns_200(url: str, timeout_seconds: float = 2) -> bool:
    """Return whether a GET of this address returns 200."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_seconds) as response:  # noqa: S310
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False


def _describe_failure(url: str) -> str:
    """Return a sentence about why this address does not return 200: its response or the connection error."""
    try:
        urllib.request.urlopen(url, timeout=2)  # noqa: S310
    except urllib.error.HTTPError as error:
        return f"{url} says {error.read(2000).decode('utf-8', 'replace').strip()}."
    except (OSError, ValueError) as error:
        return f"{url} does not answer ({error})."
    return f"{url} was too slow."
