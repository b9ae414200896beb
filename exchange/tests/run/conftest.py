"""The cast: an exchange started together with an app, in separate processes, as a user starts them.

The apps with Twilio's library for Node run where `make test` found npm: always in CI. With EXCHANGE_PYTHONS, a folder
of virtual environments that hold flask and some version of twilio, the Python app runs in each of them too."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ringback.launcher.command_line_options import parser
from ringback.launcher.run import run
from ringback.testing.ports import reserved_port
from ringback.testing.waiting import LIMIT_SECONDS, eventually
from support.exchange import Exchange
from support.processes import NODE, needs

HERE = Path(__file__).parent
FLASK = ("-m", "flask", "--app", str(HERE / "flask_app.py"), "run")
OTHER_PYTHONS = sorted(Path(os.environ["EXCHANGE_PYTHONS"]).iterdir()) if os.environ.get("EXCHANGE_PYTHONS") else []


class Run(Exchange):
    """A running `ringback run`, and its output. `program` is the command `ringback`."""

    def __init__(
        self,
        folder: Path,
        *command: str,
        options: tuple[str, ...] = (),
        program: tuple[str, ...] = (sys.executable, "-m", "ringback"),
        **environment: str,
    ) -> None:
        told = {name: os.environ[name] for name in ("PATH", "PYTHONPATH")}
        told |= {"TMPDIR": str(folder), "HOME": str(folder), "PORT": str(reserved_port())}
        self.process = subprocess.Popen(
            [*program, "run", "--port=0", "--pace=0", "--delivery=0", *options, "--", *command],
            env=told | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read, daemon=True)  # a process left behind may hold the pipe open
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def origin(self) -> str:
        return self.line("ready").split()[5].rstrip("/")

    def line(self, beginning: str) -> str:
        """Wait until a line that begins with these words is printed."""

        def found() -> list[str]:
            lines = [line for line in self.lines if line.startswith(beginning)]
            assert lines or self.process.poll() is None or self.reader.is_alive(), self.lines
            return lines

        return eventually(found, lambda: f"{beginning}: {self.lines}")[0]

    def prints(self, words: str) -> None:
        eventually(lambda: any(words in line for line in self.lines), lambda: f"{words}: {self.lines}")

    def ends(self, number: int | None = None) -> int:
        """Send the signal, if there is one, and wait until the program ends. Returns the exit status."""
        if number is not None:
            self.process.send_signal(number)
        status = self.process.wait(LIMIT_SECONDS)
        self.reader.join(LIMIT_SECONDS)
        return status

    def close(self) -> None:
        if self.process.poll() is None:
            assert self.ends(signal.SIGTERM) == 0
        self.reader.join(LIMIT_SECONDS)
        assert self.process.stdout and not self.reader.is_alive(), self.lines
        self.process.stdout.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Returns a function that starts an exchange with a command."""
    started: list[Run] = []

    def starting(*command: str, options: tuple[str, ...] = (), **environment: str) -> Run:
        started.append(Run(tmp_path, *command, options=options, **environment))
        return started[-1]

    yield starting
    for each in started:
        each.close()


@pytest.fixture
def outcome(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs a command with an exchange in this process until it ends. Returns exit status and output."""

    def running(*command: str, options: tuple[str, ...] = (), **environment: str) -> tuple[int, str]:
        told = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "PORT": str(reserved_port())} | environment
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(tempfile, "tempdir", str(tmp_path))
            status = asyncio.run(run(parser().parse_args(["run", "--port=0", *options, "--", *command]), told))
        return status, capfd.readouterr().out

    return running


def _command(app: str) -> tuple[str, ...]:
    kind, _, version = app.partition(" ")
    if kind == "python":
        return (
            str(Path(os.environ["EXCHANGE_PYTHONS"]) / version / "bin/python") if version else sys.executable,
            *FLASK,
        )
    package = f"twilio-{version}"
    needs(shutil.which("node") and (NODE / "node_modules" / package).is_dir(), f"Node, and {package} by `make test`")
    return "node", str(NODE / "app.cjs"), package


@pytest.fixture(
    scope="session",
    params=["python", "node 4", "node 5", "node 6", *(f"python {folder.name}" for folder in OTHER_PYTHONS)],
)
def unmodified(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """An app that uses one of Twilio's libraries, started by `ringback run`."""
    running = Run(tmp_path_factory.mktemp("run"), *_command(request.param))
    yield running
    running.close()
