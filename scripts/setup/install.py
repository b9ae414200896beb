"""Installs what the demo or the tests need into .venv, unless it is installed already, and then runs a module there.

    python3 -m scripts.setup.install demo --run scripts.demo

It imports only the standard library, because it creates .venv. An installation that was interrupted, or was made by
another Python or in another folder, is deleted and recreated. If .venv is a link, it is left unchanged.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from scripts.setup.checks import CannotStart, check_python, check_store_address, read_ports
from scripts.setup.pip_progress import show_progress

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STATE_FILE = VENV / "installed.json"  # what is installed, and by which Python; absent while an installation runs
CREATE_VENV = [sys.executable, "-m", "venv"]
PIP = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-compile", "--progress-bar=off"]
EXCHANGE = ROOT / "exchange"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_TIMEOUT_SECONDS = 5
LOCK_INTERVAL_SECONDS, GROUP_INTERVAL_SECONDS = 0.2, 0.02
FAILURE_LINES = 15

# Name -> the requirement files, in order of installation. A file after "?" is optional: it only makes the app faster.
SETS = {
    "demo": ["requirements-demo.txt"],
    "dev": ["requirements-demo.txt", "requirements-dev.txt", "?requirements-parser.txt"],
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Install, then replace this process with the module given by --run. Return 1 on failure, or 130 after a signal."""
    parser = argparse.ArgumentParser(prog="python -m scripts.setup.install", description=__doc__)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--run", metavar="MODULE", help="the module to run afterwards")
    parser.add_argument("--python-chosen", default="", help="not empty if the user has chosen this Python")
    options = parser.parse_args(arguments)
    installation = Installation(options.set)
    for number in (*STOP_SIGNALS, signal.SIGALRM):
        signal.signal(number, installation.request_stop)
    try:
        if options.python_chosen:
            check_python()
        if options.run == "scripts.demo":
            read_ports(os.environ)
            check_store_address(os.environ)
        installation.run(bool(options.python_chosen))
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # until the module handles them
        if installation.is_stopping:
            raise Stopped
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        print("stopped; the next run starts the installation again", flush=True)
        return 130
    if options.run:
        os.execv(PYTHON, [str(PYTHON), "-m", options.run])  # noqa: S606 (a constant of the Makefile)
    return 0


class Stopped(Exception):
    """A signal has asked the installation to stop."""


