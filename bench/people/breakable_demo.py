"""The demo, with a primary and a replica behind a TCP switch as its store, so that each part can be made to fail."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import redis

from bench.load_generator import ROOT
from scripts.demo_store import PERSISTENCE, find_program
from scripts.supervision.processes import returns_200
from tests.support.ports import reserved_port
from tests.support.processes import descendants
from tests.support.tcp_switch import TcpSwitch
from tests.support.waiting import eventually

# The modules that the demo's processes run. The worker's supervisor starts the process that runs the jobs.
MODULES = {"web": "gunicorn", "worker process": "worker", "supervisor": "workers"}
OPEN_KEYS = ("pending-answers:open", "pending-answers:unheard", "outbox:waiting", "outbox:due")


class BreakableDemo:
    """The processes. supervisord restarts the demo's; the stores are restarted by the faults that stop them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = [reserved_port(), reserved_port()]
        self.stores = [self.start_store(0), self.start_store(1)]
        self.switch = TcpSwitch(self.ports[0])
        web, exchange = reserved_port(), reserved_port()
        self.web, self.exchange = f"http://127.0.0.1:{web}", f"http://127.0.0.1:{exchange}"
        environ = os.environ | {
            "REDIS_URL": f"redis://127.0.0.1:{self.switch.port}",
            "DEMO_FOLDER": str(folder / "demo"),
        }
        environ |= {"PORT": str(web), "EXCHANGE_PORT": str(exchange)}
        with (folder / "demo.log").open("wb") as log:
            self.demo = subprocess.Popen(
                [sys.executable, "-m", "scripts.demo"], cwd=ROOT, env=environ, stdout=log, stderr=log
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until store, web and worker are up."""
        eventually(lambda: returns_200(f"{self.web}/health/ready"), "the demo is ready")

    def start_store(self, at: int) -> "subprocess.Popen[bytes]":
        """Start a store with the data in its append-only file."""
        folder = self.folder / f"store {at}"
        folder.mkdir(exist_ok=True)
        options = {"port": self.ports[at], "dir": folder, "save": "", **PERSISTENCE}
        command = [find_program(), "--bind", "127.0.0.1"]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def client(self, at: int = 0) -> redis.Redis:
        """A client connected directly to a store, bypassing the switch."""
        return redis.Redis(port=self.ports[at])

    def pids(self, part: str) -> list[int]:
        """The processes of one of MODULES."""
        found = []
        for pid in descendants(self.demo.pid):
            with contextlib.suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") + " "
                if f" -m {MODULES[part]} " in command:
                    found.append(pid)
        return found

    def signal(self, part: str, number: signal.Signals) -> None:
        """Send a signal to the first process of a part; SIGKILL goes to all processes of the part."""
        pids = self.pids(part)
        for pid in pids if number == signal.SIGKILL else pids[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def wait_until_calm(self, seconds: float) -> None:
        """Wait until nothing is pending in the store, but no longer than `seconds`."""
        until = time.monotonic() + seconds
        with self.client() as client:
            while time.monotonic() < until and any(map(client.zcard, OPEN_KEYS)):
                time.sleep(0.5)

    def stop(self) -> None:
        """Stop everything."""
        self.demo.send_signal(signal.SIGINT)
        self.demo.wait(60)
        for store in self.stores:
            store.kill()
            store.wait()
        self.switch.close()
