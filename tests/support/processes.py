"""Helpers for processes, and for programs that may not be installed."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.waiting import LIMIT_SECONDS

ROOT = Path(__file__).parents[2]
NODE = ROOT / "tests/node"


def needs(there: object, what: str) -> None:
    """Skip the test unless `there` is true; fail in CI, where everything must be installed."""
    if not there:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs {what}")


def run_program(module: str, environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run `python -m module` until it ends. Returns its exit status and output."""
    command = [sys.executable, "-m", module]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=LIMIT_SECONDS)


def has_ended(pid: int) -> bool:
    """Whether no process has this pid, or only a zombie has it."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return state[:1] in ("", "Z")


def descendants(pid: int) -> list[int]:
    """The ids of a process and all its descendants."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(row.split()[0]): int(row.split()[1]) for row in table.splitlines()}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def kill_tree(process: "subprocess.Popen[bytes]") -> None:
    """kill -9 the process and its descendants."""
    for pid in descendants(process.pid):
        with suppress(ProcessLookupError):  # it has ended since it was listed
            os.kill(pid, signal.SIGKILL)
    process.wait()
