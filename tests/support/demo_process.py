"""`python -m scripts.demo`, its output and its processes."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.ports import reserved_port
from tests.support.processes import ROOT
from tests.support.waiting import LIMIT_SECONDS, eventually


class Demo:
    """scripts/demo.py in a process, on ports of its own."""

    def __init__(self, folder: Path, checkout: Path = ROOT, **more: str) -> None:
        self.web_port, self.exchange_port = reserved_port(), reserved_port()
        self.output, self.folder = folder / "output", folder / "demo"
        environ = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DYNO")}
        environ |= {
            "PORT": str(self.web_port),
            "EXCHANGE_PORT": str(self.exchange_port),
            "DEMO_FOLDER": str(self.folder),
            **more,
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scripts.demo"], cwd=checkout, env=environ, stdout=output, stderr=output
            )

    def says(self, pattern: str) -> re.Match[str]:
        def found() -> re.Match[str] | None:
            return re.search(pattern, self.output.read_text(), re.MULTILINE)

        return eventually(found, lambda: f"{pattern!r} in:\n{self.output.read_text()}")

    def processes(self) -> dict[int, str]:
        """The command lines of the demo's descendant processes, keyed by pid."""
        rows = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
        parsed = [row.split(None, 2) for row in rows.splitlines()[1:]]
        family, grown = {self.process.pid}, True
        while grown:
            children = {int(pid) for pid, parent, *_ in parsed if int(parent) in family}
            grown = not children <= family
            family |= children
        return {int(pid): rest[0] for pid, _, *rest in parsed if int(pid) in family - {self.process.pid} and rest}

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(LIMIT_SECONDS)
