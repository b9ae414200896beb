"""Helpers for processes, and for programs that may not be installed."""

import os
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
NODE = PROJECT / "tests/node"


def needs(there: object, what: str) -> None:
    """Skip the test unless `there` is true; fail in CI, where everything must be installed."""
    if not there:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs {what}")


def has_ended(pid: int) -> bool:
    """Whether no process has this pid, or only a zombie has it."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return state[:1] in ("", "Z")