class Installation:
    """Installs one of SETS into .venv."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.child: subprocess.Popen[str] | None = None
        self.is_stopping = False

    def request_stop(self, number: int = 0, *_: object) -> None:
        """Handle a signal: interrupt pip, which then deletes its temporary files, or, at the alarm, kill it."""
        self.is_stopping = True
        if self.child:
            with suppress(ProcessLookupError, PermissionError):  # it has ended
                os.killpg(self.child.pid, signal.SIGKILL if number == signal.SIGALRM else signal.SIGINT)
            signal.alarm(STOP_TIMEOUT_SECONDS)

    def run(self, is_python_chosen: bool) -> None:
        """Install what is missing. Raises CannotStart or Stopped."""
        if VENV.is_symlink() and PYTHON.exists():
            return
        lock = self._lock_folder()
        try:
            self._install_missing(is_python_chosen)
        finally:
            os.close(lock)

    def _lock_folder(self) -> int:
        """Wait until no other process is installing here. Return a file descriptor that keeps others waiting."""
        lock, notice = os.open(ROOT, os.O_RDONLY), "waiting for another installation in this folder …"
        while not self.is_stopping:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return lock
            except OSError:
                print(notice, end="\n" if notice else "", flush=True)
                notice = ""
                time.sleep(LOCK_INTERVAL_SECONDS)
        raise Stopped

    def _install_missing(self, is_python_chosen: bool) -> None:
        state = self._read_state(is_python_chosen)
        if state.get(self.name) == fingerprint(self.name):
            return
        if not state:
            self._create_venv()
        STATE_FILE.unlink(missing_ok=True)
        for file in SETS[self.name]:
            self._install_file(file)
        print("installing the exchange, from its folder", flush=True)
        self._run([*PIP, "--no-deps", "--no-build-isolation", "--editable", str(EXCHANGE)], "The exchange")
        done = {name: fingerprint(name) for name in ("demo", self.name)}
        STATE_FILE.write_text(json.dumps({**state, "root": str(ROOT), "python": venv_version(), **done}, indent=1))

    def _read_state(self, is_python_chosen: bool) -> dict[str, str]:
        """Return what is installed, or {} if .venv must be made again."""
        version = venv_version()
        try:
            state: dict[str, str] = json.loads(STATE_FILE.read_text())
        except (OSError, ValueError):
            state = {}
        if not VENV.exists():
            return {}
        if not state:
            print(".venv is incomplete, so it is made again", flush=True)
        elif not version or state.get("python") != version or (is_python_chosen and version != own_version()):
            print(f".venv was made by Python {state.get('python')}, so it is made again", flush=True)
        elif state.get("root") != str(ROOT):
            print(f".venv was made in {state.get('root')}, so it is made again", flush=True)
        else:
            return state
        return {}

    def _create_venv(self) -> None:
        check_python()
        print(f"creating .venv with Python {sys.version.split()[0]} ({sys.executable})", flush=True)
        _delete_venv()
        hint = "On Debian or Ubuntu, it requires: apt-get install python3-venv"
        self._run([*CREATE_VENV, str(VENV)], "Python's venv module", hint)

    def _install_file(self, name: str) -> None:
        is_optional, path = name.startswith("?"), ROOT / name.lstrip("?")
        count = len(
            re.findall(r"^[\w.-]+==[^;\n]+$", path.read_text(), re.MULTILINE)
        )  # without packages for other platforms
        print(f"installing {count} {'package' if count == 1 else 'packages'} from {path.name} …", flush=True)
        try:
            self._run([*PIP, "--require-hashes", "-r", str(path)], f"pip install -r {path.name}", count=count)
        except CannotStart:
            if not is_optional:
                raise
            print(f"{path.name} is optional and could not be installed here", flush=True)

    def _run(self, command: Sequence[str], what: str, hint: str = "", count: int = 0) -> None:
        """Run a command, showing its progress. Raises CannotStart with the end of its output if it fails."""
        if self.is_stopping:
            raise Stopped
        self.child = subprocess.Popen(  # noqa: S603 (its own session, so that Ctrl-C reaches only this process)
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        if self.is_stopping:
            self.request_stop()
        with self.child:
            assert self.child.stdout is not None
            lines = list(show_progress(self.child.stdout, count))
        _wait_for_group(self.child.pid)
        if self.is_stopping:
            raise Stopped
        if self.child.returncode:
            end = "".join(lines[-FAILURE_LINES:]).rstrip()
            raise CannotStart(
                "\n".join(filter(None, [f"{end}\n{what} failed (exit status {self.child.returncode}).", hint]))
            )


def _wait_for_group(group: int) -> None:
    """Wait for the processes that an interrupted command started."""
    with suppress(ProcessLookupError, PermissionError):
        while True:
            os.killpg(group, 0)
            time.sleep(GROUP_INTERVAL_SECONDS)


def _delete_venv() -> None:
    if VENV.is_symlink():  # to an environment that does not exist any more
        VENV.unlink()
    elif VENV.exists():
        if STATE_FILE.exists():
            STATE_FILE.unlink()  # first, because deleting the rest may be interrupted
        shutil.rmtree(VENV)


def fingerprint(name: str) -> str:
    """Return a hash of everything that is installed for one of SETS."""
    files = [*(ROOT / file.lstrip("?") for file in SETS[name]), EXCHANGE / "pyproject.toml"]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def own_version() -> str:
    """Return the version of the Python that runs this module, such as "3.11"."""
    return "{}.{}".format(*sys.version_info)


def venv_version() -> str:
    """Return the version of .venv's Python, such as "3.11", or "" if it cannot run, as when it was removed."""
    try:
        command = [str(PYTHON), "-c", "import sys; print('{}.{}'.format(*sys.version_info))"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""


if __name__ == "__main__":
    sys.exit(main())
