"""Presses Ctrl-C at random moments of `make demo`, and reports whatever is left over.

python -m tests.support.interrupted_demo 50            # with this checkout's .venv
python -m tests.support.interrupted_demo 50 --bare     # without .venv, so that most interruptions hit pip
"""

import argparse
import fcntl
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.ports import reserved_port
from tests.support.processes import ROOT
from tests.support.waiting import LIMIT_SECONDS, eventually

LATEST_SECONDS = 10.0  # the latest random moment
EXIT_LIMIT_SECONDS = 10.0


@dataclass(frozen=True)
class Interruption:
    """What one Ctrl-C did."""

    after_seconds: float
    exit_seconds: float
    leftovers: list[str]
    output: str

    def __str__(self) -> str:
        state = self.output.strip().splitlines()[-1:] or [""]
        left = "; ".join(self.leftovers) or "nothing left"
        return (
            f"Ctrl-C after {self.after_seconds:4.1f} s: ended in {self.exit_seconds:4.1f} s, {left}   ({state[0][:60]})"
        )


def after(seconds: float) -> Callable[[Path], bool]:
    """A condition that becomes true in this many seconds."""
    moment = time.monotonic() + seconds
    return lambda folder: time.monotonic() >= moment


def interrupt(is_time: Callable[[Path], bool], checkout: Path) -> Interruption:
    """Run `make demo`, press Ctrl-C once `is_time` is true of the demo's folder, and wait until the demo ends."""
    with tempfile.TemporaryDirectory() as name:
        folder, ports = Path(name) / "demo", [reserved_port(), reserved_port()]
        environ = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DYNO", "MAKEFLAGS")}
        environ |= {"PORT": str(ports[0]), "EXCHANGE_PORT": str(ports[1]), "DEMO_FOLDER": str(folder)}
        with (Path(name) / "output").open("w+") as output:
            process = subprocess.Popen(
                ["make", "demo"], cwd=checkout, env=environ, stdout=output, stderr=output, start_new_session=True
            )
            started = time.monotonic()
            eventually(lambda: is_time(folder))
            began = time.monotonic()
            os.killpg(process.pid, signal.SIGINT)  # as a terminal signals its foreground processes
            process.wait(LIMIT_SECONDS)
            exit_seconds = time.monotonic() - began
            output.seek(0)
            return Interruption(began - started, exit_seconds, list(_find_leftovers(folder, ports)), output.read())


def _find_leftovers(folder: Path, ports: list[int]) -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"DEMO_FOLDER={folder}\0".encode() in (path / "environ").read_bytes():
                yield f"process {path.name}: {(path / 'cmdline').read_text()[:80]!r}"
        except OSError:
            continue  # it has ended, or is another user's
    config = folder / "store.conf"
    store_port = re.search(r"^port (\d+)", config.read_text(), re.MULTILINE) if config.exists() else None
    for port in [*ports, *([int(store_port[1])] if store_port else [])]:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                yield f"port {port} is in use"
    yield from (f"{folder / name} exists" for name in ("environment", "supervisord.pid") if (folder / name).exists())
    if folder.exists():
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield f"{folder} is locked"
        os.close(descriptor)


def copy_checkout(target: Path, is_bare: bool = False) -> Path:
    """Copy this checkout, which an interruption must not destroy, with a link to its .venv unless `is_bare`."""
    # With __pycache__: otherwise each process of the copy would compile everything.
    ignored = shutil.ignore_patterns(".git", ".venv", ".demo*", "node_modules", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, target, ignore=ignored)
    if not is_bare:
        link_environment(target)
    return target


def link_environment(checkout: Path) -> None:
    """Replace the copy's .venv, if there is one, with a link to this checkout's."""
    link = checkout / ".venv"
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
    link.symlink_to((ROOT / ".venv").resolve())


def main() -> int:
    """Return 0 if no interruption left anything behind and each exit took at most EXIT_LIMIT_SECONDS."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("times", type=int)
    parser.add_argument("--bare", action="store_true", help="install from the beginning each time")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = parser.parse_args()
    moments, failures = random.Random(options.seed), 0
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        checkout = copy_checkout(Path(name) / "checkout", options.bare)
        for _ in range(options.times):
            if options.bare:
                shutil.rmtree(checkout / ".venv", ignore_errors=True)
            result = interrupt(after(moments.uniform(0, LATEST_SECONDS)), checkout)
            is_failure = bool(result.leftovers) or result.exit_seconds > EXIT_LIMIT_SECONDS
            failures += is_failure
            print(f"{'FAILED ' if is_failure else ''}{result}", flush=True)
    print(f"{options.times - failures} of {options.times} ended cleanly")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
